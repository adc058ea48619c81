"""The API keys that a user owns: finding, listing, creating and replacing them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from spk.db import db, now
from spk.models.accounts import token
from spk.models.accounts.api_key import ApiKey, lock_keys
from spk.models.accounts.key_rights import EVERYTHING, LAST_DAY, KeyRights, end_of
from spk.models.accounts.new_api_key import NewApiKey
from spk.models.refusal import InvalidField, LimitReached, Refusal

if TYPE_CHECKING:
    from spk.models.accounts.user import User

# When a key ends that another replaces; None: with the first use of the other.
ENDS: dict[str, timedelta | None] = {
    "first_use": None,
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


class KeyLimitReached(LimitReached):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"You have {limit} active key{'s' * (limit != 1)}, the most your plan allows. "
            "Revoke one you no longer need, then create a new key."
        )


class NonceUsed(Refusal):
    def __init__(self) -> None:
        super().__init__(
            "That key was already created, so its token can’t be shown again. "
            "Revoke it and create another if you didn’t copy it."
        )


class NotReplaceable(Refusal):
    """The key has ended, or takes part in another replacement."""


def count_for_limit(active: Iterable[tuple[str, str | None]]) -> int:
    """How many of these keys, given as prefix and successor, count: not those whose successor is here."""
    successors = dict(active)
    return sum(successor not in successors for successor in successors.values())


class OwnedKeys:
    """A user’s keys; what they may do is decided here, by plan and limits."""

    def __init__(self, user: "User") -> None:
        self.user = user

    @property
    def are_shown(self) -> bool:
        """Whether there is an API Keys section: with API access, or with keys from an earlier plan."""
        any_key = select(ApiKey.id).filter_by(user_id=self.user.id).limit(1)
        return self.user.has_feature("api_access") or db.session.scalar(any_key) is not None

    def find(self, prefix: str) -> ApiKey | None:
        if not token.is_prefix(prefix):
            return None  # PostgreSQL rejects some characters
        return db.session.scalar(select(ApiKey).filter_by(user_id=self.user.id, prefix=prefix))

    def unrevoked(self, prefixes: list[str] | None = None) -> list[ApiKey]:
        """Those that aren’t revoked, newest first: all, or those with these prefixes."""
        keys = select(ApiKey).where(ApiKey.user_id == self.user.id, ApiKey.revoked_at.is_(None))
        if prefixes is not None:
            keys = keys.where(ApiKey.prefix.in_(filter(token.is_prefix, prefixes)))
        return list(db.session.scalars(keys.order_by(ApiKey.id.desc())))

    def revoke(self, prefixes: list[str]) -> int:
        """Revoke those with these prefixes; how many there were."""
        keys = self.unrevoked(prefixes)
        lock_keys(keys)
        return sum(key.revoke() for key in keys)

    def predecessor(self, key: ApiKey) -> ApiKey | None:
        """The key that this one replaces."""
        return db.session.scalar(select(ApiKey).filter_by(user_id=self.user.id, replaced_by=key.prefix))

    def all(self) -> list[ApiKey]:
        """Active keys, newest first, then expired, then revoked ones."""
        keys = select(ApiKey).where(ApiKey.user_id == self.user.id)
        found = db.session.scalars(keys.order_by(ApiKey.id.desc()))
        return sorted(found, key=lambda key: ("Active", "Expired", "Revoked").index(key.status))

    def create(self, name: str, *, nonce: str | None = None, rights: KeyRights = EVERYTHING) -> NewApiKey:
        """Create a key; raises PlanRequired, NonceUsed, KeyLimitReached, InvalidField or InvalidValue."""
        self._begin(nonce)  # one key at a time, or the limit could be exceeded
        if self._count() >= self.user.plan.active_keys:
            raise KeyLimitReached(self.user.plan.active_keys)
        self._check_end(rights)
        new = NewApiKey.issue(self.user, name, nonce, rights)
        self.user.record("api_key:create", new.key.prefix)
        return new

    def replace(self, key: ApiKey, ends: str, *, nonce: str | None = None) -> NewApiKey:
        """Make a key with the same name and rights; both work until the old one ends, as `ends` in ENDS says.

        Raises PlanRequired, NonceUsed or NotReplaceable.
        """
        self._begin(nonce)
        key.lock()
        self._check_replaceable(key)
        new = NewApiKey.issue(self.user, key.name, nonce, replace(key.rights, expires_at=self._next_end(key)))
        key.replaced_at, key.replaced_by = now(), new.key.prefix
        key.ends_on_first_use = ENDS[ends] is None
        wait = ENDS[ends]
        key.retires_at = now() + wait if wait else None
        self.user.record("api_key:replace", key.prefix)
        return new

    def _begin(self, nonce: str | None) -> None:
        self.user.lock()
        self.user.require("api_access")
        if nonce and db.session.scalar(select(ApiKey.id).filter_by(user_id=self.user.id, nonce=nonce)):
            raise NonceUsed

    def _count(self) -> int:
        keys = select(ApiKey.prefix, ApiKey.replaced_by).where(ApiKey.user_id == self.user.id)
        return count_for_limit(db.session.execute(keys.where(ApiKey.is_active)).all())

    def _check_end(self, rights: KeyRights) -> None:
        longest = self.user.plan.longest_key_days
        if rights.expires_at and rights.expires_at <= now():
            raise InvalidField("expires_on", "Choose a day in the future.")
        if longest and (not rights.expires_at or rights.expires_at > self._latest(longest)):
            raise InvalidField(
                "lifetime", f"Your plan allows keys for {longest} days at most: choose an earlier end."
            )

    def _next_end(self, key: ApiKey) -> datetime | None:
        """When a key that replaces this one ends: after as long as this one was made for."""
        longest = self.user.plan.longest_key_days
        ends = [self._latest(longest)] if longest else []
        if key.expires_at:
            ends.append(now() + min(key.expires_at - key.created_at, end_of(LAST_DAY) - now()))
        return min(ends, default=None)

    @staticmethod
    def _latest(days: int) -> datetime:
        return end_of((now() + timedelta(days=days)).date())

    def _check_replaceable(self, key: ApiKey) -> None:
        if not key.is_active:
            raise NotReplaceable(f"“{key.name}” no longer works. Create a new key instead.")
        other = self.find(key.replaced_by) if key.replaced_by else None
        if other and other.is_active:
            raise NotReplaceable(f"“{key.name}” is being replaced by {other.prefix}… already.")
        # At most two work at a time for each that counts for the limit.
        if (old := self.predecessor(key)) and old.is_active:
            raise NotReplaceable(
                f"“{key.name}” replaces {old.prefix}…, which still works. Revoke that one first."
            )
