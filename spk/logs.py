"""JSON log lines on stderr: a request id in each, never a token in any."""

import logging
import time

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

from spk.models.accounts import token
from spk.request_state import request_state

_access = logging.getLogger("spk.access")


class Formatter(JsonFormatter):
    """Truncates every token to its prefix in the finished line, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}", style="{", timestamp=True, rename_fields={"levelname": "level"}
        )

    def format(self, record: logging.LogRecord) -> str:
        if has_request_context():
            record.request_id = request_state().id if "request_state" in g else None
        return token.shorten(super().format(record))


def configure() -> None:
    """Log to stderr; called by the server process, not by the application."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it would log each check of the migrations
    logging.getLogger("fido2").setLevel(logging.WARNING)  # it would log the ids of passkeys
    logging.captureWarnings(capture=True)


def init_app(app: Flask) -> None:
    app.after_request(_log_request)


def _log_request(response: Response) -> Response:
    """Log the path without its query, where people put secrets."""
    state = request_state()
    response.headers["X-Request-ID"] = state.id
    _access.info(
        "request",
        extra={
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - state.started) * 1000, 1),
            "address": request.remote_addr,
        },
    )
    return response
