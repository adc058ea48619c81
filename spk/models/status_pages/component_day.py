"""A day on which a component wasn’t operational; other days have no row."""

from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.status_pages.identifier import ID_LENGTH
from spk.models.status_pages.vocabulary import Impact, worst

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
    def record(cls, component_id: str, impact: Impact, days: list[date]) -> None:
        """Record an impact for each day that has none as bad; delete days older than the history."""
        oldest = days[-1] - timedelta(days=HISTORY_DAYS)
        db.session.execute(delete(cls).where(cls.component_id == component_id, cls.day < oldest))
        recorded = db.session.scalars(select(cls).where(cls.component_id == component_id, cls.day.in_(days)))
        found = {each.day: each for each in recorded}
        for day in days:
            if day in found:
                found[day].impact = worst([found[day].impact, impact])
            else:
                db.session.add(cls(component_id=component_id, day=day, impact=impact))


def days_since(start: datetime, zone: tzinfo) -> list[date]:
    """The days from then until today in a time zone, at most as many as the history has."""
    today = now().astimezone(zone).date()
    first = max(min(start, now()).astimezone(zone).date(), today - timedelta(days=HISTORY_DAYS - 1))
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]
