"""What a list has of each incident: bounded, however much has been written."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm.attributes import set_committed_value

from spk.db import db
from spk.models.status_pages.component import Component
from spk.models.status_pages.incident import Incident, incident_components
from spk.models.status_pages.incident_update import IncidentUpdate

UPDATES_OF_EACH = 10
CHARACTERS = 250_000  # of all updates on a list
AFFECTING_LIMIT = 1_000  # pairs of a component and an incident
COMPONENTS = 500  # on a list, counted once for each incident


def load_updates(incidents: list[Incident]) -> None:
    """Load the newest updates of each, and in `earlier_updates` the number of those left off."""
    totals, ids = _choose_updates([incident.id for incident in incidents])
    shown = (
        select(IncidentUpdate).where(IncidentUpdate.id.in_(ids)).order_by(IncidentUpdate.created_at.desc())
    )
    updates = defaultdict(list)
    for update in db.session.scalars(shown):
        updates[update.incident_id].append(update)
    for incident in incidents:
        set_committed_value(incident, "updates", updates[incident.id])
        incident.earlier_updates = totals.get(incident.id, 0) - len(updates[incident.id])


def load_components(incidents: list[Incident], components: list[Component]) -> None:
    """Set the components of each, and in `more_components` the number of those left off."""
    affected = select(incident_components).where(
        incident_components.c.incident_id.in_([incident.id for incident in incidents])
    )
    ids = defaultdict(set)
    for incident_id, component_id in db.session.execute(affected):
        ids[incident_id].add(component_id)
    room = COMPONENTS
    for incident in incidents:
        shown = [component for component in components if component.id in ids[incident.id]][:room]
        set_committed_value(incident, "components", shown)
        incident.more_components = len(ids[incident.id]) - len(shown)
        room -= len(shown)


def _choose_updates(incident_ids: list[str]) -> tuple[dict[str, int], list[str]]:
    """How many updates each incident has, and which of them fit on a list, the newest of each first."""
    incident = IncidentUpdate.incident_id
    numbered = (
        select(
            IncidentUpdate.id,
            func.row_number()
            .over(partition_by=incident, order_by=IncidentUpdate.created_at.desc())
            .label("number"),
            func.count().over(partition_by=incident).label("total"),
        )
        .where(IncidentUpdate.incident_id.in_(incident_ids))
        .subquery()
    )
    affected = func.coalesce(func.length(cast(IncidentUpdate.affected_components, Text)), 0)
    newest = (
        select(
            IncidentUpdate.id,
            IncidentUpdate.incident_id,
            numbered.c.total,
            (func.length(func.coalesce(IncidentUpdate.html, IncidentUpdate.body)) + affected).label("length"),
        )
        .join(numbered, numbered.c.id == IncidentUpdate.id)
        .where(numbered.c.number <= UPDATES_OF_EACH)
        .order_by(numbered.c.number, IncidentUpdate.created_at.desc())
    )
    totals, ids, room = {}, [], CHARACTERS
    for update_id, incident_id, total, length in db.session.execute(newest):
        totals[incident_id] = total
        room -= length
        if room >= 0:
            ids.append(update_id)
    return totals, ids


def affecting(
    component_ids: list[str], start: datetime, end: datetime, limit: int = AFFECTING_LIMIT
) -> dict[str, list[Incident]]:
    """What affected each of these components in a period, latest first, so many pairs at most."""
    pairs = select(incident_components.c.component_id, Incident).join(Incident)
    during = Incident.started_at <= end, Incident.ends_at >= start
    latest = pairs.where(incident_components.c.component_id.in_(component_ids), *during)
    found: dict[str, list[Incident]] = defaultdict(list)
    for component_id, incident in db.session.execute(
        latest.order_by(Incident.started_at.desc()).limit(limit)
    ):
        found[component_id].append(incident)
    return found
