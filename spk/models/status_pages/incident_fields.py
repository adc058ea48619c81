"""The fields of an incident that can be set."""

import json
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, JsonValue

from spk.models.status_pages.identifier import SLUG
from spk.models.status_pages.incident_update import BODY
from spk.models.status_pages.schedule import Schedule, UtcTime
from spk.models.status_pages.vocabulary import ComponentStatus, Impact, IncidentStatus
from spk.models.text import SingleLine

Statuses = dict[str, ComponentStatus | None]
NAME = SingleLine(255, empty="Enter a name for this incident.", of_a_script=True)
MAINTENANCE_NAME = SingleLine(255, empty="Enter a name for this maintenance.", of_a_script=True)
MAX_COMPONENTS = 1_000  # of one incident; each is looked for among the page's
METADATA_LENGTH = 10_000  # characters of JSON


def to_statuses(components: object) -> object:
    """Turn a list of components, which has no statuses, into a mapping."""
    if isinstance(components, list) and all(isinstance(each, str) for each in components):
        return dict.fromkeys(components)
    return components


def to_list(ids: object) -> object:
    """Turn a single id, as a form may send it, into a list."""
    return [ids] if ids and isinstance(ids, str) else ids


def check_metadata(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The same; raises ValueError if it is too large."""
    if len(json.dumps(metadata)) > METADATA_LENGTH:
        raise ValueError(f"Use {METADATA_LENGTH:,} characters of JSON or fewer.")
    return metadata


class IncidentFields(Schedule, total=False):
    """The optional fields of an incident."""

    slug: Annotated[str, SLUG]
    status: IncidentStatus
    impact_override: Impact | None
    body: Annotated[str, BODY, Field(validation_alias=AliasChoices("body", "message"))]
    component_ids: Annotated[list[str], Field(max_length=MAX_COMPONENTS), BeforeValidator(to_list, list[str])]
    components: Annotated[
        dict[str, ComponentStatus | None],
        Field(max_length=MAX_COMPONENTS),
        BeforeValidator(to_statuses, dict[str, ComponentStatus | None] | list[str]),
    ]
    metadata: Annotated[dict[str, JsonValue], AfterValidator(check_metadata)]
    deliver_notifications: bool
    backfilled: bool
    backfill_date: UtcTime | date


class IncidentChanges(IncidentFields, total=False):
    """Fields to change; omitted ones stay as they are."""

    name: Annotated[str, NAME]


class NewIncident(IncidentFields):
    """A name is required; a schedule, or a status of maintenance, makes it a maintenance."""

    name: Annotated[str, NAME]
