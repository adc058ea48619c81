"""The hook that authenticates API requests: a valid key, and a plan that includes the feature."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, request
from limits import RateLimitItemPerMinute
from werkzeug.http import http_date

from spk import rate_limit
from spk.api.bearer import REALM, bearer_token
from spk.api.problem import Problem
from spk.models.accounts.caller import Caller, InvalidToken
from spk.models.accounts.key_use import Refused
from spk.models.accounts.use_counter import key_uses
from spk.models.refusal import PlanRequired
from spk.paths import SAFE_METHODS
from spk.request_state import request_state


class ApiBlueprint(Blueprint):
    """Views that need a key with a scope for one of the `resources`, whose owner’s plan has `feature`.

    Reading needs `…:read`, everything else `…:write`. Its hooks run after the application’s.
    """

    def __init__(self, name: str, import_name: str, *, feature: str, resources: tuple[str, ...] = ()) -> None:
        super().__init__(name, import_name)
        self.feature = feature
        self.scopes = {verb: [f"{resource}:{verb}" for resource in resources] for verb in ("read", "write")}
        self.before_request(self._authenticate)
        self.after_request(_note_use)

    def needed_scopes(self) -> list[str]:
        """The scopes one of which this request needs; none if any key will do."""
        return self.scopes[action()]

    def read_token(self) -> str:
        """The token of this request; raises Problem."""
        return bearer_token()

    def _authenticate(self) -> None:
        caller = authenticate(self.read_token())
        state = request_state()
        state.key = caller.key
        if caller.key.networks is not None and not caller.may_come_from(request.remote_addr):
            _count_failure()  # not for the key, or whoever has stolen it could use up what its owner may ask
            raise _address_not_allowed(caller)
        if caller.plan.requests_per_minute is not None:
            limit = RateLimitItemPerMinute(caller.plan.requests_per_minute)
            rate_limit.hit(limit, "key", str(caller.key.id))
        for feature in ("api_access", self.feature):
            if not caller.plan.has(feature):
                raise plan_required(PlanRequired(feature))
        _check_scope(caller, self.needed_scopes())
        state.caller = caller


def action() -> str:
    """What this request does, in the words of scopes."""
    return "read" if request.method in SAFE_METHODS else "write"


def current_caller() -> Caller:
    """The caller of this request, whom the hook has authenticated."""
    caller = request_state().caller
    if caller is None:
        raise RuntimeError("Only a view of an ApiBlueprint has a caller.")
    return caller


def require_scope(*scopes: str) -> None:
    """Refuse the request (RFC 6750, section 3.1) unless the key has one of these scopes, if any."""
    _check_scope(current_caller(), scopes)


def _check_scope(caller: Caller, scopes: Sequence[str]) -> None:
    if scopes and not any(map(caller.may, scopes)):
        needed = " or ".join(f"“{scope}”" for scope in scopes)
        raise Problem(
            403,
            "insufficient_scope",
            f"The key “{caller.key.name}” ({caller.key.prefix}…) doesn’t have the scope {needed}, which this "
            f"needs. Create a key that has it at {security_page()}.",
            f'{REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"',
        )


def require_all_pages() -> None:
    """Refuse a key that is for some pages only."""
    key = current_caller().key
    if key.page_ids is not None:
        detail = f"The key “{key.name}” ({key.prefix}…) is for some of your pages only, so it can’t add one."
        raise Problem(403, "insufficient_scope", detail, f'{REALM}, error="insufficient_scope"')


def _address_not_allowed(caller: Caller) -> Problem:
    seen = f"from {request.remote_addr}" if request.remote_addr else "without an address that is known"
    return Problem(
        403,
        "address_not_allowed",
        f"The key “{caller.key.name}” ({caller.key.prefix}…) may not be used {seen}. "
        f"Create one for this address at {security_page()}.",
        f'{REALM}, error="insufficient_scope", error_description="address_not_allowed"',
    )


def security_page() -> str:
    """Where people make keys."""
    return f"{current_app.config['BASE_URL']}/user/security"


def plan_required(refusal: PlanRequired) -> Problem:
    detail = f"{refusal} The plan of this key’s owner decides ({refusal.feature})."
    return Problem(403, "plan_required", detail, f'{REALM}, error="insufficient_scope"')


def key_ended() -> Problem:
    """The refusal of a key that was ended while its request waited."""
    detail = "This key was revoked or its owner disabled just now. Nothing was changed."
    return Problem(401, "invalid_token", detail, f'{REALM}, error="invalid_token"')


def authenticate(token: str) -> Caller:
    """The caller with this token; raises Problem (RFC 6750, section 3.1)."""
    try:
        return Caller.authenticate(token)
    except InvalidToken as error:
        request_state().key = error.key
        if error.reason == "unknown":
            # Counted once it has failed, so that nobody's tries lock the owner of a key out.
            _count_failure()
        request_state().refusal = error.reason
        raise Problem(401, "invalid_token", str(error), f'{REALM}, error="invalid_token"') from error


def _count_failure() -> None:
    rate_limit.hit(current_app.config["FAILURE_LIMIT"], "failures", rate_limit.client_address())


def _note_use(response: Response) -> Response:
    """Record what became of a request with a key, and say when the key ends."""
    state = request_state()
    key, status = state.key, response.status_code
    if key is None:
        return response
    if state.caller and status < 400:
        if state.caller.is_touch_due:
            state.caller.touch(request.remote_addr, request.headers.get("User-Agent", ""))
        key_uses().count_success(key.id)
    elif 400 <= status < 500:
        refused = Refused.now(status, state.refusal, request.path, request.remote_addr)
        key_uses().count_refusal(key.id, refused)
    if end := key.ends_at:
        response.headers["Spk-Key-Expires-At"] = end.isoformat(timespec="seconds")
    if key.replaced_at:
        response.headers["Deprecation"] = f"@{int(key.replaced_at.timestamp())}"  # RFC 9745
        if end:
            response.headers["Sunset"] = http_date(end)  # RFC 8594
    return response
