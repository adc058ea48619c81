"""The gate: a proxy asks here whether a bearer token may pass."""

import string
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from spk.api.auth import ApiBlueprint, current_caller
from spk.paths import GATE, is_gate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REFUSALS = (401, 403, 404, 405, 429)
AS_IT_IS = string.punctuation.replace("%", "")


class Empty(Response):
    """An answer of which a proxy reads status and headers."""

    default_mimetype = None


bp = ApiBlueprint("verify", __name__, feature="api_access")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.wsgi_app = by_any_name(app.wsgi_app)  # type: ignore[method-assign,assignment]  # the way Flask documents


def by_any_name(app: "WSGIApplication") -> "WSGIApplication":
    """Answer under any host name, the proxy’s or its client’s: the answer holds no address."""

    def run(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_gate(environ["PATH_INFO"]):
            environ["HTTP_HOST"] = "localhost"
            environ.pop("HTTP_X_FORWARDED_HOST", None)
        return app(environ, start_response)

    return run


# OPTIONS isn't answered by Flask: to a proxy that asks with the method it got, any 2xx opens the door.
@bp.get(GATE, provide_automatic_options=False)
def verify() -> ResponseReturnValue:
    """Say whose key it is, in headers that are always all set, so that none of a client's own is left."""
    caller = current_caller()
    return Empty(
        status=204,
        headers={
            "X-Auth-User-Id": str(caller.user_id),
            "X-Auth-User-Email": quote(caller.email, safe=AS_IT_IS),
            "X-Auth-Key-Prefix": caller.prefix,
            "X-Auth-Key-Name": quote(caller.key_name, safe=""),
            "X-Auth-Plan": quote(caller.plan.name, safe=AS_IT_IS),
        },
    )


def refusal(error: HTTPException) -> Response:
    """An empty answer with a status that proxies know; what can’t be decided is 503."""
    status = 401 if error.code == 400 else error.code
    return Empty(status=status if status in REFUSALS else 503)
