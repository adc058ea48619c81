"""What the clock has done to maintenance and nobody has written down yet: every view reads it here."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cache, cached_property

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import defer

from spk.db import db, now
from spk.models.status_pages.incident import Incident, incident_components
from spk.models.status_pages.schedule import UNFINISHED


class ClockReading:
    """The maintenance of a page that has started and isn’t written down as over, as of now."""

    def __init__(self) -> None:
        self.started: list[Incident] = []
        self._days_of = cache(Incident.days)

    @cached_property
    def by_component(self) -> dict[str, list[Incident]]:
        """The maintenance of each component, by its id."""
        load_components([self])
        return self.by_component

    @cached_property
    def running(self) -> set[str]:
        """The ids of the components in maintenance now."""
        found = self.by_component.items()
        return {component_id for component_id, all_of in found if any(each.is_open for each in all_of)}

    def days(self, component_id: str) -> set[date]:
        """The days on which a component was in maintenance."""
        return set().union(*map(self._days_of, self.by_component.get(component_id, [])))

    def changed_at(self, component_id: str | None = None) -> datetime | None:
        """When the clock last started or ended some, of a component or of any."""
        some = self.started if component_id is None else self.by_component.get(component_id, [])
        return max((time for incident in some for _, time in incident.clock_steps()), default=None)


def read_clock(page_ids: list[str]) -> dict[str, ClockReading]:
    """The readings of several pages, in one query.

    What has ended and isn’t written down is no more than was open at once, which a plan bounds: see
    `PageIncidents.write_down_ended`.
    """
    readings = {page_id: ClockReading() for page_id in page_ids}
    started = select(Incident).where(_has_started(page_ids)).options(defer(Incident.details))
    for incident in db.session.scalars(started):
        readings[incident.page_id].started.append(incident)
    return readings


def load_components(readings: Sequence[ClockReading]) -> None:
    """Load the maintenance of each component into several readings, in one query."""
    started = {incident.id: (incident, reading) for reading in readings for incident in reading.started}
    for reading in readings:
        reading.by_component = defaultdict(list)
    if started:
        page_ids = {incident.page_id for incident, _ in started.values()}
        affected = select(incident_components).join(Incident).where(_has_started(page_ids))
        for incident_id, component_id in db.session.execute(affected):
            incident, reading = started[incident_id]
            reading.by_component[component_id].append(incident)


def _has_started(page_ids: Collection[str]) -> ColumnElement[bool]:
    return and_(Incident.page_id.in_(page_ids), Incident.status.in_(UNFINISHED), Incident.has_started)


def next_step(page_id: str) -> datetime | None:
    """When the clock next starts or ends something on a page."""
    times = Incident.started_at, Incident.ends_at
    soonest = (select(func.min(time)).where(Incident.page_id == page_id, time > now()) for time in times)
    return min(filter(None, map(db.session.scalar, soonest)), default=None)
