"""Production settings with nothing that an API request does not need."""

import os
import secrets
from pathlib import Path

SECRET_KEY = secrets.token_hex()  # nothing here is signed
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_I18N = False
LOGGING_CONFIG = None
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["rest_framework", "rest_framework_api_key"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["PEER_DATA"]) / "peer.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
