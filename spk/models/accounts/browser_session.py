"""One signed-in browser."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import ua_parser
from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, String, and_, delete, false, not_, or_, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from spk.autocommit import try_update
from spk.column_types import Address
from spk.db import NEVER_REUSED, Base, db, is_within, now
from spk.models.accounts.origin import BROWSER_LENGTH

if TYPE_CHECKING:
    from spk.models.accounts.user import User

TOUCH_EVERY = timedelta(minutes=5)
MOST = 50  # sessions of one user
MOST_AWAITING = 500  # whoever knows the password is to push out nobody else's
FACTOR_WITHIN = timedelta(minutes=10)  # after the password
USER_AGENT_LENGTH = 300  # characters


class BrowserSession(Base):
    """The cookie holds a random secret and this row its hash: without the row the cookie is worthless."""

    __tablename__ = "sessions"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    address: Mapped[str | None] = mapped_column(Address)  # from which it was last seen
    confirmed_at: Mapped[datetime | None] = mapped_column(default=now)  # when its person proved who they are

    # Its person has given the password, and has yet to show a second factor.
    awaits_factor: Mapped[bool] = mapped_column(default=False, server_default=false())

    user: Mapped["User"] = relationship()

    @classmethod
    def start(cls, user: "User", user_agent: str, address: str | None = None) -> None:
        """Sign a browser in; `user.session_secret` is what its cookie is to hold. Only the newest stay."""
        user.session_secret = secrets.token_urlsafe(32)
        user.session_id = cls._add(user, user.session_secret, user_agent, address, awaits_factor=False)

    @classmethod
    def await_factor(cls, user: "User", user_agent: str) -> str:
        """Note that the password was right; what the cookie is to hold until a second factor is, too."""
        secret = secrets.token_urlsafe(32)
        cls._add(user, secret, user_agent, None, awaits_factor=True)
        return secret

    @classmethod
    def _add(
        cls, user: "User", secret: str, user_agent: str, address: str | None, *, awaits_factor: bool
    ) -> int:
        added = cls(user=user, secret_hash=_hash(secret), user_agent=user_agent[:USER_AGENT_LENGTH])
        added.address, added.awaits_factor = address, awaits_factor
        db.session.add(added)
        db.session.flush()
        alike = cls.user_id == user.id, cls.awaits_factor.is_(awaits_factor)
        most = MOST_AWAITING if awaits_factor else MOST
        newest = select(cls.id).where(*alike).order_by(cls.id.desc()).limit(most)
        db.session.execute(delete(cls).where(*alike, cls.id.not_in(newest.scalar_subquery())))
        return added.id

    @classmethod
    def find(cls, secret: str) -> "BrowserSession | None":
        """The active session with this secret, unless its user is disabled."""
        session = db.session.scalar(
            select(cls)
            .options(joinedload(cls.user))
            .where(cls.secret_hash == _hash(secret), cls._is_active())
        )
        if session is None or session.user.disabled_at:
            return None
        session.user.session_secret, session.user.session_id = secret, session.id
        session.user.signed_in_as = session.user.email
        session.user.confirmed_at = session.confirmed_at or session.user.confirmed_at
        return session

    @classmethod
    def find_awaiting(cls, secret: str) -> "User | None":
        """Who has yet to show a second factor, in the browser whose cookie holds this."""
        waiting = cls.secret_hash == _hash(secret), cls._is_awaited()
        session = db.session.scalar(select(cls).options(joinedload(cls.user)).where(*waiting))
        return session.user if session and not session.user.disabled_at else None

    @classmethod
    def of(cls, user: "User") -> list["BrowserSession"]:
        """The user’s active sessions, most recently seen first."""
        sessions = select(cls).where(cls.user_id == user.id, cls._is_active())
        return list(db.session.scalars(sessions.order_by(cls.last_seen_at.desc())))

    @property
    def browser(self) -> str:
        return browser_name(self.user_agent)

    @property
    def is_current(self) -> bool:
        return self.secret_hash == _hash(self.user.session_secret)

    def touch(self, address: str | None) -> None:
        """Record that the browser was seen, at most once in five minutes."""
        time = now()
        if not time - TOUCH_EVERY <= self.last_seen_at <= time:  # later: of a clock that ran ahead
            seen = update(BrowserSession).where(BrowserSession.id == self.id)
            try_update(seen.values(last_seen_at=time, address=address))

    @classmethod
    def _is_active(cls) -> ColumnElement[bool]:
        idle, age = current_app.config["SESSION_IDLE_DAYS"], current_app.config["SESSION_DAYS"]
        is_seen = is_within(cls.last_seen_at, idle), is_within(cls.created_at, age)
        return and_(not_(cls.awaits_factor), *is_seen)

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        return not_(or_(cls._is_active(), cls._is_awaited()))

    @classmethod
    def _is_awaited(cls) -> ColumnElement[bool]:
        return and_(cls.awaits_factor, is_within(cls.created_at, FACTOR_WITHIN))

    @classmethod
    def confirm(cls, user: "User") -> None:
        """Note that this browser’s person has just proved who they are; whoever has its old cookie is out."""
        own, user.session_secret = cls.id == user.session_id, secrets.token_urlsafe(32)
        renewed = {"secret_hash": _hash(user.session_secret), "confirmed_at": now()}
        db.session.execute(update(cls).where(own).values(renewed))

    @classmethod
    def end(cls, secret: str) -> None:
        """Sign out the browser whose cookie holds this."""
        db.session.execute(delete(cls).where(cls.secret_hash == _hash(secret)))

    @classmethod
    def end_one(cls, user: "User", session_id: int) -> bool:
        """Sign out one of the user’s browsers; whether it was signed in."""
        own = delete(cls).where(cls.user_id == user.id, cls.id == session_id).returning(cls.id)
        return db.session.scalar(own) is not None

    @classmethod
    def end_all(cls, user: "User") -> None:
        db.session.execute(delete(cls).where(cls.user_id == user.id))

    @classmethod
    def end_others(cls, user: "User") -> None:
        """Sign the user out everywhere except in this browser."""
        db.session.execute(
            delete(cls).where(cls.user_id == user.id, cls.secret_hash != _hash(user.session_secret))
        )


def browser_name(user_agent: str) -> str:
    """Like “Firefox on Linux”."""
    found = ua_parser.parse(user_agent[:USER_AGENT_LENGTH])
    browser = found.user_agent.family if found.user_agent else "Unknown browser"
    return (f"{browser} on {found.os.family}" if found.os else browser)[:BROWSER_LENGTH]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
