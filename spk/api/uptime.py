"""How much of the time a component, or a group of them, was up."""

import calendar
import re
from datetime import date
from statistics import fmean
from typing import Annotated, Any

from pydantic import BeforeValidator
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.api.auth import ApiBlueprint
from spk.api.component_groups import find_group
from spk.api.components import find_component
from spk.api.operation import Operation
from spk.api.schemas import Schema, Time
from spk.db import now
from spk.models import Component, ComponentGroup, StatusPage
from spk.models.status_pages.incident_list import affecting
from spk.models.status_pages.uptime import check_period

bp = ApiBlueprint("uptime", __name__, feature="status_pages", resources=("analytics",))
Uptimes = dict[str, Any]  # what the schemas are made of
PARTIAL_DATE = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?(?:-([0-9]{2}))?")  # a year, a month or a day


def first_day(given: str) -> str:
    """The first day of a year or month; raises ValueError saying what to send."""
    year, month, day = parse_partial_date(given)
    return f"{year}-{month or '01'}-{day or '01'}"


def last_day(given: str) -> str:
    """The last day of a year or month; raises ValueError saying what to send."""
    year, month, day = parse_partial_date(given)
    return f"{year}-{month or '12'}-{day or calendar.monthrange(int(year), int(month or 12))[1]}"


def parse_partial_date(given: str) -> tuple[str, str | None, str | None]:
    partial = PARTIAL_DATE.fullmatch(given)
    if not partial or partial[1] == "0000" or (partial[3] and not partial[2]):
        raise ValueError("Use a day, a month or a year, like 2026-11-30, 2026-11 or 2026.")
    return partial[1], partial[2], partial[3]


class Period(TypedDict, total=False):
    """From one day to another, in the time zone of the page; a year or a month stands for all its days."""

    start: Annotated[date, BeforeValidator(first_day, str)]
    end: Annotated[date, BeforeValidator(last_day, str)]


class RelatedIncidentSchema(Schema):
    """An incident, by its id."""

    id: str


class RelatedEventsSchema(Schema):
    """The incidents that a component had."""

    component_id: str
    incidents: list[RelatedIncidentSchema]


class MeasuredSchema(Schema):
    """What both have; outages are in seconds."""

    id: str
    name: str
    range_start: Time
    range_end: Time
    uptime_percentage: float | None
    major_outage: int
    partial_outage: int
    warnings: str | None


class UptimeSchema(MeasuredSchema):
    """How much of the time a component was up; outages are in seconds."""

    related_events: RelatedEventsSchema


class GroupUptimeSchema(MeasuredSchema):
    """How much of the time the components of a group were up, on average; outages are in seconds."""

    related_events: list[RelatedEventsSchema]


@bp.get("/pages/<page>/components/<component>/uptime")
@Operation(UptimeSchema, query=Period)
def component_uptime(page: StatusPage, component: str, query: Period) -> Uptimes:
    """Read how much of the time a component was up, by default in the last 90 days."""
    found = find_component(page, component)
    answer = measure_all(found, [found], query)
    return {**answer, "related_events": answer["related_events"][0]}


@bp.get("/pages/<page>/component-groups/<group>/uptime")
@Operation(GroupUptimeSchema, query=Period)
def group_uptime(page: StatusPage, group: str, query: Period) -> Uptimes:
    """Read how much of the time the components of a group were up, on average."""
    found = find_group(page, group)
    components = [each for each in Component.with_days(page.id) if each.group_id == found.id]
    return measure_all(found, components, query)


def measure_all(found: Component | ComponentGroup, components: list[Component], query: Period) -> Uptimes:
    """The uptime of these components together, and the incidents of each."""
    first, last = query.get("start"), query.get("end")
    check_period(first, last, now().astimezone(found.page.zone).date())
    measured = [component.uptime(first, last) for component in components]
    known = [each for each in measured if each.days] or measured
    percentages = [each.uptime_percentage for each in measured if each.uptime_percentage is not None]
    start = min((each.range_start for each in known), default=now())
    end = max((each.range_end for each in known), default=now())
    incidents = affecting([component.id for component in components], start, end)
    return {
        "id": found.id,
        "name": found.name,
        "range_start": start,
        "range_end": end,
        "uptime_percentage": fmean(percentages) if percentages else None,
        "major_outage": sum(each.major_outage for each in measured),
        "partial_outage": sum(each.partial_outage for each in measured),
        "warnings": known[0].warnings if known and all(each.warnings for each in known) else None,
        "related_events": [
            {"component_id": component.id, "incidents": incidents[component.id]} for component in components
        ],
    }
