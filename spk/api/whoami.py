"""Who a key stands for: the first call of a script that checks its set-up."""

from spk.api.auth import ApiBlueprint, current_caller
from spk.api.operation import Operation
from spk.api.schemas import Schema, Time

bp = ApiBlueprint("whoami", __name__, feature="api_access")


class WhoamiKey(Schema):
    """The key of this request."""

    name: str
    prefix: str
    created_at: Time
    last_used_at: Time | None


class WhoamiUser(Schema):
    """Its owner."""

    id: int
    email: str


class WhoamiPlan(Schema):
    """What its owner’s plan opens."""

    name: str
    features: list[str]


class Whoami(Schema):
    """Who a key stands for."""

    key: WhoamiKey
    user: WhoamiUser
    plan: WhoamiPlan


@bp.get("/whoami")
@Operation(Whoami)
def whoami() -> dict[str, object]:
    """Show the key, its owner and their plan."""
    caller = current_caller()
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
