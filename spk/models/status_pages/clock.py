"""What the clock has done to maintenance and nobody has written down yet: every view reads it here."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, cached_property

from sqlalchemy import select
from sqlalchemy.orm import defer

from spk.db import db
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
        return read_components([self])

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
    of_pages = Incident.page_id.in_(page_ids), Incident.status.in_(UNFINISHED), Incident.has_started
    for incident in db.session.scalars(select(Incident).where(*of_pages).options(defer(Incident.details))):
        readings[incident.page_id].started.append(incident)
    return readings


def read_components(readings: Sequence[ClockReading]) -> dict[str, list[Incident]]:
    """The maintenance of each component, for several readings, in one query."""
    incidents = {incident.id: incident for reading in readings for incident in reading.started}
    found: dict[str, list[Incident]] = defaultdict(list)
    if incidents:
        page_ids = {incident.page_id for incident in incidents.values()}
        of_pages = Incident.page_id.in_(page_ids), Incident.status.in_(UNFINISHED), Incident.has_started
        affected = select(incident_components).join(Incident).where(*of_pages)
        for incident_id, component_id in db.session.execute(affected):
            found[component_id].append(incidents[incident_id])
    return found
