"""A day on which a component wasn’t operational; other days have no row."""

from datetime import date, datetime, timedelta, tzinfo
from itertools import product

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.status_pages.identifier import ID_LENGTH
from spk.models.status_pages.vocabulary import IMPACTS, Impact

HISTORY_DAYS = 90  # days


class ComponentDay(Base):
    """The worst impact on a component on one day."""

    __tablename__ = "component_days"

    component_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("components.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    impact: Mapped[Impact] = mapped_column(String(16))

    @classmethod
    def record(cls, component_ids: list[str], impact: Impact, days: list[date]) -> None:
        """Record an impact for each day that has none as bad; delete days older than the history."""
        own, less_bad = cls.component_id.in_(component_ids), IMPACTS[: IMPACTS.index(impact)]
        oldest = now().date() - timedelta(days=HISTORY_DAYS + 1)  # wherever on Earth
        db.session.execute(delete(cls).where(own, cls.day < oldest))
        of_days = own, cls.day.in_(days)
        recorded = db.session.execute(select(cls.component_id, cls.day, cls.impact).where(*of_days))
        known = {(component_id, day): known_impact for component_id, day, known_impact in recorded}
        if any(known_impact in less_bad for known_impact in known.values()):
            db.session.execute(update(cls).where(*of_days, cls.impact.in_(less_bad)).values(impact=impact))
        db.session.add_all(
            cls(component_id=component_id, day=day, impact=impact)
            for component_id, day in product(component_ids, days)
            if (component_id, day) not in known
        )


def days_since(start: datetime, zone: tzinfo) -> list[date]:
    """The days from then until today in a time zone, at most as many as the history has."""
    return days_between(min(start, now()), now(), zone)


def days_between(start: datetime, end: datetime, zone: tzinfo) -> list[date]:
    """The days of a period in a time zone as far as the history goes; none that begins as it ends."""
    oldest = now().astimezone(zone).date() - timedelta(days=HISTORY_DAYS - 1)
    first = max(start.astimezone(zone).date(), oldest)
    last = max(start, end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
