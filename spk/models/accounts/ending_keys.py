"""Keys that end soon: seeing them in time is what keeps jobs from breaking."""

from collections.abc import Sequence

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from spk.autocommit import fetch_first
from spk.db import db
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.user import User

LISTED = 100  # keys


def ending_keys(user: User | None = None) -> Sequence[ApiKey]:
    """Those of a user, or of all, that end soon and have no successor, the next one first."""
    keys = select(ApiKey).where(ApiKey.ends_soon).options(joinedload(ApiKey.user))
    if user is not None:
        keys = keys.where(ApiKey.user_id == user.id)
    return db.session.scalars(keys.order_by(ApiKey.expires_at, ApiKey.id).limit(LISTED)).all()


def count_ending_keys() -> int:
    """How many there are of all users, read outside any transaction."""
    row = fetch_first(select(func.count(ApiKey.id)).where(ApiKey.ends_soon))
    return row[0] if row else 0


def count_keys_by_status() -> dict[str, int]:
    """How many keys of all users there are by status, read outside any transaction."""
    revoked, active = func.count(ApiKey.revoked_at), func.count(case((ApiKey.is_active, 1)))
    counts = fetch_first(select(active, revoked, func.count(ApiKey.id))) or (0, 0, 0)
    return {"Active": counts[0], "Revoked": counts[1], "Expired": counts[2] - counts[0] - counts[1]}


def feed_secret(user: User) -> str:
    """What the address of the user’s feed has in it, until the address is renewed."""
    return str(_serializer().dumps([user.id, user.feed_number]))


def find_feed(secret: str) -> User | None:
    """Whose feed has this secret; nobody’s if it was renewed or the account disabled."""
    try:
        user_id, number = _serializer().loads(secret[:200])
    except BadSignature:
        return None
    user = db.session.get(User, user_id)
    return user if user and user.feed_number == number and not user.disabled_at else None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="feed of ending keys")
