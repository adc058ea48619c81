"""Who a key stands for: the first call of a script that checks its set-up."""

from flask import g

from spk.api.auth import ApiBlueprint
from spk.api.operation import Operation
from spk.api.shapes import Shape, Time
from spk.models.caller import Caller

bp = ApiBlueprint("whoami", __name__, feature="api_access")


class WhoamiKey(Shape):
    """The key of this request."""

    name: str
    prefix: str
    created_at: Time
    last_used_at: Time | None


class WhoamiUser(Shape):
    """Its owner."""

    id: int
    email: str


class WhoamiPlan(Shape):
    """What its owner’s plan opens."""

    name: str
    features: list[str]


class Whoami(Shape):
    """Who a key stands for."""

    key: WhoamiKey
    user: WhoamiUser
    plan: WhoamiPlan


@bp.get("/whoami")
@Operation(Whoami)
def whoami() -> dict[str, object]:
    """Show the key, its owner and their plan."""
    caller: Caller = g.caller
    return {
        "key": {
            "name": caller.key_name,
            "prefix": caller.prefix,
            "created_at": caller.created_at,
            "last_used_at": caller.last_used_at,
        },
        "user": {"id": caller.user_id, "email": caller.email},
        "plan": {"name": caller.plan.name, "features": sorted(caller.plan.features)},
    }
