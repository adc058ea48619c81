"""Where a request may carry its token (RFC 6750, section 2), and the refusals of any other place."""

import re

from flask import request

from spk.api.problem import Problem

REALM = 'Bearer realm="spk"'
QUERY_PARAMETERS = ("access_token", "api_key")
# OAuth is an alias: published Statuspage clients hard-code it.
_SCHEME = re.compile(r"(^|,)\s*(bearer|oauth)\b", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?i:bearer|oauth) +([A-Za-z0-9\-._~+/]+=*) *")  # RFC 6750, 2.1


def bearer_token(*, takes_api_key_header: bool = True) -> str:
    """The token in the Authorization header, or in X-API-Key where that is taken; raises Problem."""
    # Each access to `request` costs as much as the rest of this function.
    environ: dict[str, str] = request.environ
    if environ.get("QUERY_STRING") and any(name in request.args for name in QUERY_PARAMETERS):
        raise _invalid_request("Send the token in the Authorization header; in a URL it ends up in logs.")
    header = environ.get("HTTP_AUTHORIZATION")
    api_key = environ.get("HTTP_X_API_KEY") if takes_api_key_header else None
    if header and (credentials := _CREDENTIALS.fullmatch(header)):
        if api_key not in (None, credentials[1]):
            raise _invalid_request("Authorization and X-API-Key have different tokens. Send one of them.")
        return credentials[1]
    if header is None or (header and not _SCHEME.search(header)):
        if api_key:
            return api_key
        detail = "This needs an API key: send it as “Authorization: Bearer spk_…”."
        raise Problem(401, "credentials_required", detail, REALM)
    raise _invalid_request("Send one Authorization header: “Bearer”, one space and the token.")


def _invalid_request(detail: str) -> Problem:
    return Problem(400, "invalid_request", detail, f'{REALM}, error="invalid_request"')
