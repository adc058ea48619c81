"""djangorestframework-api-key, which knows no users."""

from rest import make

application = make(
    "rest_framework_api_key",
    authentication=None,
    permission="rest_framework_api_key.permissions.HasAPIKey",
)
