"""What the peers on Django REST framework share: production settings and the two views that are compared."""

import logging
import os
import secrets
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

urlpatterns: list[object] = []


def make(*apps: str, authentication: str | None, permission: str) -> WSGIHandler:
    """The WSGI application, with nothing that an API request doesn't need."""
    logging.disable()
    settings.configure(
        SECRET_KEY=secrets.token_hex(),  # nothing here is signed
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_I18N=False,
        LOGGING_CONFIG=None,
        MIDDLEWARE=[],
        ROOT_URLCONF=sys.modules[__name__],
        INSTALLED_APPS=[*apps, "rest_framework"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(os.environ["PEER_DATA"]) / "peer.sqlite3",
                "CONN_MAX_AGE": None,
                "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        REST_FRAMEWORK={
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
            **({} if authentication else {"UNAUTHENTICATED_USER": None}),
        },
    )
    django.setup()
    add_views([import_string(authentication)] if authentication else [], import_string(permission))
    return get_wsgi_application()


def add_views(authentication: list[type], permission: type) -> None:
    """Once Django is set up, as REST framework wants it."""
    from django.urls import path
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class Bare(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request: Request) -> Response:
            return Response({"ok": True})

    class Key(Bare):
        authentication_classes = authentication
        permission_classes = (permission,)

    urlpatterns.extend([path("bare", Bare.as_view()), path("key", Key.as_view())])
