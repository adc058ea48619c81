"""Failed sign-ins, counted in the database: the same limit over all workers and restarts."""

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
    """One try of a password, written before it is hashed and removed where it was right."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    @classmethod
    def count(cls, *subjects: str) -> list[int]:
        """Count a try for each subject, an account or an address, by ids; raises TooManyAttempts.

        Commit before hashing the password, so that tries at the same moment are all counted.
        """
        limit: RateLimitItem = current_app.config["LOGIN_LIMIT"]
        window = timedelta(seconds=limit.get_expiry())
        # A subject is whatever somebody typed: only its hash is kept.
        attempts = [cls(who=hashlib.sha256(subject.encode()).hexdigest()) for subject in subjects]
        take_advisory_locks(*(attempt.who for attempt in attempts))
        db.session.execute(delete(cls).where(cls.created_at < now() - window))
        for attempt in attempts:
            tries, oldest = db.session.execute(
                select(func.count(), func.min(cls.created_at)).where(cls.who == attempt.who)
            ).one()
            if tries >= limit.amount:
                raise TooManyAttempts(max(1, round((oldest + window - now()).total_seconds())))
        db.session.add_all(attempts)
        db.session.flush()
        return [attempt.id for attempt in attempts]

    @classmethod
    def forgive(cls, ids: list[int]) -> None:
        """Take back tries that turned out right."""
        db.session.execute(delete(cls).where(cls.id.in_(ids)))
