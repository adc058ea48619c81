"""JSON for programs: a bearer token and no cookie."""

from flask import Flask

from spk.api import whoami


def init_app(app: Flask) -> None:
    for resource in (whoami,):
        app.register_blueprint(resource.bp, url_prefix="/api/v1")
