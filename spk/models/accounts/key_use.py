"""How a key was used: its days, and its last refusals."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.column_types import Address
from spk.db import Base, db, now
from spk.models.accounts.api_key import ApiKey
from spk.models.text import shown

DAYS = 30  # that are kept
REFUSALS = 20  # that are kept of each key
PATH_LENGTH = 200  # characters


class ApiKeyDay(Base):
    """What became of the requests with a key on a day in UTC; a day without any has no row."""

    __tablename__ = "api_key_days"

    api_key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    successes: Mapped[int]
    refusals: Mapped[int]


class ApiKeyRefusal(Base):
    """A request with a key that was refused: an answer of 400 to 499."""

    __tablename__ = "api_key_refusals"

    id: Mapped[int] = mapped_column(primary_key=True)
    api_key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    status: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(PATH_LENGTH))
    address: Mapped[str | None] = mapped_column(Address)

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        kept: timedelta = current_app.config["KEEP_EVENTS"]
        return cls.created_at < now() - kept


@dataclass(frozen=True)
class Refused:
    """A refusal that has yet to be written."""

    created_at: datetime
    status: int
    reason: str
    path: str
    address: str | None

    @classmethod
    def now(cls, status: int, reason: str | None, path: str, address: str | None) -> "Refused":
        path = shown(path[:500])[:PATH_LENGTH]
        return cls(now(), status, (reason or "")[:40], path, address)


@dataclass
class Uses:
    """Of one key, since they were last written."""

    successes: Counter[date] = field(default_factory=Counter)
    refusals: Counter[date] = field(default_factory=Counter)
    last: deque[Refused] = field(default_factory=lambda: deque(maxlen=REFUSALS))
    tries: int = 0  # of a key that has ended

    def add(self, other: "Uses") -> None:
        self.successes += other.successes
        self.refusals += other.refusals
        self.last.extend(other.last)
        self.tries += other.tries


class Day(NamedTuple):
    """What became of the requests on a day."""

    day: date
    successes: int
    refusals: int


@dataclass(frozen=True)
class KeyUse:
    """A key’s last thirty days, oldest first, and its last refusals, newest first."""

    days: list[Day]
    refusals: list[ApiKeyRefusal | Refused]

    @property
    def success_count(self) -> int:
        return sum(day.successes for day in self.days)

    @property
    def refusal_count(self) -> int:
        return sum(day.refusals for day in self.days)

    @property
    def most(self) -> int:
        """Requests of the busiest day."""
        return max(day.successes + day.refusals for day in self.days)

    @classmethod
    def of(cls, key: ApiKey, pending: Uses | None = None) -> "KeyUse":
        """As it was written, with what has yet to be."""
        pending, today = pending or Uses(), now().date()
        first = today - timedelta(days=DAYS - 1)
        rows = select(ApiKeyDay).where(ApiKeyDay.api_key_id == key.id, ApiKeyDay.day >= first)
        found = {row.day: row for row in db.session.scalars(rows)}
        days = []
        for day in (first + timedelta(days=number) for number in range(DAYS)):
            row = found.get(day)
            successes, refusals = (row.successes, row.refusals) if row else (0, 0)
            days.append(Day(day, successes + pending.successes[day], refusals + pending.refusals[day]))
        written = select(ApiKeyRefusal).where(ApiKeyRefusal.api_key_id == key.id)
        last = db.session.scalars(written.order_by(ApiKeyRefusal.id.desc()).limit(REFUSALS))
        return cls(days, [*reversed(pending.last), *last][:REFUSALS])
