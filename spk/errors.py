"""Every error as its reader needs it: problem+json for programs, a page or a fragment for people."""

import logging

from flask import Flask, Response, make_response, render_template, request
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
from spk.paths import is_for_programs, is_gate
from spk.request_state import request_state

WORDS = {
    400: "This request can’t be read. Go back, reload the page and try again.",
    403: "You’re not allowed to do this.",
    404: "There’s nothing at this address.",
    405: "This address doesn’t take that method.",
    411: "This request doesn’t say how long it is: send Content-Length.",
    413: f"This is too much at once. Send at most {MAX_BODY // 1024} kB.",
    429: "Too many attempts. Wait a minute and try again.",
    500: "Something went wrong on the server.",
    503: "The database can’t be reached right now. Try again in a moment.",
}
# Where pages show messages, by their paths; a public page that could not renew itself says nothing.
MESSAGE_PLACES = {"/user/security": "#key-status", "/user/pages": "#component-status"}
_log = logging.getLogger("spk")


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(CSRFError, _csrf_failed)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(PlanRequired, _plan_required)
    app.register_error_handler(SQLAlchemyError, _database_failed)
    app.register_error_handler(StorageError, _not_counted)


def answer(error: HTTPException) -> ResponseReturnValue:
    state = request_state()
    state.refusal = state.refusal or error_code(error)
    if is_gate(request.path):
        return _with_headers_of(error, verify.refusal(error))
    status = error.code or 500
    is_custom = error.description != type(error).description
    message = str(error.description if is_custom else WORDS.get(status, error.name))
    if is_for_programs(request.path):
        return _with_headers_of(error, problem(error, message))
    if "HX-Request" in request.headers:
        response = make_response(render_template("_message.html", message=message), status)
        response.headers.update(_where_to_show())
    else:
        response = make_response(render_template("error.html", status=status, message=message), status)
    return _with_headers_of(error, response)


def _where_to_show() -> dict[str, str]:
    """Tell htmx where a message goes."""
    for path, place in MESSAGE_PLACES.items():
        if request.path.startswith(path):
            return {"HX-Retarget": place, "HX-Reswap": "innerHTML"}
    return {"HX-Reswap": "none"}


def _with_headers_of(error: HTTPException, response: Response) -> Response:
    """Keep what belongs to the status: Allow of a 405, Retry-After of a 429 or 503."""
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _csrf_failed(error: CSRFError) -> ResponseReturnValue:
    _log.info("CSRF check failed: %s", error.description)
    if "does not match" in str(error.description):
        return answer(BadRequest("A proxy on the way has changed the Host: spk’s operator can mend that."))
    if "referrer" in str(error.description):
        return answer(BadRequest("Your browser hides which page sent this form (the Referer)."))
    return answer(BadRequest("This page was open too long. Reload it and try again."))


def _plan_required(refusal: PlanRequired) -> ResponseReturnValue:
    """Answer a person; the API has answered a program before it comes here."""
    return answer(Forbidden(str(refusal)))


def _wrong_host(error: SecurityError) -> ResponseReturnValue:
    """Answer in plain text: for a host that isn't ours no URL can be built, so no page."""
    text = "spk isn’t set up for this address. Its operator sets the right one with SPK_BASE_URL."
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
