"""django-rest-knox."""

from rest import make

application = make(
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "knox",
    authentication="knox.auth.TokenAuthentication",
    permission="rest_framework.permissions.IsAuthenticated",
)
