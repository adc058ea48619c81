"""How a key was used: its days, and its last refusals."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.accounts.api_key import ApiKey

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
    address: Mapped[str | None] = mapped_column(String(45))


@dataclass(frozen=True)
class KeyUse:
    """A key’s last thirty days, oldest first, and its last refusals, newest first."""

    days: list[ApiKeyDay]
    refusals: list[ApiKeyRefusal]

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
    def of(cls, key: ApiKey) -> "KeyUse":
        today = now().date()
        first = today - timedelta(days=DAYS - 1)
        rows = select(ApiKeyDay).where(ApiKeyDay.api_key_id == key.id, ApiKeyDay.day >= first)
        found = {row.day: row for row in db.session.scalars(rows)}
        days = [first + timedelta(days=number) for number in range(DAYS)]
        refusals = select(ApiKeyRefusal).where(ApiKeyRefusal.api_key_id == key.id)
        return cls(
            [found.get(day) or ApiKeyDay(day=day, successes=0, refusals=0) for day in days],
            list(db.session.scalars(refusals.order_by(ApiKeyRefusal.id.desc()).limit(REFUSALS))),
        )
