"""The incidents of a page, real-time and planned."""

from flask import abort

from spk.api.auth import ApiBlueprint
from spk.api.operation import Operation
from spk.api.paging import Paging, SearchQuery
from spk.api.schemas import OwnIncidentSchema
from spk.models import Incident, StatusPage
from spk.models.status_pages.incident_fields import IncidentChanges, NewIncident
from spk.models.status_pages.incident_list import load_updates
from spk.models.status_pages.page_incidents import ListName

bp = ApiBlueprint("incidents", __name__, feature="status_pages")


@bp.get("/pages/<page>/incidents")
@Operation(list[OwnIncidentSchema], query=SearchQuery)
def list_incidents(page: StatusPage, paging: Paging) -> list[Incident]:
    """List incidents and maintenance, newest first."""
    return page.incidents.listed("all", search=paging.search, limit=paging.limit, offset=paging.offset)


@bp.post("/pages/<page>/incidents")
@Operation(OwnIncidentSchema, 201, body=NewIncident, wrapper="incident")
def create_incident(page: StatusPage, fields: NewIncident) -> Incident:
    """Open an incident, or plan a maintenance."""
    return page.incidents.create(**fields)


@bp.get("/pages/<page>/incidents/<any(unresolved, scheduled, upcoming, active_maintenance):which>")
@Operation(list[OwnIncidentSchema], query=SearchQuery)
def list_some_incidents(page: StatusPage, which: ListName, paging: Paging) -> list[Incident]:
    """List what is unresolved, or maintenance that is scheduled and not over, upcoming, or active."""
    return page.incidents.listed(which, search=paging.search, limit=paging.limit, offset=paging.offset)


@bp.get("/pages/<page>/incidents/<incident>")
@Operation(OwnIncidentSchema)
def show_incident(page: StatusPage, incident: str) -> Incident:
    """Show an incident with its updates."""
    return find_incident(page, incident)


@bp.put("/pages/<page>/incidents/<incident>")
@bp.patch("/pages/<page>/incidents/<incident>")
@Operation(OwnIncidentSchema, body=IncidentChanges, wrapper="incident")
def update_incident(page: StatusPage, incident: str, fields: IncidentChanges) -> Incident:
    """Change an incident; a `status` or a `body` becomes an update."""
    found = find_incident(page, incident)
    found.change(**fields)
    load_updates([found])  # the answer may be stored, so it has a bound
    return found


@bp.delete("/pages/<page>/incidents/<incident>")
@Operation(OwnIncidentSchema)
def delete_incident(page: StatusPage, incident: str) -> Incident:
    """Delete an incident, and return it."""
    found = find_incident(page, incident)
    found.delete()
    return found


def find_incident(page: StatusPage, key: str) -> Incident:
    return page.incidents.find(key) or abort(404, "There is no such incident on this page.")
