"""What everybody may read without a key: /api/v2 for the default page, /p/{slug}/api/v2 for each."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort

from spk.api.operation import Operation
from spk.api.schemas import (
    ComponentSchema,
    IncidentSchema,
    MaintenanceSchema,
    PageSchema,
    Schema,
    StatusSchema,
)
from spk.db import reading
from spk.headers import publish, share
from spk.models import StatusPage

bp = Blueprint("public_api", __name__)
bp.after_request(share)
Read = Callable[[StatusPage], dict[str, object]]


class PagePart(Schema):
    """What each answer begins with."""

    page: PageSchema


class StatusPart(PagePart):
    """The page and its status."""

    status: StatusSchema


class ComponentsPart(PagePart):
    """The page and its components."""

    components: list[ComponentSchema]


class IncidentsPart(PagePart):
    """The page and incidents."""

    incidents: list[IncidentSchema]


class MaintenancesPart(PagePart):
    """The page and maintenance."""

    scheduled_maintenances: list[MaintenanceSchema]


class Summary(PagePart):
    """All that is going on."""

    components: list[ComponentSchema]
    incidents: list[IncidentSchema]
    scheduled_maintenances: list[MaintenanceSchema]
    status: StatusSchema


def published(path: str, answers: type[Any]) -> Callable[[Read], Read]:
    """Serve what a view finds on a page at both addresses."""
    described = Operation(answers)

    def decorate(read: Read) -> Read:
        @wraps(read)
        def run(slug: str | None = None) -> Response:
            with reading():
                page = StatusPage.published(slug) or abort(404, "There is no such status page.")
                return publish(described.shaped({"page": page, **read(page)}))

        run.operation = described  # type: ignore[attr-defined]  # openapi.py asks for it
        bp.get(f"/api/v2/{path}.json")(run)
        bp.get(f"/p/<slug>/api/v2/{path}.json")(run)
        return read

    return decorate


@published("summary", Summary)
def summary(page: StatusPage) -> dict[str, object]:
    """Read all that is going on: components, open incidents, and maintenance that isn’t over."""
    return {
        "components": page.components,
        "incidents": page.incidents.listed("open_realtime"),
        "scheduled_maintenances": page.incidents.listed("scheduled"),
        "status": page,
    }


@published("status", StatusPart)
def status(page: StatusPage) -> dict[str, object]:
    """Read what all components and incidents come to."""
    return {"status": page}


@published("components", ComponentsPart)
def components(page: StatusPage) -> dict[str, object]:
    """Read the components."""
    return {"components": page.components}


@published("incidents", IncidentsPart)
def incidents(page: StatusPage) -> dict[str, object]:
    """Read the 50 newest incidents."""
    return {"incidents": page.incidents.listed("realtime", limit=50)}


@published("incidents/unresolved", IncidentsPart)
def unresolved(page: StatusPage) -> dict[str, object]:
    """Read the open incidents."""
    return {"incidents": page.incidents.listed("open_realtime")}


@published("scheduled-maintenances", MaintenancesPart)
def maintenances(page: StatusPage) -> dict[str, object]:
    """Read the 50 newest maintenances."""
    return {"scheduled_maintenances": page.incidents.listed("maintenance", limit=50)}


@published("scheduled-maintenances/upcoming", MaintenancesPart)
def upcoming(page: StatusPage) -> dict[str, object]:
    """Read the maintenance that is still to come."""
    return {"scheduled_maintenances": page.incidents.listed("upcoming")}


@published("scheduled-maintenances/active", MaintenancesPart)
def active(page: StatusPage) -> dict[str, object]:
    """Read the maintenance that is running."""
    return {"scheduled_maintenances": page.incidents.listed("active_maintenance")}
