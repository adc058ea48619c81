"""Authentication by token: every request with a bearer token depends on this decision."""

import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import bindparam, or_, select, update

from spk.autocommit import PreparedSelect, try_update
from spk.db import db, now
from spk.models.accounts import token
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.plan import Plan, find_plan
from spk.models.accounts.user import User

TOUCH_EVERY = timedelta(seconds=60)


class _KeyRow(NamedTuple):
    """A key with the columns of its owner that the decision needs."""

    id: int
    name: str
    prefix: str
    token_hash: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    user_id: int
    email: str
    plan_name: str
    disabled_at: datetime | None


_LOOK_UP = PreparedSelect(
    _KeyRow,
    select(
        ApiKey.id,
        ApiKey.name,
        ApiKey.prefix,
        ApiKey.token_hash,
        ApiKey.created_at,
        ApiKey.expires_at,
        ApiKey.last_used_at,
        ApiKey.revoked_at,
        ApiKey.user_id,
        User.email,
        User.plan_name,
        User.disabled_at,
    )
    .join(User)
    .where(ApiKey.prefix == bindparam("prefix")),
)


class InvalidToken(Exception):
    """A token was refused; `reason` is for the metrics, the message for the client."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Caller(NamedTuple):
    """A valid key, its owner and their plan, as of this request."""

    key_id: int
    key_name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    user_id: int
    email: str
    plan: Plan

    @classmethod
    def authenticate(cls, text: str) -> "Caller":
        """Decide from the database as it is now, never from a cache; raises InvalidToken."""
        if not token.is_well_formed(text):
            raise InvalidToken(
                "unknown", "This token looks truncated or mistyped. Copy all 50 characters of it."
            )
        row = _LOOK_UP.first(prefix=token.prefix(text))
        digests = [token.digest(text, pepper) for pepper in current_app.config["TOKEN_PEPPERS"]]
        # An unknown prefix is compared too, so that timing doesn't distinguish it from a wrong secret.
        matches = [hmac.compare_digest(digest, row.token_hash if row else "") for digest in digests]
        if row is None or not any(matches):
            raise InvalidToken("unknown", "No key has this token. Check that it was made on this server.")
        if row.revoked_at:
            raise InvalidToken(
                "revoked", f"This key was revoked on {row.revoked_at:%d %b %Y}. Create a new one."
            )
        if row.expires_at and row.expires_at <= now():
            raise InvalidToken("expired", f"This key expired on {row.expires_at:%d %b %Y}. Create a new one.")
        if row.disabled_at:
            raise InvalidToken("disabled", "The owner of this key is disabled. Ask your administrator.")
        if not matches[0]:  # hashed with a fallback pepper: rehash with the first
            try_update(update(ApiKey).where(ApiKey.id == row.id).values(token_hash=digests[0]))
        return cls(
            row.id,
            row.name,
            row.prefix,
            row.created_at,
            row.last_used_at,
            row.user_id,
            row.email,
            find_plan(row.plan_name),
        )

    @property
    def user(self) -> User:
        """The owner of the key."""
        return db.session.get_one(User, self.user_id)

    def still_works(self) -> bool:
        """Whether nobody has ended the key meanwhile; nobody does until the transaction ends."""
        own = select(ApiKey.id).join(User).where(ApiKey.id == self.key_id, ApiKey.is_active)
        enabled = own.where(User.disabled_at.is_(None))
        return db.session.scalar(enabled.with_for_update(read=True, of=ApiKey)) is not None

    def touch(self) -> None:
        """Record a successful use: the first at once, then at most once in 60 s; never goes backwards."""
        before = now() - TOUCH_EVERY
        if self.last_used_at and self.last_used_at > before:
            return  # an UPDATE takes the write lock even if it changes no row
        due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= before)
        try_update(update(ApiKey).where(ApiKey.id == self.key_id, due).values(last_used_at=now()))
