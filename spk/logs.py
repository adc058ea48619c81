"""JSON log lines on stderr: a request id in each, never a token in any."""

import json
import logging
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request
from pydantic_core import PydanticSerializationError, to_json

from spk.models.accounts import token
from spk.request_state import request_state

OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_access = logging.getLogger("spk.access")


class Formatter(logging.Formatter):
    """Writes JSON, and truncates every token to its prefix in the finished line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "level": record.levelname,
            "name": record.name,
            "message": record.getMessage(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if has_request_context():
            line["request_id"] = request_state().id if "request_state" in g else None
        line |= {name: value for name, value in vars(record).items() if name not in OF_EVERY_RECORD}
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack_info"] = record.stack_info
        return token.shorten(_as_json(line))


def _as_json(line: dict[str, object]) -> str:
    try:
        return to_json(line, fallback=repr, ensure_ascii=True).decode()
    except PydanticSerializationError:  # of bytes, or of half a character, which is no UTF-8
        return json.dumps(line, default=repr, skipkeys=True)


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
    fields = {
        "method": request.method,
        "path": request.path,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - state.started) * 1000, 1),
        "address": request.remote_addr,
        "key": state.key.prefix if state.key else None,
    }
    if _access.isEnabledFor(logging.INFO):  # as info() does, which looks for the line that called it, too
        record = _access.makeRecord(_access.name, logging.INFO, "", 0, "request", (), None, extra=fields)
        _access.handle(record)
    return response
