"""Sweeping: rows that nobody needs any more are deleted, oldest first and a few at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, is_within, now, reading, writing
from spk.models.accounts.browser_session import BrowserSession
from spk.models.accounts.event import Event
from spk.models.accounts.idempotent_answer import IdempotentAnswer
from spk.models.accounts.key_use import ApiKeyRefusal
from spk.models.accounts.sign_in_attempt import SignInAttempt
from spk.models.status_pages.former_slug import FormerSlug

STEP = 500  # rows deleted in one transaction: nobody waits long for its lock
INTERVAL = timedelta(days=1)
SWEPT = (Event, ApiKeyRefusal, IdempotentAnswer, BrowserSession, SignInAttempt, FormerSlug)


class Sweep(Base):
    """A single row with the start of the last sweep, so that of all workers one sweeps."""

    __tablename__ = "sweeps"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime]

    @classmethod
    def make_due(cls) -> None:
        """Let the next one who asks sweep."""
        db.session.merge(cls(id=1, started_at=datetime(1970, 1, 1, tzinfo=UTC)))

    @classmethod
    def claim(cls) -> bool:
        """Whether it is due, and the caller’s to make; it is nobody else’s then."""
        is_due = ~is_within(cls.started_at, INTERVAL)
        claimed = update(cls).where(is_due).values(started_at=now()).returning(cls.id)
        return db.session.scalar(claimed) is not None


def sweep() -> Iterator[tuple[str, int]]:
    """Delete what is outdated, in many transactions; yields the table and the rows deleted after each."""
    for model in SWEPT:
        for count in delete_in_steps(Base.metadata.tables[model.__tablename__], model.is_outdated()):
            yield model.__tablename__, count


def delete_in_steps(table: Table, condition: ColumnElement[bool]) -> Iterator[int]:
    """Delete these rows of a table with one primary key, in many transactions; yields how many in each."""
    (key,) = table.primary_key
    while True:
        with reading():
            keys = list(db.session.scalars(select(key).where(condition).order_by(key).limit(STEP)))
        if not keys:
            return
        with writing():
            db.session.execute(delete(table).where(key.in_(keys), condition))
        yield len(keys)
