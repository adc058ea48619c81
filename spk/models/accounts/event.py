"""The audit log: what happened to an account, and when."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spk.autocommit import fetch_first
from spk.db import Base, db, now

if TYPE_CHECKING:
    from spk.models.accounts.user import User


DESCRIPTIONS = {
    "user:sign_in": "Signed in",
    "user:password:change": "Changed the password",
    "session:end_others": "Signed out every other session",
    "api_key:create": "Created the API key",
    "api_key:revoke": "Revoked the API key",
    "status_page:create": "Created the status page",
    "status_page:delete": "Deleted the status page",
}


class Event(Base):
    """An audit line, written in the transaction that it describes and never changed."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str | None] = mapped_column(String(45))
    browser: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped["User"] = relationship()

    @classmethod
    def newest_at(cls) -> datetime | None:
        """The time of the last event of any account."""
        newest: datetime | None
        (newest,) = fetch_first(select(func.max(cls.created_at))) or (None,)
        return newest

    @classmethod
    def has_signed_in_from(cls, user_id: int, address: str) -> bool:
        """Whether this account has been signed in to from this address."""
        sign_ins = select(cls.id).filter_by(user_id=user_id, action="user:sign_in", address=address)
        return db.session.scalar(sign_ins.limit(1)) is not None

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        kept: timedelta = current_app.config["KEEP_EVENTS"]
        return cls.created_at < now() - kept

    @property
    def description(self) -> str:
        return DESCRIPTIONS[self.action]
