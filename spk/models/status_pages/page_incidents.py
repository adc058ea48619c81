"""The incidents of a page: finding, listing and opening them."""

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Unpack, get_args

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import selectinload

from spk.db import db, now
from spk.models.status_pages.identifier import choose_slug, is_id_or_slug, new_id
from spk.models.status_pages.incident import Incident, incident_components
from spk.models.status_pages.incident_fields import NAME, NewIncident
from spk.models.status_pages.schedule import NO_END, has_schedule
from spk.models.status_pages.vocabulary import Impact

if TYPE_CHECKING:
    from spk.models.status_pages.status_page import StatusPage

ListName = Literal["all", "unresolved", "scheduled", "upcoming", "active_maintenance"]
LIST_LIMIT = 500  # more than is ever open at once
PublicListName = Literal["realtime", "open_realtime", "maintenance", "upcoming", "active_maintenance"]


class PageIncidents:
    """A page's incidents, real-time and planned."""

    def __init__(self, page: "StatusPage") -> None:
        self.page = page

    def find(self, key: str) -> Incident | None:
        """By id or slug."""
        if not is_id_or_slug(key):
            return None
        found = self._select().where(or_(Incident.id == key, Incident.slug == key))
        return db.session.scalar(found.order_by((Incident.id == key).desc()).limit(1))

    def listed(
        self, which: ListName | PublicListName, *, search: str = "", limit: int = LIST_LIMIT, offset: int = 0
    ) -> list[Incident]:
        """The incidents on a list, newest first; upcoming maintenance soonest first."""
        if len(search) > NAME.limit or not search.isprintable():
            return []  # no name contains these characters, and PostgreSQL rejects some of them
        matches = Incident.name.icontains(search, autoescape=True) if search else true()
        order = Incident.scheduled_for if which == "upcoming" else Incident.created_at.desc()
        listed = self._select().where(_condition(which), matches).order_by(order)
        return [*db.session.scalars(listed.limit(limit).offset(offset))]

    def started(self, *, since: datetime | None = None, limit: int = 50, offset: int = 0) -> list[Incident]:
        """Incidents and maintenance that have started, latest first."""
        latest = self._select().where(Incident.started_at <= now()).order_by(Incident.started_at.desc())
        if since:
            latest = latest.where(Incident.started_at >= since)
        return [*db.session.scalars(latest.limit(limit).offset(offset))]

    def create(self, **fields: Unpack[NewIncident]) -> Incident:
        """Open an incident or plan a maintenance; raises InvalidField or PlanRequired."""
        fields.setdefault("status", "scheduled" if has_schedule(fields) else "investigating")
        name, identifier = fields["name"], new_id()
        incident = Incident(
            id=identifier,
            page=self.page,
            name=name,
            slug=choose_slug(fields.pop("slug", None), name, identifier, self.has),
            created_at=(moment := now()),
            started_at=moment,
            ends_at=NO_END,
            worst_impact="none",
            details={},
        )
        incident.change(**fields)
        return incident

    def has(self, slug: str) -> bool:
        """Whether a slug is taken by an incident or by the URL of a list."""
        return slug in get_args(ListName) or self.find(slug) is not None

    def _select(self) -> Select[Incident]:
        """All incidents, with updates and components loaded in a constant number of queries."""
        related = selectinload(Incident.updates), selectinload(Incident.components)
        return select(Incident).where(Incident.page_id == self.page.id).options(*related)


def components_in_maintenance(page_ids: list[str]) -> dict[str, frozenset[str]]:
    """The ids of the components in a running maintenance, by page."""
    affected = select(Incident.page_id, incident_components.c.component_id).join(incident_components)
    running = affected.where(Incident.page_id.in_(page_ids), _condition("active_maintenance"))
    found: dict[str, set[str]] = defaultdict(set)
    for page_id, component_id in db.session.execute(running):
        found[page_id].add(component_id)
    return {page_id: frozenset(ids) for page_id, ids in found.items()}


def running_impacts(page_ids: list[str]) -> dict[str, list[Impact]]:
    """The distinct impacts of everything that has started and isn’t over, by page."""
    columns = Incident.page_id, Incident.impact_override, Incident.worst_impact, Incident.scheduled_for
    running = select(*columns).where(Incident.page_id.in_(page_ids), _condition("unresolved")).distinct()
    found: dict[str, list[Impact]] = defaultdict(list)
    for page_id, override, worst_impact, scheduled_for in db.session.execute(running):
        found[page_id].append(override or ("maintenance" if scheduled_for else worst_impact))
    return found


def _condition(which: ListName | PublicListName) -> ColumnElement[bool]:
    planned, is_open, started = Incident.scheduled_for.is_not(None), Incident.is_open, Incident.has_started
    return {
        "all": true(),
        "unresolved": and_(is_open, started),
        "scheduled": and_(is_open, planned),
        "upcoming": and_(is_open, planned, ~started),
        "active_maintenance": and_(is_open, planned, started),
        "realtime": ~planned,
        "open_realtime": and_(is_open, ~planned),
        "maintenance": planned,
    }[which]
