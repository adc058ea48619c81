"""A day on which a component wasn’t operational; other days have no row."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import product

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.status_pages.identifier import ID_LENGTH
from spk.models.status_pages.vocabulary import Impact, worst

HISTORY_DAYS = 90  # days
DOWN: tuple[Impact, ...] = ("minor", "major", "critical")  # of which a day has the seconds


class ComponentDay(Base):
    """The worst impact on a component on one day, and the seconds of each but for maintenance."""

    __tablename__ = "component_days"

    component_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("components.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    impact: Mapped[Impact] = mapped_column(String(16))
    minor: Mapped[int] = mapped_column(default=0, server_default="0")
    major: Mapped[int] = mapped_column(default=0, server_default="0")
    critical: Mapped[int] = mapped_column(default=0, server_default="0")

    @classmethod
    def record(cls, component_ids: list[str], impact: Impact, seconds: Mapping[date, int]) -> None:
        """Record an impact for each day that has none as bad, and how long it lasted on each.

        Days older than the history are deleted.
        """
        own = cls.component_id.in_(component_ids)
        oldest = now().date() - timedelta(days=HISTORY_DAYS + 1)  # wherever on Earth
        db.session.execute(delete(cls).where(own, cls.day < oldest))
        recorded = db.session.scalars(select(cls).where(own, cls.day.in_(seconds)))
        known = {(row.component_id, row.day): row for row in recorded}
        for component_id, (day, lasted) in product(component_ids, seconds.items()):
            row = known.get((component_id, day))
            if not row:
                row = cls(component_id=component_id, day=day, impact=impact, minor=0, major=0, critical=0)
                db.session.add(row)
            row.impact = worst([row.impact, impact])
            if impact in DOWN:
                setattr(row, impact, getattr(row, impact) + max(1, lasted))


def days_since(start: datetime, zone: tzinfo) -> list[date]:
    """The days from then until today in a time zone, at most as many as the history has."""
    return days_between(min(start, now()), now(), zone)


def days_between(start: datetime, end: datetime, zone: tzinfo) -> list[date]:
    """The days of a period in a time zone as far as the history goes; none that begins as it ends."""
    oldest = now().astimezone(zone).date() - timedelta(days=HISTORY_DAYS - 1)
    first = max(start.astimezone(zone).date(), oldest)
    last = max(start, end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def seconds_by_day(start: datetime, end: datetime, zone: tzinfo) -> dict[date, int]:
    """How long a period lasts on each of its days."""
    seconds = {}
    for day in days_between(start, end, zone):
        lasted = min(end, midnight(day, 1, zone)) - max(start, midnight(day, 0, zone))
        seconds[day] = max(0, round(lasted.total_seconds()))
    return seconds


def midnight(day: date, later: int, zone: tzinfo) -> datetime:
    """When a day begins in a time zone, or one so many days later; in UTC, as days may have 23 hours."""
    return datetime.combine(day + timedelta(days=later), time(), zone).astimezone(UTC)
