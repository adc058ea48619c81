"""Who a key stands for: the first call of a script that checks its set-up."""

from datetime import datetime

from flask import g
from flask.typing import ResponseReturnValue

from spk.api.auth import ApiBlueprint
from spk.models.caller import Caller

bp = ApiBlueprint("whoami", __name__, feature="api_access")


@bp.get("/whoami")
def whoami() -> ResponseReturnValue:
    caller: Caller = g.caller
    return {
        "key": {
            "name": caller.key_name,
            "prefix": caller.prefix,
            "created_at": iso(caller.created_at),
            "last_used_at": iso(caller.last_used_at),
        },
        "user": {"id": caller.user_id, "email": caller.email},
        "plan": {"name": caller.plan.name, "features": sorted(caller.plan.features)},
    }


def iso(time: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and offset."""
    return None if time is None else time.isoformat(timespec="milliseconds")
