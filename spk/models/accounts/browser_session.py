"""One signed-in browser."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import ua_parser
from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, String, and_, delete, not_, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from spk.autocommit import try_update
from spk.db import Base, db, now

if TYPE_CHECKING:
    from spk.models.accounts.user import User

TOUCH_EVERY = timedelta(minutes=5)
MOST = 50  # sessions of one user
USER_AGENT_LENGTH = 300  # characters


class BrowserSession(Base):
    """The cookie holds a random secret and this row its hash: without the row the cookie is worthless."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped["User"] = relationship()

    @classmethod
    def start(cls, user: "User", user_agent: str) -> None:
        """Sign a browser in; `user.session_secret` is what its cookie is to hold. Only the newest stay."""
        user.session_secret = secrets.token_urlsafe(32)
        db.session.add(
            cls(user=user, secret_hash=_hash(user.session_secret), user_agent=user_agent[:USER_AGENT_LENGTH])
        )
        newest = select(cls.id).where(cls.user_id == user.id).order_by(cls.id.desc()).limit(MOST)
        db.session.execute(delete(cls).where(cls.user_id == user.id, cls.id.not_in(newest.scalar_subquery())))

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
        session.user.session_secret = secret
        return session

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

    def touch(self) -> None:
        """Record that the browser was seen, at most once in five minutes."""
        if self.last_seen_at < now() - TOUCH_EVERY:
            try_update(update(BrowserSession).where(BrowserSession.id == self.id).values(last_seen_at=now()))

    @classmethod
    def _is_active(cls) -> ColumnElement[bool]:
        idle, age = current_app.config["SESSION_IDLE_DAYS"], current_app.config["SESSION_DAYS"]
        return and_(cls.last_seen_at > now() - idle, cls.created_at > now() - age)

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        return not_(cls._is_active())

    @classmethod
    def end(cls, user: "User") -> None:
        """Sign this browser out."""
        db.session.execute(delete(cls).where(cls.secret_hash == _hash(user.session_secret)))

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
    return f"{browser} on {found.os.family}" if found.os else browser


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
