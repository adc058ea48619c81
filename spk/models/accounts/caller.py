"""Authentication by token: every request with a bearer token depends on this decision."""

import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import bindparam, or_, select, update

from spk.autocommit import PreparedSelect, try_update
from spk.db import FOR_CHANGE, db, now
from spk.models.accounts import network, scope, token
from spk.models.accounts.api_key import AGENT_LENGTH, ApiKey
from spk.models.accounts.plan import Plan, find_plan
from spk.models.accounts.token_mistake import explain
from spk.models.accounts.user import User

TOUCH_EVERY = timedelta(seconds=60)


class KeyRow(NamedTuple):
    """A key with the columns of its owner that the decision needs."""

    id: int
    name: str
    prefix: str
    token_hash: str
    scopes: tuple[str, ...] | None
    page_ids: tuple[str, ...] | None
    networks: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    replaced_at: datetime | None
    retires_at: datetime | None
    replaced_by: str | None
    revoked_at: datetime | None
    leaked_from: str | None
    user_id: int
    email: str
    plan_name: str
    disabled_at: datetime | None

    @property
    def ends_at(self) -> datetime | None:
        """When the key ends by itself, as ApiKey has it."""
        return min(filter(None, (self.expires_at, self.retires_at)), default=None)

    def __repr__(self) -> str:
        return f"KeyRow({self.prefix!r})"  # without the hash


_LOOK_UP = PreparedSelect(
    KeyRow,
    select(
        *(
            getattr(User if name in ("email", "plan_name", "disabled_at") else ApiKey, name)
            for name in KeyRow._fields
        )
    )
    .join(User)
    .where(ApiKey.prefix == bindparam("prefix")),
)


class InvalidToken(Exception):
    """A token was refused: the reason for the metrics, the message for the client, and whose token it is."""

    def __init__(self, reason: str, message: str, key: KeyRow | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.key = key


class Caller(NamedTuple):
    """A valid key with its owner, and their plan, as of this request."""

    key: KeyRow
    plan: Plan

    @classmethod
    def authenticate(cls, text: str) -> "Caller":
        """Decide from the database as it is now, never from a cache; raises InvalidToken."""
        if not token.is_well_formed(text):
            hint = explain(text) or "Copy all 50 characters of it."
            raise InvalidToken("unknown", f"This token looks truncated or mistyped. {hint}")
        row = _LOOK_UP.first(prefix=token.prefix(text))
        digests = [token.digest(text, pepper) for pepper in current_app.config["TOKEN_PEPPERS"]]
        # An unknown prefix is compared too, so that timing doesn't distinguish it from a wrong secret.
        matches = [hmac.compare_digest(digest, row.token_hash if row else "") for digest in digests]
        if row is None or not any(matches):
            raise InvalidToken("unknown", "No key has this token. Check that it was made on this server.")
        if refusal := _ended(row):
            raise InvalidToken(*refusal, row)
        if not matches[0]:  # hashed with a fallback pepper: rehash with the first
            try_update(update(ApiKey).where(ApiKey.id == row.id).values(token_hash=digests[0]))
        return cls(row, find_plan(row.plan_name))

    @property
    def user(self) -> User:
        """The owner of the key."""
        return db.session.get_one(User, self.key.user_id)

    def may(self, needed: str) -> bool:
        """Whether the key has this scope."""
        if self.key.scopes is None:  # everything, but a key for some pages is for no other program
            return self.key.page_ids is None or not scope.is_for_gate(needed)
        return scope.allows(self.key.scopes, needed)

    def may_come_from(self, address: str | None) -> bool:
        """Whether the key may be used from this address."""
        return self.key.networks is None or network.contains(self.key.networks, address)

    def still_works(self) -> bool:
        """Whether nobody has ended the key meanwhile; nobody does until the transaction ends."""
        own = select(ApiKey.id).join(User).where(ApiKey.id == self.key.id, ApiKey.is_active)
        enabled = own.where(User.disabled_at.is_(None))
        # Not shared: on PostgreSQL those who share a lock overtake whoever waits to revoke the key.
        return db.session.scalar(enabled.with_for_update(of=ApiKey, **FOR_CHANGE)) is not None

    @property
    def is_touch_due(self) -> bool:
        """Whether a use is to be recorded: the first at once, then at most once in 60 s.

        An UPDATE takes the write lock even if it changes no row. A time to come is of a clock that ran ahead.
        """
        last, time = self.key.last_used_at, now()
        return last is None or not time - TOUCH_EVERY < last <= time

    def touch(self, address: str | None, agent: str) -> None:
        """Record a successful use; goes back only to a time that has come.

        With its first use the key ends the one that it replaces, where the owner has chosen that.
        """
        time = now()
        own = ApiKey.id == self.key.id
        if not self.key.last_used_at:
            replaced = ApiKey.replaced_by == self.key.prefix, ApiKey.ends_on_first_use, ApiKey.is_active
            if not try_update(update(ApiKey).where(*replaced).values(retires_at=time)):
                return  # so that the next use tries again
        last = ApiKey.last_used_at
        due = or_(last.is_(None), last <= time - TOUCH_EVERY, last > time)
        values = {
            "last_used_at": time,
            "last_used_address": address,
            "last_used_agent": agent[:AGENT_LENGTH],
        }
        try_update(update(ApiKey).where(own, due).values(values))


def _ended(row: KeyRow) -> tuple[str, str] | None:
    """Why a key no longer works, for the metrics and in words."""
    if row.revoked_at:
        leaked = " because it was reported as leaked" * bool(row.leaked_from)
        return "revoked", f"This key was revoked on {row.revoked_at:%d %b %Y}{leaked}. Create a new one."
    if row.retires_at and row.retires_at <= now():
        return "expired", f"This key was replaced by {row.replaced_by}… and has ended. Use that one."
    if row.expires_at and row.expires_at <= now():
        return "expired", f"This key expired on {row.expires_at:%d %b %Y}. Create a new one."
    if row.disabled_at:
        return "disabled", "The owner of this key is disabled. Ask your administrator."
    return None
