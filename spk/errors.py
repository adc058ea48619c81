"""Error responses: problem+json for programs, a page or a fragment for people."""

import logging

from flask import Flask, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from limits.errors import StorageError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, SecurityError, ServiceUnavailable

from spk import verify
from spk.api.problem import error_code, problem
from spk.config import MAX_BODY
from spk.database_errors import is_unavailable
from spk.models.refusal import PlanRequired
from spk.models.text import shown
from spk.paths import is_for_programs, is_gate
from spk.request_state import request_state

MESSAGES = {
    400: "This request can’t be read. Go back, reload the page and try again.",
    403: "You’re not allowed to do this.",
    404: "There’s nothing at this address.",
    405: "This address doesn’t accept that method.",
    411: "This request doesn’t say how long it is: send Content-Length.",
    413: f"This is too much at once. Send at most {MAX_BODY // 1024} kB.",
    429: "Too many attempts. Wait a minute and try again.",
    500: "Something went wrong on the server.",
    503: "The database can’t be reached right now. Try again in a moment.",
}
# Where a page shows messages, by its path; a public page that couldn't refresh itself shows none.
MESSAGE_TARGETS = {"/user/security": "#key-status", "/user/pages": "#component-status"}
TYPED_FIELDS = ("name", "description", "body")
_log = logging.getLogger("spk")


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(CSRFError, _csrf_failed)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(PlanRequired, _plan_required)
    app.register_error_handler(SQLAlchemyError, _database_failed)
    app.register_error_handler(StorageError, _not_counted)


def answer(error: HTTPException, right_address: str = "") -> ResponseReturnValue:
    state = request_state()
    state.refusal = state.refusal or error_code(error)
    if is_gate(request.path):
        return _with_headers_of(error, verify.refusal(error))
    status = error.code or 500
    is_custom = error.description != type(error).description
    message = str(error.description if is_custom else MESSAGES.get(status, error.name))
    if is_for_programs(request.path):
        return _with_headers_of(error, problem(error, message))
    if "HX-Request" in request.headers:
        response = make_response(render_template("_message.html", message=message), status)
        response.headers.update(_htmx_headers())
    else:
        context = {"message": message, "typed": _typed_text(), "right_address": right_address}
        response = make_response(render_template("error.html", status=status, **context), status)
    return _with_headers_of(error, response)


def _htmx_headers() -> dict[str, str]:
    """Headers that tell htmx where to show the message."""
    for path, target in MESSAGE_TARGETS.items():
        if request.path.startswith(path):
            return {"HX-Retarget": target, "HX-Reswap": "innerHTML"}
    return {"HX-Reswap": "none"}


def _typed_text() -> list[str]:
    """The longer texts of the form that was refused, so that nobody has to write them again."""
    if request.method != "POST" or request.blueprint != "user":
        return []
    try:
        fields = request.form.items()
    except HTTPException:  # it is what was refused
        return []
    return [text for name, text in fields if name in TYPED_FIELDS and text.strip()]


def _with_headers_of(error: HTTPException, response: Response) -> Response:
    """Keep the error’s own headers: Allow of a 405, Retry-After of a 429 or 503."""
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _csrf_failed(error: CSRFError) -> ResponseReturnValue:
    _log.info("CSRF check failed: %s", error.description)
    config, origin = current_app.config, request.headers.get("Origin", "").lower()
    if origin not in ("", config["BASE_URL"]) and config["SESSION_COOKIE_NAME"] not in request.cookies:
        # A browser drops a Secure cookie on plain http, without a word.
        _log.warning("a form came from %s, but SPK_BASE_URL is %s", shown(origin), config["BASE_URL"])
        refusal = BadRequest(f"spk is set up for {config['BASE_URL']}, and this works only there.")
        return answer(refusal, config["BASE_URL"] + request.full_path.removesuffix("?"))
    return answer(BadRequest("This page was open too long. Reload it and try again."))


def _plan_required(refusal: PlanRequired) -> ResponseReturnValue:
    """Answer a person; the API handles this exception itself."""
    return answer(Forbidden(str(refusal)))


def _wrong_host(error: SecurityError) -> ResponseReturnValue:
    """Answer in plain text, because a page needs URLs, which can’t be built for an unknown host."""
    text = "spk isn’t set up for this address. Its operator can set the right one with SPK_BASE_URL."
    if is_for_programs(request.path):
        return problem(error, text)
    return Response(f"{text}\n", 400, content_type="text/plain; charset=utf-8")


def _database_failed(error: SQLAlchemyError) -> ResponseReturnValue:
    if not is_unavailable(error):
        raise error  # a mistake of ours, which Flask logs with its traceback and answers with 500
    return _unavailable(error)


def _not_counted(error: StorageError) -> ResponseReturnValue:
    return _unavailable(error, "Requests can’t be counted right now. Try again in a moment.")


def _unavailable(error: Exception, words: str | None = None) -> ResponseReturnValue:
    _log.error("can’t decide: %s", error, exc_info=error)
    return answer(ServiceUnavailable(words, retry_after=5))
