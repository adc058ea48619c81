"""What every request must respect and every response carries."""

import secrets

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import LengthRequired, NotFound, RequestEntityTooLarge

from spk.paths import is_inside
from spk.request_state import request_state

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # Flask-WTF compares the Referer on https
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
CSP = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)


def init_app(app: Flask) -> None:
    app.before_request(_check_path)
    app.before_request(_check_body)
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce of this response: scripts and htmx attributes that carry it are ours."""
    state = request_state()
    state.csp_nonce = state.csp_nonce or secrets.token_urlsafe(16)
    return state.csp_nonce


def content_security_policy() -> str:
    """The policy of this response, with the nonce where a page has used it."""
    nonce = request_state().csp_nonce
    return CSP.format(nonce=f" 'nonce-{nonce}'" if nonce else "")


def share(response: Response) -> Response:
    """Let other sites read this."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def publish(response: Response) -> Response:
    """Let other sites read this, and everybody keep it for 15 seconds; 304 where they have it still."""
    share(response)
    response.headers["Cache-Control"] = "public, max-age=15"
    response.add_etag()
    response.make_conditional(request)
    return response


def _check_path() -> None:
    """Know what proxies keep inside by one name: to Werkzeug //metrics is /metrics, to their rules not."""
    if request.environ["PATH_INFO"].startswith("//") and is_inside(request.path):
        raise NotFound


def _check_body() -> None:
    """Refuse a body too large, or of unknown length, which Flask would silently cut."""
    length = request.content_length
    if length is None and "Transfer-Encoding" in request.headers:
        raise LengthRequired
    if length:
        if request.max_content_length and length > request.max_content_length:
            raise RequestEntityTooLarge
        request.get_data()  # whole, now: a slow sender must not hold a transaction open


def _add_headers(response: Response) -> Response:
    policy = {"Content-Security-Policy": content_security_policy(), "Cache-Control": "no-store"}
    present = {name.lower() for name, _ in response.headers}  # setdefault would search them each time
    for name, value in (HEADERS | policy).items():
        if name.lower() not in present:
            response.headers.add(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"  # on http browsers complain
    return response
