"""The incidents of a page, real-time and planned."""

from flask import abort

from spk.api.auth import ApiBlueprint, action, current_caller, require_scope
from spk.api.operation import Operation
from spk.api.paging import Paging, SearchQuery
from spk.api.schemas import IncidentUpdateSchema, OwnIncidentSchema
from spk.models import Incident, StatusPage
from spk.models.status_pages.incident_fields import IncidentChanges, IncidentFields, NewIncident
from spk.models.status_pages.incident_list import load_updates
from spk.models.status_pages.incident_update import IncidentUpdate, UpdateChanges
from spk.models.status_pages.page_incidents import Kind, ListName

bp = ApiBlueprint("incidents", __name__, feature="status_pages", resources=("incidents", "maintenances"))


@bp.get("/pages/<page>/incidents")
@Operation(list[OwnIncidentSchema], paging=SearchQuery)
def list_incidents(page: StatusPage, paging: Paging) -> list[Incident]:
    """List incidents and maintenance, newest first."""
    return _listed(page, "all", paging)


@bp.post("/pages/<page>/incidents")
@Operation(OwnIncidentSchema, 201, body=NewIncident, wrapper="incident")
def create_incident(page: StatusPage, fields: NewIncident) -> Incident:
    """Open an incident, or plan a maintenance."""
    incident = page.incidents.create(**fields)
    _require_scopes(incident, fields)
    return incident


@bp.get("/pages/<page>/incidents/<any(unresolved, scheduled, upcoming, active_maintenance):which>")
@Operation(list[OwnIncidentSchema], paging=SearchQuery)
def list_some_incidents(page: StatusPage, which: ListName, paging: Paging) -> list[Incident]:
    """List what is unresolved, or maintenance that is scheduled and not over, upcoming, or active."""
    return _listed(page, which, paging)


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
    _require_scopes(found, fields)  # again, because a schedule makes an incident a maintenance
    load_updates([found])  # the answer may be stored, so it has a bound
    return found


@bp.delete("/pages/<page>/incidents/<incident>")
@Operation(OwnIncidentSchema)
def delete_incident(page: StatusPage, incident: str) -> Incident:
    """Delete an incident, and return it."""
    found = find_incident(page, incident)
    found.delete()
    return found


@bp.put("/pages/<page>/incidents/<incident>/incident_updates/<update>")
@bp.patch("/pages/<page>/incidents/<incident>/incident_updates/<update>")
@Operation(IncidentUpdateSchema, body=UpdateChanges, wrapper="incident_update")
def correct_update(page: StatusPage, incident: str, update: str, fields: UpdateChanges) -> IncidentUpdate:
    """Correct what an update says, or when it was said."""
    corrected = find_incident(page, incident).correct_update(update, **fields)
    return corrected or abort(404, "This incident has no such update.")


def find_incident(page: StatusPage, key: str) -> Incident:
    """An incident of the page, of a kind for which the key has the scope."""
    incident = page.incidents.find(key) or abort(404, "There is no such incident on this page.")
    _require_scopes(incident)
    return incident


def _require_scopes(incident: Incident, fields: IncidentFields | None = None) -> None:
    resource = "maintenances" if incident.is_maintenance else "incidents"
    require_scope(f"{resource}:{action()}")
    by_itself = (
        {None, "under_maintenance"} if incident.is_maintenance else {None}
    )  # what it sets without being told
    if fields and not by_itself.issuperset((fields.get("components") or {}).values()):
        require_scope("components:write")


def _listed(page: StatusPage, which: ListName, paging: Paging) -> list[Incident]:
    """Those of the kinds for which the key has the scope: of one at least, or the hook had refused it."""
    may = current_caller().may
    kind: Kind = "all" if may("incidents:read") else "maintenance"
    if not may("maintenances:read"):
        kind = "realtime"
    found = page.incidents.listed
    return found(which, kind=kind, search=paging.search, limit=paging.limit, offset=paging.offset)
