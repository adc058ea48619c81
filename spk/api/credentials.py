"""Reports of tokens that were found in the open, in the form that GitHub has for its own."""

from typing import Annotated

from flask import Blueprint, Response, request
from limits import RateLimitItemPerMinute
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from spk import rate_limit
from spk.api.body import read_body
from spk.db import reading, writing
from spk.models.accounts.leak import find_leaked, revoke_leaked
from spk.models.accounts.origin import Origin, acting

bp = Blueprint("credentials", __name__)
LIMIT = RateLimitItemPerMinute(60)  # reports, for each address


class Report(TypedDict):
    """Tokens that somebody has found."""

    credentials: Annotated[list[str], Field(max_length=1_000)]


REPORT = TypeAdapter(Report)


@bp.post("/credentials/revoke")
def revoke_credentials() -> Response:
    """Revoke the keys with these tokens; the answer tells nobody which of them worked."""
    rate_limit.hit(LIMIT, "reports", rate_limit.client_address())
    tokens = read_body(REPORT, "report")["credentials"]
    with reading():
        found = find_leaked(tokens)
    if found:
        with acting(Origin("api", request.remote_addr)), writing(urgent=True):
            revoke_leaked(found, request.remote_addr)
    return Response("{}", 202, mimetype="application/json")
