"""The identity behind a key: the first call of a script that checks its setup."""

from pydantic import Field

from spk.api.auth import ApiBlueprint, current_caller
from spk.api.operation import Operation, own_pages
from spk.api.schemas import Schema, Time

bp = ApiBlueprint("whoami", __name__, feature="api_access")


class WhoamiKey(Schema):
    """The key that the request was sent with."""

    name: str
    prefix: str
    created_at: Time
    last_used_at: Time | None
    expires_at: Time | None
    scopes: list[str] = Field(description="What it may do; empty for everything.")
    pages: list[str] | None = Field(description="Slugs of the pages it is for; null for all.")
    addresses: list[str] | None = Field(description="Where it may be used from; null for anywhere.")
    replaced_by: str | None = Field(description="Prefix of the key that replaces it.")


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
    key = caller.key
    pages = None if key.page_ids is None else [page.slug for page in own_pages().named()]
    return Whoami(
        key=WhoamiKey(
            name=key.name,
            prefix=key.prefix,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.ends_at,
            scopes=list(key.scopes or ()),
            pages=pages,
            addresses=None if key.networks is None else list(key.networks),
            replaced_by=key.replaced_by,
        ),
        user=WhoamiUser(id=key.user_id, email=key.email),
        plan=WhoamiPlan(name=caller.plan.name, features=sorted(caller.plan.features)),
    )
