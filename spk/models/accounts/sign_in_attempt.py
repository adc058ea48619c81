"""Failed sign-ins, counted in the database so that the limit holds across workers and restarts."""

import hashlib
from datetime import datetime, timedelta

from flask import current_app
from limits import RateLimitItem
from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.advisory_lock import take_advisory_locks


class TooManyAttempts(Exception):
    """The limit is used up; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many attempts. Wait a minute and try again.")
        self.retry_after = retry_after


class SignInAttempt(Base):
    """One attempt at a password, recorded before it is verified and deleted if it was right."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    @classmethod
    def record(cls, *subjects: str) -> list[int]:
        """Record an attempt for each subject, an account or an address; their ids. Raises TooManyAttempts.

        Commit before verifying the password, so that simultaneous attempts are all counted.
        """
        limit: RateLimitItem = current_app.config["LOGIN_LIMIT"]
        window = timedelta(seconds=limit.get_expiry())
        # A subject may be anything that somebody typed, so only its hash is stored.
        attempts = [cls(who=hashlib.sha256(subject.encode()).hexdigest()) for subject in subjects]
        take_advisory_locks(*(attempt.who for attempt in attempts))
        db.session.execute(delete(cls).where(cls.created_at < now() - window))
        for attempt in attempts:
            count, oldest = db.session.execute(
                select(func.count(), func.min(cls.created_at)).where(cls.who == attempt.who)
            ).one()
            if count >= limit.amount:
                raise TooManyAttempts(max(1, round((oldest + window - now()).total_seconds())))
        db.session.add_all(attempts)
        db.session.flush()
        return [attempt.id for attempt in attempts]

    @classmethod
    def discard(cls, ids: list[int]) -> None:
        """Delete attempts whose password was right."""
        db.session.execute(delete(cls).where(cls.id.in_(ids)))
