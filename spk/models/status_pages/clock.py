"""What the clock has done to maintenance and nobody has written down yet: every view reads it here."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import defer

from spk.db import db
from spk.models.status_pages.component_day import days_between
from spk.models.status_pages.incident import Incident, incident_components
from spk.models.status_pages.schedule import UNFINISHED


@dataclass
class ClockReading:
    """The maintenance of a page that has started, as of now."""

    changed_at: datetime | None = None  # when the clock last started or ended one
    components_changed_at: dict[str, datetime] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)  # the components in one
    days: defaultdict[str, set[date]] = field(default_factory=lambda: defaultdict(set))  # of each component

    def add(self, incident: Incident, component_ids: list[str]) -> None:
        if not incident.has_started:
            return
        days = days_between(*incident.lasted(), incident.page.zone)
        for component_id in component_ids:
            self.days[component_id].update(days)
        if incident.is_open:
            self.running.update(component_ids)
        for _, time in incident.clock_steps():
            self.changed_at = max(time, self.changed_at or time)
            for component_id in component_ids:
                earlier = self.components_changed_at.get(component_id, time)
                self.components_changed_at[component_id] = max(time, earlier)


def read_clock(page_ids: list[str]) -> dict[str, ClockReading]:
    """The readings of several pages, in two queries.

    What has ended and isn’t written down is no more than was open at once, which a plan bounds: see
    `PageIncidents.follow_clock`.
    """
    readings = {page_id: ClockReading() for page_id in page_ids}
    unfinished = select(Incident).where(Incident.page_id.in_(page_ids), Incident.status.in_(UNFINISHED))
    incidents = db.session.scalars(unfinished.options(defer(Incident.details))).all()
    if incidents:
        columns, component_ids = incident_components.c, defaultdict(list)
        affected = select(columns.incident_id, columns.component_id)
        ids = [incident.id for incident in incidents]
        for incident_id, component_id in db.session.execute(affected.where(columns.incident_id.in_(ids))):
            component_ids[incident_id].append(component_id)
        for incident in incidents:
            readings[incident.page_id].add(incident, component_ids[incident.id])
    return readings
