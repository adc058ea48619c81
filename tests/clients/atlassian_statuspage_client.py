"""A script as its user writes it with atlassian-statuspage; it tells what it got as JSON."""

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta

from atlassian_statuspage import (  # type: ignore[import-not-found]  # only in .venv/clients
    ApiClient,
    ComponentGroupsApi,
    ComponentsApi,
    Configuration,
    IncidentsApi,
    PagesApi,
    PatchPages,
    PatchPagesPage,
    PatchPagesPageIdComponentGroups,
    PatchPagesPageIdComponents,
    PatchPagesPageIdIncidents,
    PatchPagesPageIdIncidentsIncident,
    PostPagesPageIdComponentGroups,
    PostPagesPageIdComponentGroupsComponentGroup,
    PostPagesPageIdComponents,
    PostPagesPageIdComponentsComponent,
    PostPagesPageIdIncidents,
    PostPagesPageIdIncidentsIncident,
    PutPagesPageIdComponents,
    PutPagesPageIdIncidents,
)
from atlassian_statuspage.rest import ApiException  # type: ignore[import-not-found]  # only in .venv/clients

PAGE = os.environ["PAGE"]

configuration = Configuration()
configuration.host = f"{os.environ['HOST']}/api/v1"
configuration.api_key["Authorization"] = os.environ["KEY"]
configuration.api_key_prefix["Authorization"] = "Bearer"
client = ApiClient(configuration)
pages, components, incidents = PagesApi(client), ComponentsApi(client), IncidentsApi(client)
groups = ComponentGroupsApi(client)
told: dict[str, object] = {}


def to_json(found: object) -> object:
    """A model by its fields, and a time so that it is told from a text."""
    if isinstance(found, date):
        return {type(found).__name__: found.isoformat()}
    return found.to_dict()  # type: ignore[attr-defined]  # the client has no types


def component(**fields: object) -> object:
    return PostPagesPageIdComponentsComponent(**fields)


def new_incident(**fields: object) -> object:
    return PostPagesPageIdIncidents(incident=PostPagesPageIdIncidentsIncident(**fields))


def changes(**fields: object) -> object:
    return PatchPagesPageIdIncidentsIncident(**fields)


told["page"] = pages.get_pages_page_id(PAGE)
told["pages"] = pages.get_pages()
told["patched page"] = pages.patch_pages_page_id(
    PatchPages(page=PatchPagesPage(name="Acme", time_zone="Europe/Berlin")), PAGE
)

web, db = (
    components.post_pages_page_id_components(PostPagesPageIdComponents(component=given), PAGE)
    for given in (
        component(name="Web", description="What people see", showcase=True, start_date=date(2026, 1, 31)),
        component(name="Database", status="operational", only_show_if_degraded=True),
    )
)
told["created component"] = web
told["components"] = components.get_pages_page_id_components(PAGE, per_page=100, page=1)
told["patched component"] = components.patch_pages_page_id_components_component_id(
    PatchPagesPageIdComponents(component=component(status="partial_outage")), PAGE, web.id
)
told["put component"] = components.put_pages_page_id_components_component_id(
    PutPagesPageIdComponents(component=component(name="Website", description="Pages")), PAGE, web.id
)
told["component"] = components.get_pages_page_id_components_component_id(PAGE, web.id)

back = groups.post_pages_page_id_component_groups(
    PostPagesPageIdComponentGroups(
        description="What nobody sees",
        component_group=PostPagesPageIdComponentGroupsComponentGroup(name="Back", components=[db.id]),
    ),
    PAGE,
)
told["created group"] = back
told["component in a group"] = components.get_pages_page_id_components_component_id(PAGE, db.id)
told["patched group"] = groups.patch_pages_page_id_component_groups_id(
    PatchPagesPageIdComponentGroups(
        component_group=PostPagesPageIdComponentGroupsComponentGroup(name="All", components=[web.id, db.id])
    ),
    PAGE,
    back.id,
)
told["groups"] = groups.get_pages_page_id_component_groups(PAGE)
told["uptime"] = components.get_pages_page_id_components_component_id_uptime(PAGE, web.id)
told["uptime of a group"] = groups.get_pages_page_id_component_groups_id_uptime(PAGE, back.id)
told["deleted group"] = groups.delete_pages_page_id_component_groups_id(PAGE, back.id)
told["groups left"] = groups.get_pages_page_id_component_groups(PAGE)

slow = incidents.post_pages_page_id_incidents(
    new_incident(
        name="Slow answers",
        status="investigating",
        body="We look into it.",
        component_ids=[web.id, db.id],
        components={db.id: "major_outage"},
        impact_override="critical",
        metadata={"ticket": {"number": 7}},
        deliver_notifications=False,
    ),
    PAGE,
)
told["created incident"] = slow
told["unresolved"] = incidents.get_pages_page_id_incidents_unresolved(PAGE)
told["patched incident"] = incidents.patch_pages_page_id_incidents_incident_id(
    PatchPagesPageIdIncidents(incident=changes(status="monitoring", body="A fix is out.")), PAGE, slow.id
)
told["put incident"] = incidents.put_pages_page_id_incidents_incident_id(
    PutPagesPageIdIncidents(
        incident=changes(status="resolved", components={web.id: "operational", db.id: "operational"})
    ),
    PAGE,
    slow.id,
)
told["incident"] = incidents.get_pages_page_id_incidents_incident_id(PAGE, slow.id)
told["unresolved afterwards"] = incidents.get_pages_page_id_incidents_unresolved(PAGE)
told["components afterwards"] = components.get_pages_page_id_components(PAGE)

start = datetime.now(UTC) + timedelta(days=1)
move = incidents.post_pages_page_id_incidents(
    new_incident(
        name="Move to another rack",
        status="scheduled",
        scheduled_for=start,
        scheduled_until=start + timedelta(hours=2),
        scheduled_auto_in_progress=True,
        component_ids=[web.id],
    ),
    PAGE,
)
told["start"] = start
told["created maintenance"] = move
deploy = incidents.post_pages_page_id_incidents(
    new_incident(name="Deploy", status="in_progress", component_ids=[db.id]), PAGE
)
told["scheduled"] = incidents.get_pages_page_id_incidents_scheduled(PAGE)
told["upcoming"] = incidents.get_pages_page_id_incidents_upcoming(PAGE)
told["active"] = incidents.get_pages_page_id_incidents_active_maintenance(PAGE)
told["component in maintenance"] = components.get_pages_page_id_components_component_id(PAGE, db.id)
told["completed"] = incidents.patch_pages_page_id_incidents_incident_id(
    PatchPagesPageIdIncidents(incident=changes(status="completed")), PAGE, deploy.id
)
told["active afterwards"] = incidents.get_pages_page_id_incidents_active_maintenance(PAGE)
told["component after maintenance"] = components.get_pages_page_id_components_component_id(PAGE, db.id)

told["incidents"] = incidents.get_pages_page_id_incidents(PAGE)
told["found"] = incidents.get_pages_page_id_incidents(PAGE, q="SLOW")
told["second"] = incidents.get_pages_page_id_incidents(PAGE, limit=1, page=2)

told["deleted incident"] = incidents.delete_pages_page_id_incidents_incident_id(PAGE, slow.id)
told["deleted component"] = components.delete_pages_page_id_components_component_id(PAGE, db.id)
told["incidents left"] = incidents.get_pages_page_id_incidents(PAGE)
told["components left"] = components.get_pages_page_id_components(PAGE)
try:
    incidents.get_pages_page_id_incidents_incident_id(PAGE, slow.id)
except ApiException as error:
    told["status of a deleted one"] = error.status

json.dump(told, sys.stdout, default=to_json)
