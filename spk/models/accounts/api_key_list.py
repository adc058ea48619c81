"""The list of a user’s keys on the Security page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from spk.db import db
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.owned_keys import OwnedKeys

if TYPE_CHECKING:
    from spk.models.accounts.user import User


@dataclass(frozen=True)
class ApiKeyList:
    """Active keys, newest first, then expired ones; the revoked keys, and how many there are in total."""

    current: list[ApiKey]
    revoked: list[ApiKey]
    revoked_count: int

    @classmethod
    def of(cls, user: "User", revoked_limit: int | None = None) -> "ApiKeyList":
        """The user’s keys, with at most `revoked_limit` revoked ones."""
        keys = OwnedKeys(user).all(revoked_limit=revoked_limit)
        return cls(
            [key for key in keys if not key.revoked_at],
            [key for key in keys if key.revoked_at],
            db.session.scalar(select(func.count(ApiKey.revoked_at)).where(ApiKey.user_id == user.id)) or 0,
        )

    @property
    def all(self) -> list[ApiKey]:
        return self.current + self.revoked

    @property
    def addresses(self) -> list[str]:
        """A few addresses that the keys were last used from."""
        return list(dict.fromkeys(key.last_used_address for key in self.current if key.last_used_address))[:5]

    @property
    def active_count(self) -> int:
        return sum(key.is_active for key in self.current)

    @property
    def ending_count(self) -> int:
        """How many keys end soon."""
        return sum(key.ends_soon for key in self.current)

    @property
    def unused_count(self) -> int:
        """How many keys have been unused for long enough for a hint."""
        return sum(key.unused_for is not None for key in self.current)
