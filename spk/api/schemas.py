"""The JSON that the API returns, in the format of Atlassian Statuspage, so that its clients work."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from spk.models.status_pages.vocabulary import ComponentStatus, Impact, IncidentStatus


def iso(time: datetime) -> str:
    """ISO 8601 with milliseconds and offset."""
    return time.isoformat(timespec="milliseconds")


Time = Annotated[datetime, PlainSerializer(iso), WithJsonSchema({"type": "string", "format": "date-time"})]


class Schema(BaseModel):
    """JSON made from a record; every member is always present, even if it is null."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class PageSchema(Schema):
    """A status page, as its readers see it."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: Time = Field(validation_alias="changed_at")


class OwnPageSchema(PageSchema):
    """A status page, as its owner sees it."""

    slug: str
    description: str | None
    website: str | None
    accent: str | None
    frame_origins: tuple[str, ...]
    hidden_from_search: bool
    created_at: Time


class ComponentSchema(Schema):
    """A component with its current status."""

    id: str
    name: str
    status: ComponentStatus = Field(validation_alias="current_status")
    created_at: Time
    updated_at: Time = Field(validation_alias="changed_at")
    position: int
    description: str | None
    showcase: bool
    start_date: date | None
    group_id: str | None
    page_id: str
    group: Literal[False] = False
    only_show_if_degraded: bool


class OwnComponentSchema(ComponentSchema):
    """A component with its slug, as its owner sees it."""

    slug: str


class ComponentGroupSchema(Schema):
    """A group with the ids of its components, as its owner sees it."""

    id: str
    page_id: str
    name: str
    slug: str
    description: str | None
    components: list[str] = Field(validation_alias="component_ids")
    position: int
    created_at: Time
    updated_at: Time = Field(validation_alias="changed_at")


class GroupEntrySchema(ComponentSchema):
    """A group among the components that it has: as bad as its worst, under the fields of a component."""

    showcase: Literal[False] = False
    start_date: None = None
    group_id: None = None
    group: Literal[True] = True  # type: ignore[assignment]  # by which readers tell it from a component
    only_show_if_degraded: Literal[False] = False
    components: list[str] = Field(validation_alias="component_ids")


class AffectedComponentSchema(Schema):
    """How a component’s status changed with an update; `code` is its id."""

    code: str
    name: str
    old_status: ComponentStatus
    new_status: ComponentStatus


class IncidentUpdateSchema(Schema):
    """One entry of an incident’s timeline."""

    id: str
    status: IncidentStatus
    body: str
    incident_id: str
    created_at: Time
    updated_at: Time = Field(validation_alias="changed_at")
    display_at: Time = Field(validation_alias="created_at")
    affected_components: list[AffectedComponentSchema] | None
    deliver_notifications: bool
    custom_tweet: None = None
    tweet_id: None = None


class IncidentSchema(Schema):
    """An incident with its updates, newest first."""

    id: str
    name: str
    status: IncidentStatus = Field(validation_alias="current_status")
    created_at: Time
    updated_at: Time = Field(validation_alias="changed_at")
    monitoring_at: Time | None
    resolved_at: Time | None
    impact: Impact
    shortlink: str
    started_at: Time
    page_id: str
    incident_updates: list[IncidentUpdateSchema] = Field(validation_alias="timeline")
    components: list[ComponentSchema]


class MaintenanceSchema(IncidentSchema):
    """A planned maintenance."""

    scheduled_for: Time | None
    scheduled_until: Time | None


class OwnIncidentSchema(MaintenanceSchema):
    """An incident or a maintenance, as its owner sees it."""

    slug: str
    components: list[OwnComponentSchema]  # type: ignore[assignment]  # a subclass with the slug
    impact_override: Impact | None
    metadata: dict[str, Any] = Field(validation_alias="details")


class StatusSchema(Schema):
    """The overall status of all components and incidents."""

    indicator: Impact
    description: str = Field(validation_alias="indicator_description")
