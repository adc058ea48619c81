"""What can be said of an incident."""

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, JsonValue

from spk.models.status_pages.identifier import SLUG
from spk.models.status_pages.incident_update import BODY
from spk.models.status_pages.schedule import Schedule
from spk.models.status_pages.vocabulary import ComponentStatus, Impact, IncidentStatus
from spk.models.text import SingleLine

Statuses = dict[str, ComponentStatus | None]
NAME = SingleLine(255, empty="Enter a name for this incident.")


def to_statuses(components: object) -> object:
    """A list says only which components they are."""
    if isinstance(components, list) and all(isinstance(each, str) for each in components):
        return dict.fromkeys(components)
    return components


def to_list(ids: object) -> object:
    """One id stands for a list of it, as forms have it."""
    return [ids] if isinstance(ids, str) else ids


class IncidentFields(Schedule, total=False):
    """What else can be said of an incident."""

    slug: Annotated[str, SLUG]
    status: IncidentStatus
    impact_override: Impact | None
    body: Annotated[str, BODY, Field(validation_alias=AliasChoices("body", "message"))]
    component_ids: Annotated[list[str], BeforeValidator(to_list, list[str])]
    components: Annotated[
        dict[str, ComponentStatus | None],
        BeforeValidator(to_statuses, dict[str, ComponentStatus | None] | list[str]),
    ]
    metadata: dict[str, JsonValue]
    deliver_notifications: bool


class IncidentChanges(IncidentFields, total=False):
    """What is left out stays as it is."""

    name: Annotated[str, NAME]


class NewIncident(IncidentFields):
    """An incident needs a name; with a schedule or the status of a maintenance it is one."""

    name: Annotated[str, NAME]
