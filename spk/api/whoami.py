"""The identity behind a key: the first call of a script that checks its setup."""

from spk.api.auth import ApiBlueprint, current_caller
from spk.api.operation import Operation
from spk.api.schemas import Schema, Time

bp = ApiBlueprint("whoami", __name__, feature="api_access")


class WhoamiKey(Schema):
    """The key that the request was sent with."""

    name: str
    prefix: str
    created_at: Time
    last_used_at: Time | None


class WhoamiUser(Schema):
    """Its owner."""

    id: int
    email: str


class WhoamiPlan(Schema):
    """The plan of its owner."""

    name: str
    features: list[str]


class Whoami(Schema):
    """A key, its owner and their plan."""

    key: WhoamiKey
    user: WhoamiUser
    plan: WhoamiPlan


@bp.get("/whoami")
@Operation(Whoami)
def whoami() -> Whoami:
    """Show the key, its owner and their plan."""
    caller = current_caller()
    return Whoami(
        key=WhoamiKey(
            name=caller.key_name,
            prefix=caller.prefix,
            created_at=caller.created_at,
            last_used_at=caller.last_used_at,
        ),
        user=WhoamiUser(id=caller.user_id, email=caller.email),
        plan=WhoamiPlan(name=caller.plan.name, features=sorted(caller.plan.features)),
    )
