"""The audit log: what happened to an account, and when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from sqlalchemy.sql.base import ExecutableOption

from spk.column_types import Address
from spk.db import Base, db, now
from spk.models.accounts.origin import BROWSER_LENGTH, origin_now

if TYPE_CHECKING:
    from spk.models.accounts.api_key import ApiKey
    from spk.models.accounts.user import User


SUBJECT_LENGTH = 200  # characters
DESCRIPTIONS = {
    "user:sign_in": "Signed in",
    "user:sign_in:new": "Signed in",
    "user:sign_in:no_code": "Somebody entered the password, but no valid code",
    "user:password:change": "Changed the password",
    "user:password:reset": "Set a new password with the administrator’s link",
    "user:reset_link": "The administrator made a link to set a new password",
    "user:email:change": "Changed the email address, which was",
    "user:export": "Downloaded the account’s data",
    "authenticator_app:add": "Set up an authenticator app",
    "authenticator_app:remove": "Removed the authenticator app",
    "passkey:add": "Added the passkey",
    "passkey:remove": "Removed the passkey",
    "recovery_code:use": "Used a recovery code",
    "recovery_code:renew": "Made new recovery codes",
    "second_factors:turn_off": "Turned two-factor off",
    "second_factors:reset": "The administrator turned two-factor off",
    "session:end": "Signed out another session",
    "session:end_others": "Signed out every other session",
    "api_key:create": "Created the API key",
    "api_key:revoke": "Revoked the API key",
    "api_key:leak": "Somebody reported as leaked, and so revoked, the API key",
    "api_key_feed:renew": "Made a new address for the feed of keys that end",
    "api_key:rename": "Renamed the API key",
    "api_key:replace": "Replaced the API key",
    "status_page:create": "Created the status page",
    "status_page:delete": "Deleted the status page",
}


SIGN_INS = ("user:sign_in", "user:sign_in:new")
COLUMNS = ("time", "account", "action", "subject", "door", "address", "browser", "key")


def _is_of_key(column: str) -> str:
    return f"and_(foreign(Event.{column}) == ApiKey.prefix, ApiKey.user_id == Event.user_id)"


class Event(Base):
    """An audit line, written in the transaction that it describes and never changed."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH), default="")
    address: Mapped[str | None] = mapped_column(Address)
    browser: Mapped[str | None] = mapped_column(String(BROWSER_LENGTH))
    door: Mapped[str | None] = mapped_column(String(10))
    key_prefix: Mapped[str | None] = mapped_column(String(12), index=True)  # of the key that did it
    session_id: Mapped[int | None]  # of the browser session that did it, which may have ended
    created_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped["User"] = relationship()
    # The key that it is about, and the one that it was done with.
    about: Mapped["ApiKey | None"] = relationship(primaryjoin=_is_of_key("subject"), viewonly=True)
    by: Mapped["ApiKey | None"] = relationship(primaryjoin=_is_of_key("key_prefix"), viewonly=True)

    @classmethod
    def record(cls, user: "User", action: str, subject: str = "") -> None:
        """Write an event in this transaction, with where it comes from."""
        origin = vars(present) if (present := origin_now()) else {}
        db.session.add(cls(user=user, action=action, subject=subject, **origin))

    @classmethod
    def all(cls, user: "User | None" = None, key_prefix: str | None = None) -> Iterator["Event"]:
        """All events, or those of a user or with a key, oldest first, a few in memory at a time."""
        events = select(cls).options(joinedload(cls.user)).order_by(cls.id)
        if user is not None:
            events = events.where(cls.user_id == user.id)
        if key_prefix is not None:
            events = events.where(cls.is_with(key_prefix))
        return iter(db.session.scalars(events.execution_options(yield_per=500)))

    @classmethod
    def recent(cls, user: "User", key_prefix: str | None = None) -> list["Event"]:
        """The last ten of a user, or with a key, newest first."""
        events = select(cls).options(*cls.with_keys()).where(cls.user_id == user.id)
        events = events.order_by(cls.id.desc()).limit(10)
        return list(db.session.scalars(events.where(cls.is_with(key_prefix)) if key_prefix else events))

    @classmethod
    def with_keys(cls) -> list[ExecutableOption]:
        """How to load the keys, too, for their names."""
        return [joinedload(cls.about), joinedload(cls.by)]

    @classmethod
    def is_with(cls, key_prefix: str) -> ColumnElement[bool]:
        """Whether the event is about this key, or was done with it."""
        return or_(cls.subject == key_prefix, cls.key_prefix == key_prefix)

    def as_row(self) -> dict[str, str]:
        """The event as a file has it, by COLUMNS."""
        time, account = self.created_at.isoformat(timespec="seconds"), self.user.email
        where = self.door or "", self.address or "", self.browser or "", self.key_prefix or ""
        return dict(zip(COLUMNS, (time, account, self.action, self.subject, *where), strict=True))

    @classmethod
    def recent_addresses(cls) -> set[str]:
        """Where the last hundred changes by people and programs came from."""
        seen = select(cls.address).where(cls.address.is_not(None)).order_by(cls.id.desc()).limit(100)
        return {address for address in db.session.scalars(seen) if address}

    @classmethod
    def has_signed_in_from(cls, user_id: int, address: str) -> bool:
        """Whether this account has been signed in to from this address."""
        sign_ins = select(cls.id).where(
            cls.user_id == user_id, cls.action.in_(SIGN_INS), cls.address == address
        )
        return db.session.scalar(sign_ins.limit(1)) is not None

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        kept: timedelta = current_app.config["KEEP_EVENTS"]
        return cls.created_at < now() - kept

    @property
    def origin(self) -> str:
        """Where it comes from, like “with Firefox on Linux from 203.0.113.7” or “by a command”."""
        words = {"api": "by the API", "command": "by a command"}.get(self.door or "", "")
        if self.key_prefix:
            words = f"by the key {f'“{self.by.name}” ' if self.by else ''}{self.key_prefix}…"
        browser = f"with {self.browser}" if self.browser else ""
        return " ".join(filter(None, [words, browser, f"from {self.address}" if self.address else ""]))

    @property
    def is_sign_in(self) -> bool:
        return self.action in SIGN_INS

    @property
    def description(self) -> str:
        return DESCRIPTIONS[self.action]
