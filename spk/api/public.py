"""The public API, without a key: /api/v2 for the default page, /p/{slug}/api/v2 for each page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypedDict

from flask import Blueprint, Response

from spk.api.operation import Operation
from spk.api.schemas import (
    ComponentSchema,
    GroupEntrySchema,
    IncidentSchema,
    MaintenanceSchema,
    PageSchema,
    Schema,
    StatusSchema,
)
from spk.models import Component, ComponentGroup, Incident, StatusPage
from spk.published_page import find_published_page
from spk.shared_copies import FOR_PROGRAMS, shared

bp = Blueprint("public_api", __name__)


class Parts(TypedDict, total=False):
    """What a view reads of a page; each response has some of it."""

    status: StatusPage
    components: list[Component | ComponentGroup]
    incidents: list[Incident]
    scheduled_maintenances: list[Incident]


Read = Callable[[StatusPage], Parts]


class PagePart(Schema):
    """The page, in every response."""

    page: PageSchema


class StatusPart(PagePart):
    """The page and its status."""

    status: StatusSchema


class ComponentsPart(PagePart):
    """The page and its components."""

    components: list[ComponentSchema | GroupEntrySchema]


class IncidentsPart(PagePart):
    """The page and incidents."""

    incidents: list[IncidentSchema]


class MaintenancesPart(PagePart):
    """The page and maintenance."""

    scheduled_maintenances: list[MaintenanceSchema]


class Summary(PagePart):
    """The page, its status, components, open incidents and maintenance."""

    components: list[ComponentSchema | GroupEntrySchema]
    incidents: list[IncidentSchema]
    scheduled_maintenances: list[MaintenanceSchema]
    status: StatusSchema


def published(path: str, response: type[Any]) -> Callable[[Read], Read]:
    """Serve what a view reads of a page, at both URLs."""
    operation = Operation(response)

    def decorate(read: Read) -> Read:
        @shared(FOR_PROGRAMS)
        @wraps(read)
        def run(slug: str | None = None) -> Response:
            page = find_published_page(slug)
            response = operation.respond({"page": page, **read(page)})
            response.headers["Link"] = f'<{page.url}/history>; rel="archives"'
            return response

        run.operation = operation  # type: ignore[attr-defined]  # for openapi.py
        bp.get(f"/api/v2/{path}.json")(run)
        bp.get(f"/p/<slug>/api/v2/{path}.json")(run)
        return read

    return decorate


@published("summary", Summary)
def summary(page: StatusPage) -> Parts:
    """Read the status, the components, the open incidents, and maintenance that isn’t over."""
    return {
        "components": list_components(page),
        "incidents": page.incidents.listed("open_realtime"),
        "scheduled_maintenances": page.incidents.listed("scheduled"),
        "status": page,
    }


@published("status", StatusPart)
def status(page: StatusPage) -> Parts:
    """Read the overall status."""
    return {"status": page}


@published("components", ComponentsPart)
def components(page: StatusPage) -> Parts:
    """Read the components."""
    return {"components": list_components(page)}


@published("incidents", IncidentsPart)
def incidents(page: StatusPage) -> Parts:
    """Read the 50 newest incidents."""
    return {"incidents": page.incidents.listed("realtime", limit=50)}


@published("incidents/unresolved", IncidentsPart)
def unresolved(page: StatusPage) -> Parts:
    """Read the open incidents."""
    return {"incidents": page.incidents.listed("open_realtime")}


@published("scheduled-maintenances", MaintenancesPart)
def maintenances(page: StatusPage) -> Parts:
    """Read the 50 newest maintenances."""
    return {"scheduled_maintenances": page.incidents.listed("maintenance", limit=50)}


@published("scheduled-maintenances/upcoming", MaintenancesPart)
def upcoming(page: StatusPage) -> Parts:
    """Read the upcoming maintenance."""
    return {"scheduled_maintenances": page.incidents.listed("upcoming")}


@published("scheduled-maintenances/active", MaintenancesPart)
def active(page: StatusPage) -> Parts:
    """Read the active maintenance."""
    return {"scheduled_maintenances": page.incidents.listed("active_maintenance")}


def list_components(page: StatusPage) -> list[Component | ComponentGroup]:
    """The components in order, after each group’s entry those that it has."""
    listed: list[Component | ComponentGroup] = []
    for block in page.blocks():
        listed += [block.group, *block.components] if block.group else block.components
    return listed
