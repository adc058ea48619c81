"""A person's keys, as they are listed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spk.models.accounts.api_key import ApiKey

if TYPE_CHECKING:
    from spk.models.accounts.user import User


@dataclass(frozen=True)
class ApiKeyList:
    """The active keys, newest first, then the expired; those revoked last, and how many there are in all."""

    current: list[ApiKey]
    revoked: list[ApiKey]
    all_revoked: int

    @classmethod
    def of(cls, user: "User", most_revoked: int | None = None) -> "ApiKeyList":
        """With at most so many revoked keys, or all."""
        keys = user.api_keys(most_revoked=most_revoked)
        return cls(
            [key for key in keys if not key.revoked_at],
            [key for key in keys if key.revoked_at],
            user.revoked_api_keys(),
        )

    @property
    def all(self) -> list[ApiKey]:
        return self.current + self.revoked

    @property
    def active(self) -> int:
        return sum(key.is_active for key in self.current)

    @property
    def unused(self) -> int:
        """How many have done nothing for so long that it is worth a hint."""
        return sum(key.unused_for is not None for key in self.current)
