"""Where a request may carry its token (RFC 6750, section 2), and the refusals of any other place."""

import re

from flask import request

from spk.api.problem import Problem
from spk.models.accounts.token_mistake import explain

REALM = 'Bearer realm="spk"'
QUERY_PARAMETERS = ("access_token", "api_key")
# OAuth is an alias: published Statuspage clients hard-code it.
_SCHEME = re.compile(r"(?:^|,)\s*(?:bearer|oauth)\b(.*)", re.IGNORECASE | re.DOTALL)
_CREDENTIALS = re.compile(r"(?i:bearer|oauth) +([A-Za-z0-9\-._~+/]+=*) *")  # RFC 6750, 2.1


def bearer_token() -> str:
    """The token in the Authorization header or in X-API-Key; raises Problem."""
    # Each access to `request` costs as much as the rest of this function.
    environ: dict[str, str] = request.environ
    if environ.get("QUERY_STRING") and any(name in request.args for name in QUERY_PARAMETERS):
        raise _invalid_request("Send the token in the Authorization header; in a URL it ends up in logs.")
    token, api_key = authorization_token(environ), environ.get("HTTP_X_API_KEY")
    if token and api_key not in (None, token):
        raise _invalid_request("Authorization and X-API-Key have different tokens. Send one of them.")
    if found := token or api_key:
        return found
    raise credentials_required(environ)


def authorization_token(environ: dict[str, str]) -> str | None:
    """The bearer token in the Authorization header, or None; raises Problem if it is malformed."""
    header = environ.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    if credentials := _CREDENTIALS.fullmatch(header):
        return credentials[1]
    scheme = _SCHEME.search(header)
    if header and not scheme:
        return None
    detail = "Send one Authorization header: “Bearer”, one space and the token."
    raise _invalid_request(f"{detail} {explain(scheme[1] if scheme else '')}".rstrip())


def credentials_required(environ: dict[str, str]) -> Problem:
    """The refusal of a request without a token, or with one where “Bearer” is missing."""
    detail = "This needs an API key: send it as “Authorization: Bearer spk_…”."
    header = environ.get("HTTP_AUTHORIZATION", "")
    if "spk_" in header.lower():
        value = re.sub(r"^\w+ +", "", header)
        detail += f" {explain(value) or 'The word before the token is “Bearer”.'}"
    elif "HTTP_X_API_KEY" in environ:
        detail += f" X-API-Key: {explain('')}"
    return Problem(401, "credentials_required", detail, REALM)


def _invalid_request(detail: str) -> Problem:
    return Problem(400, "invalid_request", detail, f'{REALM}, error="invalid_request"')
