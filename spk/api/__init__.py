"""JSON for programs: a bearer token and no cookie."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from spk.api import (
    component_groups,
    components,
    credentials,
    incidents,
    openapi,
    pages,
    public,
    uptime,
    whoami,
)
from spk.paths import API

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def init_app(app: Flask) -> None:
    for resource in (whoami, pages, components, component_groups, uptime, incidents, credentials):
        app.register_blueprint(resource.bp, url_prefix=API)
    for resource in (public, openapi):
        app.register_blueprint(resource.bp)
    app.wsgi_app = strip_json_suffix(app.wsgi_app)  # type: ignore[method-assign,assignment]  # the way Flask documents


def strip_json_suffix(app: "WSGIApplication") -> "WSGIApplication":
    """Ignore .json at the end of a path, where published Statuspage clients put it."""

    def run(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(f"{API}/"):
            environ["PATH_INFO"] = environ["PATH_INFO"].removesuffix(".json")
        return app(environ, start_response)

    return run
