"""The gate: a proxy asks here whether a bearer token may pass."""

import string
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from spk.api.auth import ApiBlueprint, current_caller
from spk.api.bearer import authorization_token, credentials_required
from spk.models.accounts import scope
from spk.models.refusal import InvalidValue
from spk.paths import GATE, HEALTH, READY, is_gate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BASIC = 'Basic realm="spk", charset="UTF-8"'
PROXY_STATUSES = (401, 403, 404, 405, 429)
SAFE_CHARACTERS = string.punctuation.replace("%", "")


class EmptyResponse(Response):
    """A response without a body, as a proxy reads only status and headers."""

    default_mimetype = None


class GateBlueprint(ApiBlueprint):
    """Asks for the scope of the audience that the proxy names.

    A program’s own X-API-Key is none of ours, nor is a query, which some proxies pass on.
    """

    def read_token(self) -> str:
        token = (password() if takes_basic() else None) or authorization_token(request.environ)
        if token:
            return token
        raise credentials_required(request.environ)

    def needed_scopes(self) -> list[str]:
        try:
            return [scope.for_audience(option("audience"))]
        except InvalidValue as refusal:
            raise ServiceUnavailable(str(refusal)) from None


def option(name: str) -> str | None:
    """What a proxy says about the program that it guards; raises ServiceUnavailable if it says two things."""
    given = request.args.getlist(name)
    if len(given) > 1:
        raise ServiceUnavailable(f"A proxy must say “{name}” once.")
    return given[0] if given else None


def takes_basic() -> bool:
    """Whether a token may be the password of Basic (RFC 7617), for programs that know nothing else."""
    return option("basic") == "1"


def password() -> str | None:
    """The password in an Authorization header of Basic, None if there is none."""
    try:
        given = request.authorization
    except ValueError:  # in Werkzeug, of what is not ASCII
        return None
    return given.password if given and given.type == "basic" else None


bp = GateBlueprint("verify", __name__, feature="api_access")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.wsgi_app = ignore_host(app.wsgi_app)  # type: ignore[method-assign,assignment]  # the way Flask documents


def ignore_host(app: "WSGIApplication") -> "WSGIApplication":
    """Accept any host name at the gate and for health checks, whose responses contain no URL.

    A proxy may send its own name or its client’s, and an orchestrator asks by the address of a container.
    """

    def run(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_gate(environ["PATH_INFO"]) or environ["PATH_INFO"] in (HEALTH, READY):
            environ["HTTP_HOST"] = "localhost"
            environ.pop("HTTP_X_FORWARDED_HOST", None)
            environ.pop("HTTP_UPGRADE", None)  # Werkzeug would look for a WebSocket here
        return app(environ, start_response)

    return run


# No automatic OPTIONS: a proxy may pass on its client's method, and takes any 2xx for permission.
@bp.get(GATE, provide_automatic_options=False, strict_slashes=True)
def verify() -> ResponseReturnValue:
    """Identify the caller in headers, which are always all set, so that a client can’t supply its own."""
    caller = current_caller()
    return EmptyResponse(
        status=204,
        headers={
            "X-Auth-User-Id": str(caller.key.user_id),
            "X-Auth-User-Email": quote(caller.key.email, safe=SAFE_CHARACTERS),
            "X-Auth-Key-Prefix": caller.key.prefix,
            "X-Auth-Key-Name": quote(caller.key.name, safe=""),
            "X-Auth-Plan": quote(caller.plan.name, safe=SAFE_CHARACTERS),
        },
    )


@bp.after_request
def ask_for_password(response: Response) -> Response:
    """Where Basic is taken, say so: git sends no password before it is asked for one."""
    if response.status_code == 401 and takes_basic():
        response.headers["WWW-Authenticate"] = f"{BASIC}, {response.headers['WWW-Authenticate']}"
    return response


def refusal(error: HTTPException) -> Response:
    """An empty response with a status that proxies understand; any other error is a 503."""
    status = 401 if error.code == 400 else error.code
    return EmptyResponse(status=status if status in PROXY_STATUSES else 503)
