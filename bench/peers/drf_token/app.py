"""Django REST framework's own tokens."""

from rest import make

application = make(
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework.authtoken",
    authentication="rest_framework.authentication.TokenAuthentication",
    permission="rest_framework.permissions.IsAuthenticated",
)
