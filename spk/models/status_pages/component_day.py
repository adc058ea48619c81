"""A day on which something was wrong with a component; good days have no row."""

from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.status_pages.identifier import ID_LENGTH
from spk.models.status_pages.vocabulary import Impact, worst

HISTORY = 90  # days


class ComponentDay(Base):
    """How bad it was at its worst."""

    __tablename__ = "component_days"

    component_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("components.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    impact: Mapped[Impact] = mapped_column(String(16))

    @classmethod
    def note(cls, component_id: str, impact: Impact, days: list[date]) -> None:
        """Write it down for each day, unless that day was worse already; forget what is older."""
        oldest = days[-1] - timedelta(days=HISTORY)
        db.session.execute(delete(cls).where(cls.component_id == component_id, cls.day < oldest))
        noted = db.session.scalars(select(cls).where(cls.component_id == component_id, cls.day.in_(days)))
        found = {each.day: each for each in noted}
        for day in days:
            if day in found:
                found[day].impact = worst([found[day].impact, impact])
            else:
                db.session.add(cls(component_id=component_id, day=day, impact=impact))


def days_since(start: datetime, zone: tzinfo) -> list[date]:
    """Each day from then until today, as a time zone has it, but no more than the history has."""
    today = now().astimezone(zone).date()
    first = max(start.astimezone(zone).date(), today - timedelta(days=HISTORY - 1))
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]
