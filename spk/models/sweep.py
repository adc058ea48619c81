"""Sweeping: rows that nobody needs any more are deleted, oldest first and a few at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now, reading, writing
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
        is_due = cls.started_at < now() - INTERVAL
        claimed = update(cls).where(is_due).values(started_at=now()).returning(cls.id)
        return db.session.scalar(claimed) is not None


def sweep() -> Iterator[tuple[str, int]]:
    """Delete what is outdated, in many transactions; yields the table and the rows deleted after each."""
    for model in SWEPT:
        (key,) = model.__table__.primary_key
        while True:
            with reading():
                outdated = select(key).where(model.is_outdated()).order_by(key).limit(STEP)
                keys = list(db.session.scalars(outdated))
            if not keys:
                break
            with writing():
                db.session.execute(delete(model).where(key.in_(keys), model.is_outdated()))
            yield model.__tablename__, len(keys)


def count_rows() -> dict[str, int]:
    """The rows of each table, read outside any transaction."""
    with db.engines["autocommit"].connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }
