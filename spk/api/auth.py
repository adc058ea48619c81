"""The hook that authenticates API requests: a valid key, and a plan that includes the feature."""

import re

from flask import Blueprint, Response, current_app, request
from limits import RateLimitItemPerMinute

from spk import rate_limit
from spk.api.problem import Problem
from spk.models.accounts.caller import Caller, InvalidToken
from spk.models.refusal import PlanRequired
from spk.request_state import request_state

REALM = 'Bearer realm="spk"'
QUERY_PARAMETERS = ("access_token", "api_key")
# OAuth is an alias: published Statuspage clients hard-code it.
_SCHEME = re.compile(r"(^|,)\s*(bearer|oauth)\b", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?i:bearer|oauth) +([A-Za-z0-9\-._~+/]+=*) *")  # RFC 6750, 2.1


class ApiBlueprint(Blueprint):
    """Views that need a key whose owner’s plan has `feature`; its hooks run after the application’s."""

    def __init__(self, name: str, import_name: str, *, feature: str) -> None:
        super().__init__(name, import_name)
        self.feature = feature
        self.before_request(self._authenticate)
        self.after_request(_touch)

    def _authenticate(self) -> None:
        caller = authenticate()
        for feature in ("api_access", self.feature):
            if not caller.plan.has(feature):
                raise plan_required(PlanRequired(feature))
        if caller.plan.requests_per_minute is not None:
            rate_limit.hit(RateLimitItemPerMinute(caller.plan.requests_per_minute), "key", str(caller.key_id))
        request_state().caller = caller


def current_caller() -> Caller:
    """The caller of this request, whom the hook has authenticated."""
    caller = request_state().caller
    if caller is None:
        raise RuntimeError("Only a view of an ApiBlueprint has a caller.")
    return caller


def plan_required(refusal: PlanRequired) -> Problem:
    detail = f"{refusal} The plan of this key’s owner decides ({refusal.feature})."
    return Problem(403, "plan_required", detail, f'{REALM}, error="insufficient_scope"')


def key_ended() -> Problem:
    """The refusal of a key that was ended while its request waited."""
    detail = "This key was revoked or its owner disabled just now. Nothing was changed."
    return Problem(401, "invalid_token", detail, f'{REALM}, error="invalid_token"')


def authenticate() -> Caller:
    """The caller of this request; raises Problem (RFC 6750, section 3.1)."""
    try:
        return Caller.authenticate(bearer_token())
    except InvalidToken as error:
        if error.reason == "unknown":
            # Counted once it has failed, so that nobody's tries lock the owner of a key out.
            limit, who = current_app.config["FAILURE_LIMIT"], rate_limit.client_address()
            rate_limit.hit(limit, "failures", who)
        request_state().refusal = error.reason
        raise Problem(401, "invalid_token", str(error), f'{REALM}, error="invalid_token"') from error


def bearer_token() -> str:
    """The token in the Authorization header, the only place where it is accepted; raises Problem."""
    environ = request.environ  # each access to `request` costs as much as the rest of this function
    if environ.get("QUERY_STRING") and any(name in request.args for name in QUERY_PARAMETERS):
        raise _invalid_request("Send the token in the Authorization header; in a URL it ends up in logs.")
    header = environ.get("HTTP_AUTHORIZATION")
    if header and (credentials := _CREDENTIALS.fullmatch(header)):
        return credentials[1]
    if header is None or (header and not _SCHEME.search(header)):
        detail = "This needs an API key: send it as “Authorization: Bearer spk_…”."
        raise Problem(401, "credentials_required", detail, REALM)
    raise _invalid_request("Send one Authorization header: “Bearer”, one space and the token.")


def _invalid_request(detail: str) -> Problem:
    return Problem(400, "invalid_request", detail, f'{REALM}, error="invalid_request"')


def _touch(response: Response) -> Response:
    """Record a successful use of the key."""
    caller = request_state().caller
    if caller and response.status_code < 400:
        caller.touch()
    return response
