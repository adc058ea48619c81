"""The body limit of every request and the security headers of every response."""

import secrets

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    LengthRequired,
    NotFound,
    RequestEntityTooLarge,
)

from spk.paths import is_inside, is_public_data
from spk.request_state import request_state

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # for forms from browsers that send no Origin
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
CSP = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors {ancestors}; require-trusted-types-for 'script'; trusted-types htmx"
)


SMALL_BODY = 16 * 1024  # bytes: the longest names and passwords, each character escaped
MAX_FIELDS = 1_000  # of a form


def init_app(app: Flask) -> None:
    app.before_request(_check_path)
    app.before_request(_check_body)
    app.after_request(_add_headers)
    app.after_request(_allow_cross_origin)  # before it, as Flask runs the last one first
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce of this response, which marks spk’s own scripts and htmx attributes."""
    state = request_state()
    state.csp_nonce = state.csp_nonce or secrets.token_urlsafe(16)
    return state.csp_nonce


def content_security_policy() -> str:
    """The policy of this response, with the nonce if the page has used it."""
    state = request_state()
    nonce = f" 'nonce-{state.csp_nonce}'" if state.csp_nonce else ""
    return CSP.format(nonce=nonce, ancestors=" ".join(state.frame_origins) or "'none'")


def _check_path() -> None:
    """Know what proxies keep inside by one name: to Werkzeug //metrics is /metrics, to their rules not."""
    if request.environ["PATH_INFO"].startswith("//") and is_inside(request.path):
        raise NotFound


def _check_body() -> None:
    """Refuse a body that is too large, or of unknown length, which Flask would silently discard."""
    length = request.content_length
    if length is None and "Transfer-Encoding" in request.headers:
        raise LengthRequired
    if length:
        most = _max_body()
        if length > most:
            raise RequestEntityTooLarge(f"This is too much at once. Send at most {most // 1024} kB.")
        try:
            body = request.get_data()  # now, because a slow client must not keep a transaction open
        except ClientDisconnected:
            raise BadRequest("The body is shorter than Content-Length says.") from None
        is_form = request.mimetype == "application/x-www-form-urlencoded"
        if is_form and body.count(b"&") >= MAX_FIELDS:
            raise RequestEntityTooLarge(f"This is too much at once. Send at most {MAX_FIELDS:,} fields.")


def _max_body() -> int:
    """How many bytes a body may have here; strangers need to send very little."""
    is_small = request.blueprint == "account" or request.path.startswith(("/user/security", "/user/confirm"))
    limit: int = current_app.config["MAX_CONTENT_LENGTH"]
    return SMALL_BODY if is_small else limit


def _allow_cross_origin(response: Response) -> Response:
    """Let the pages of other sites read what is public, and send whatever headers they do (Fetch, 3.2)."""
    if is_public_data(request.path):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Link"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
            wanted = request.headers.get("Access-Control-Request-Headers", "*")
            response.headers["Access-Control-Allow-Headers"] = wanted
            response.headers["Access-Control-Max-Age"] = "86400"  # s
    return response


def _add_headers(response: Response) -> Response:
    policy = {"Content-Security-Policy": content_security_policy(), "Cache-Control": "no-store"}
    present = {name.lower() for name, _ in response.headers}  # setdefault would search all headers each time
    if request_state().frame_origins:
        present.add("x-frame-options")  # which knows no origins
    for name, value in (HEADERS | policy).items():
        if name.lower() not in present:
            response.headers.add(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"  # on http, browsers log a warning
    return response
