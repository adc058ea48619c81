"""The incidents of a page: finding, listing and opening them."""

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Unpack, get_args

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, union
from sqlalchemy.orm import selectinload

from spk.db import db, now
from spk.models.refusal import LimitReached
from spk.models.status_pages.backfill import backfilled_at, date_back
from spk.models.status_pages.identifier import choose_slug, is_id_or_slug, new_id
from spk.models.status_pages.incident import Incident, incident_components
from spk.models.status_pages.incident_fields import NAME, NewIncident
from spk.models.status_pages.incident_list import load_components, load_updates
from spk.models.status_pages.schedule import NO_END, UNFINISHED, has_schedule
from spk.models.status_pages.vocabulary import Impact

if TYPE_CHECKING:
    from spk.models.status_pages.status_page import StatusPage

ListName = Literal["all", "unresolved", "scheduled", "upcoming", "active_maintenance"]
Kind = Literal["all", "realtime", "maintenance"]
LIST_LIMIT = 100  # incidents
PublicListName = Literal["realtime", "open_realtime", "maintenance", "upcoming", "active_maintenance"]
Condition = ListName | PublicListName | Literal["open"]


class PageIncidents:
    """A page's incidents, real-time and planned."""

    def __init__(self, page: "StatusPage") -> None:
        self.page = page

    def find(self, key: str) -> Incident | None:
        """By id or slug."""
        if not is_id_or_slug(key):
            return None
        related = selectinload(Incident.updates), selectinload(Incident.components)
        found = self._select().where(or_(Incident.id == key, Incident.slug == key)).options(*related)
        return db.session.scalar(found.order_by((Incident.id == key).desc()).limit(1))

    def listed(
        self,
        which: ListName | PublicListName,
        *,
        kind: Kind = "all",
        search: str = "",
        limit: int = LIST_LIMIT,
        offset: int = 0,
    ) -> list[Incident]:
        """The incidents on a list, newest first; upcoming maintenance soonest first."""
        if len(search) > NAME.limit or not search.isprintable():
            return []  # no name contains these characters, and PostgreSQL rejects some of them
        matches = Incident.name.icontains(search, autoescape=True) if search else true()
        order = Incident.scheduled_for if which == "upcoming" else Incident.created_at.desc()
        listed = self._select().where(_condition(which), _condition(kind), matches).order_by(order)
        return self._load(listed.limit(limit).offset(offset))

    def started(self, *, since: datetime | None = None, limit: int = 50, offset: int = 0) -> list[Incident]:
        """Incidents and maintenance that have started, latest first."""
        latest = self._select().where(Incident.started_at <= now()).order_by(Incident.started_at.desc())
        if since:
            latest = latest.where(Incident.started_at >= since)
        return self._load(latest.limit(limit).offset(offset))

    def latest(self, limit: int) -> list[Incident]:
        """Those with the last news, of a report or the clock, and all that are open; latest news first."""
        own = select(Incident.id).where(Incident.page_id == self.page.id)
        times = Incident.updated_at, Incident.started_at, Incident.ends_at
        last = [own.where(time <= now()).order_by(time.desc()).limit(limit).subquery() for time in times]
        ids = union(own.where(_condition("open")), *map(select, last))
        found = self._load(self._select().where(Incident.id.in_(ids)))
        found.sort(key=lambda incident: incident.changed_at, reverse=True)
        return [each for number, each in enumerate(found) if number < limit or each.is_open]

    def create(self, **fields: Unpack[NewIncident]) -> Incident:
        """Open an incident or plan a maintenance; raises InvalidField, PlanRequired or LimitReached."""
        if was_at := backfilled_at(fields, self.page.zone):
            fields["status"] = "resolved"
        fields.pop("backfilled", None)
        fields.pop("backfill_date", None)
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
        if was_at:
            date_back(incident, was_at)
        return incident

    def has(self, slug: str) -> bool:
        """Whether a slug is taken by an incident or by the URL of a list."""
        return slug in get_args(ListName) or self.find(slug) is not None

    def check_open_limit(self) -> None:
        """Raise LimitReached if as many are open as the plan allows."""
        others = select(func.count()).where(Incident.page_id == self.page.id, _condition("open"))
        with db.session.no_autoflush:
            if (db.session.scalar(others) or 0) >= (limit := self.page.user.plan.open_incidents):
                raise LimitReached(
                    f"This page has the {limit} open incidents, planned ones among them, that your plan "
                    "allows. Resolve one, then open the next."
                )

    def write_down_ended(self) -> None:
        """Write down two that the clock has ended: with each that opens, so that few wait for it."""
        ended = self._select().where(Incident.status.in_(UNFINISHED), ~Incident.is_open)
        for incident in db.session.scalars(ended.order_by(Incident.ends_at).limit(2)):
            incident.follow_clock()

    def components_of_others(self, incident: Incident) -> set[str]:
        """The ids of the components that other open incidents affect."""
        affected = select(incident_components.c.component_id).join(Incident)
        others = Incident.page_id == self.page.id, _condition("open_realtime"), Incident.id != incident.id
        return set(db.session.scalars(affected.where(*others)))

    def _select(self) -> Select[Incident]:
        return select(Incident).where(Incident.page_id == self.page.id)

    def _load(self, some: Select[Incident]) -> list[Incident]:
        """These, with what a list shows of each, in a constant number of queries."""
        found = [*db.session.scalars(some)]
        if found:
            load_updates(found)
            load_components(found, self.page.components)
        return found


def running_impacts(page_ids: list[str]) -> dict[str, list[Impact]]:
    """The distinct impacts of what has started and isn’t over, by page; of maintenance if it has one."""
    columns = Incident.page_id, Incident.impact_override, Incident.worst_impact, Incident.scheduled_for
    running = select(*columns).where(Incident.page_id.in_(page_ids), _condition("unresolved")).distinct()
    found: dict[str, list[Impact]] = defaultdict(list)
    for page_id, override, worst_impact, scheduled_for in db.session.execute(running):
        impact = override or ("maintenance" if scheduled_for else worst_impact)
        if impact != "none" or not scheduled_for:
            found[page_id].append(impact)
    return found


def _condition(which: Condition) -> ColumnElement[bool]:
    planned, is_open, started = Incident.scheduled_for.is_not(None), Incident.is_open, Incident.has_started
    return {
        "all": true(),
        "open": and_(is_open),
        "unresolved": and_(is_open, started),
        "scheduled": and_(is_open, planned),
        "upcoming": and_(is_open, planned, ~started),
        "active_maintenance": and_(is_open, planned, started),
        "realtime": ~planned,
        "open_realtime": and_(is_open, ~planned),
        "maintenance": planned,
    }[which]
