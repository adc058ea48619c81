"""The list of a user’s keys on the Security page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select, true

from spk.db import db, now
from spk.models.accounts.api_key import NAME, ApiKey
from spk.models.accounts.owned_keys import count_for_limit

if TYPE_CHECKING:
    from spk.models.accounts.user import User

PAGE = 50  # keys
JUST_NOW = timedelta(minutes=5)


@dataclass(frozen=True)
class ApiKeyList:
    """Active keys, newest first, then expired, then revoked ones: all, or a page of those asked for."""

    keys: list[ApiKey]
    active: list[ApiKey]  # all of them, whatever was asked for
    total: int
    revoked_count: int
    matching: int
    page: int = 1
    changed: ApiKey | None = None  # just now, if it is among those shown
    stays: ApiKey | None = None  # where it was before it was revoked, just now

    @classmethod
    def of(
        cls, user: "User", search: str = "", state: str = "", page: int = 1, changed: str = ""
    ) -> "ApiKeyList":
        """Those with this text and in this state; `changed` is the prefix of one that just was."""
        own = select(ApiKey).where(ApiKey.user_id == user.id)
        total, revoked = _count(own), _count(own.where(ApiKey.revoked_at.is_not(None)))
        active = list(db.session.scalars(own.where(ApiKey.is_active)))
        just_now = own.where(ApiKey.prefix == changed, ApiKey.revoked_at > now() - JUST_NOW)
        stays = db.session.scalar(just_now) if changed else None
        is_kept = ApiKey.id == (stays.id if stays else 0)
        is_found = or_(is_kept, and_(_matches(search), _has_state(state)))
        found = own.where(is_found) if total > PAGE else own
        revoked_at = case((is_kept, None), else_=ApiKey.revoked_at)
        rank = case((revoked_at.is_not(None), 2), (_has_ended(), 1), else_=0)
        order = rank, revoked_at.desc(), ApiKey.id.desc()
        page = page if total > PAGE else 1
        some = found.order_by(*order).limit(PAGE).offset((page - 1) * PAGE)
        keys = list(db.session.scalars(some))
        shown = next((key for key in keys if key.prefix == changed), None)
        return cls(keys, active, total, revoked, _count(found), page, shown, stays)

    @property
    def is_paged(self) -> bool:
        """Whether there are too many to show at once."""
        return self.total > PAGE

    @property
    def current(self) -> list[ApiKey]:
        return [key for key in self.keys if not key.revoked_at or key is self.stays]

    @property
    def revoked(self) -> list[ApiKey]:
        return [key for key in self.keys if key.revoked_at and key is not self.stays]

    @property
    def replaced(self) -> dict[str, ApiKey]:
        """Those that still work beside another that replaces them, by its prefix."""
        return {key.replaced_by: key for key in self.active if key.replaced_by}

    @property
    def counted(self) -> int:
        """How many of the active keys count for the plan."""
        return count_for_limit((key.prefix, key.replaced_by) for key in self.active)

    @property
    def page_count(self) -> int:
        return max(1, -(-self.matching // PAGE))

    @property
    def addresses(self) -> list[str]:
        """A few addresses that the keys were last used from."""
        used = (key.last_used_address for key in self.active)
        return list(dict.fromkeys(address for address in used if address))[:5]

    @property
    def ending_count(self) -> int:
        """How many keys end soon."""
        return sum(key.ends_soon for key in self.active)

    @property
    def unused_count(self) -> int:
        """How many keys have been unused for long enough for a hint."""
        return sum(key.unused_for is not None for key in self.active)


def _matches(search: str) -> ColumnElement[bool]:
    """Whether the name or the prefix has this in it."""
    if len(search) > NAME.limit or not search.isprintable():
        return ~true()  # no name is like this, and PostgreSQL rejects some characters
    has = ApiKey.name.icontains(search, autoescape=True), ApiKey.prefix.startswith(search, autoescape=True)
    return or_(*has) if search else true()


def _has_ended() -> ColumnElement[bool]:
    """Whether the key ended by itself."""
    return or_(ApiKey.expires_at <= now(), ApiKey.retires_at <= now())


def _has_state(state: str) -> ColumnElement[bool]:
    revoked, active = ApiKey.revoked_at.is_not(None), and_(ApiKey.is_active)
    return {"active": active, "expired": not_(or_(revoked, active)), "revoked": revoked}.get(state, true())


def _count(keys: Select[ApiKey]) -> int:
    return db.session.scalar(select(func.count()).select_from(keys.subquery())) or 0
