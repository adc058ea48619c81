"""Scopes: what a key may do. A key without any may do everything that its owner’s plan includes."""

import re
from collections.abc import Iterable

from spk.models.refusal import InvalidValue

LABELS = {
    "status_pages:read": "Read status pages",
    "status_pages:write": "Change status pages",
    "components:read": "Read components",
    "components:write": "Change components",
    "incidents:read": "Read incidents",
    "incidents:write": "Report incidents",
    "maintenances:read": "Read maintenance",
    "maintenances:write": "Plan maintenance",
    "analytics:read": "Read uptime",
    "gate": "Open every program behind the gate",
}
READ = tuple(scope for scope in LABELS if scope.endswith(":read"))
REPORT = ("components:write", "incidents:write", "maintenances:write")
GATE = "gate"
MOST = 30  # scopes of a key
AUDIENCE = re.compile(r"[a-z0-9-]{1,40}")


def clean(given: Iterable[str]) -> tuple[str, ...]:
    """Known scopes, each once, in a fixed order; raises InvalidValue."""
    chosen = set(given)
    if len(chosen) > MOST:
        raise InvalidValue(f"Choose {MOST} scopes or fewer.")
    for scope in chosen:
        if scope not in LABELS and not _audience(scope):
            raise InvalidValue(f"There is no scope “{scope[:60]}”.")
    return tuple(scope for scope in LABELS if scope in chosen) + tuple(sorted(chosen - LABELS.keys()))


def allows(scopes: Iterable[str], needed: str) -> bool:
    """Whether these scopes hold the needed one: writing holds reading, and `gate` every audience."""
    resource, _, detail = needed.partition(":")
    holding = {needed}
    if resource == GATE:
        holding.add(GATE)
    elif detail == "read":
        holding.add(f"{resource}:write")
    return not holding.isdisjoint(scopes)


def is_for_gate(scope: str) -> bool:
    return scope.partition(":")[0] == GATE


def label(scope: str) -> str:
    """What the scope lets a key do, in words."""
    return LABELS.get(scope) or f"Open “{_audience(scope)}” behind the gate"


def for_audience(audience: str | None) -> str:
    """The scope that the gate asks for; raises InvalidValue if no scope could name this audience."""
    if audience is None:
        return GATE
    if not AUDIENCE.fullmatch(audience):
        raise InvalidValue("An audience has 1 to 40 lower-case letters, digits and hyphens.")
    return f"{GATE}:{audience}"


def _audience(scope: str) -> str:
    """The audience that the scope names, or nothing."""
    resource, _, audience = scope.partition(":")
    return audience if resource == GATE and AUDIENCE.fullmatch(audience) else ""
