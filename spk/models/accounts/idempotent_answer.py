"""Responses stored by Idempotency-Key, so that a repeated request is carried out only once."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, and_, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.refusal import Refusal

KEY_LENGTH = 255  # characters
MOST = 500  # answers of one account


class KeyReused(Refusal):
    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request. Send a new key with a new request."
        )


class IdempotentAnswer(Base):
    """Written in the transaction of its request (draft-ietf-httpapi-idempotency-key-header-07)."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @classmethod
    def begin(cls, user_id: int, key: str, fingerprint: str) -> "IdempotentAnswer":
        """The stored response, or an empty one to fill in; raises KeyReused.

        Of two simultaneous requests the second waits here until the first has committed.
        """
        own = cls.user_id == user_id, cls.key == key
        newest = select(cls.id).where(cls.user_id == user_id).order_by(cls.id.desc()).limit(MOST - 1)
        is_too_old = and_(cls.user_id == user_id, cls.id.not_in(newest.scalar_subquery()))
        db.session.execute(delete(cls).where(or_(is_too_old, and_(*own, cls.is_outdated()))))
        answer = cls(user_id=user_id, key=key, fingerprint=fingerprint)
        try:
            with db.session.begin_nested():
                db.session.add(answer)
        except IntegrityError:
            answer = db.session.scalars(select(cls).where(*own)).one()
            if answer.fingerprint != fingerprint:
                raise KeyReused from None
        return answer

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        kept: timedelta = current_app.config["KEEP_ANSWERS"]
        return cls.created_at < now() - kept
