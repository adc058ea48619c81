"""The two views that are compared."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_api_key.permissions import HasAPIKey


class Bare(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class Key(APIView):
    permission_classes = (HasAPIKey,)

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [path("bare", Bare.as_view()), path("key", Key.as_view())]
