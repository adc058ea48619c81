"""An incident or a maintenance on a page’s components, with a timeline of updates."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spk.db import Base, db, now, one_moment
from spk.models.refusal import InvalidField
from spk.models.status_pages.component import Component
from spk.models.status_pages.identifier import ID_LENGTH, SLUG_LENGTH, choose_slug, new_id
from spk.models.status_pages.incident_fields import NAME, IncidentChanges
from spk.models.status_pages.schedule import has_schedule
from spk.models.status_pages.timeline import Timeline
from spk.models.status_pages.vocabulary import (
    CLOSED,
    IMPACT_OF,
    MAINTENANCE_STATUSES,
    Impact,
    Level,
    worst,
)

if TYPE_CHECKING:
    from spk.models.status_pages.status_page import StatusPage

incident_components = Table(
    "incident_components",
    Base.metadata,
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("component_id", ForeignKey("components.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Incident(Timeline, Base):
    """An incident or a planned maintenance: one table, as both share a URL."""

    __tablename__ = "incidents"
    __table_args__ = (
        UniqueConstraint("page_id", "slug"),
        Index(None, "page_id", "ends_at"),
        Index(None, "page_id", "started_at"),
        Index(None, "page_id", "created_at"),
        Index(None, "page_id", "updated_at"),
        Index(None, "page_id", "status"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    page_id: Mapped[str] = mapped_column(ForeignKey("status_pages.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME.limit))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    worst_impact: Mapped[Impact] = mapped_column(String(16))
    impact_override: Mapped[Impact | None] = mapped_column(String(16))
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)

    page: Mapped["StatusPage"] = relationship()
    components: Mapped[list[Component]] = relationship(
        secondary=incident_components, order_by=Component.position, passive_deletes=True
    )
    more_components = 0  # those that a list leaves off: see incident_list.py

    @property
    def impact(self) -> Impact:
        return self.impact_override or ("maintenance" if self.is_maintenance else self.worst_impact)

    @property
    def level(self) -> Level:
        """The impact as people see it."""
        return "open" if self.impact == "none" and self.is_open else self.impact

    @property
    def shortlink(self) -> str:
        return f"{self.page.url}/incidents/{self.id}"

    def unshared_components(self) -> list[Component]:
        """The components that no other open incident affects."""
        others = self.page.incidents.components_of_others(self)
        return [component for component in self.components if component.id not in others]

    @one_moment()
    def change(self, **changes: Unpack[IncidentChanges]) -> None:
        """Change the given fields; a status or a body adds an update.

        Raises InvalidField, PlanRequired or LimitReached.
        """
        if "backfill_date" in changes:
            raise InvalidField("backfill_date", "The date is set at the start: create another incident.")
        self.follow_clock()
        was_closed, before = self.status in CLOSED, self.page.component_statuses()
        was_open, told = bool(self.status) and not was_closed, self.status
        self._describe(changes)
        status, is_scheduled = changes.get("status"), has_schedule(changes)
        if is_scheduled or (status in MAINTENANCE_STATUSES and status not in CLOSED):
            self.page.user.require("maintenance_windows")
        if is_scheduled or (status in MAINTENANCE_STATUSES and not self.status):
            self.reschedule(changes)
        if status:
            self.set_status(status)
        if self.is_open and not was_open:
            self.page.incidents.check_open_limit()
            self.page.incidents.write_down_ended()
        self._change_components(changes)
        db.session.add(self)
        self.page.mark_changed()
        self.updated_at = self.page.updated_at
        is_put_off = self.status == "scheduled" and told not in (None, "scheduled")
        has_news = changes.get("body") or (status and not (was_closed and status in CLOSED)) or is_put_off
        opens_again = was_closed and self.is_open  # of which the clock will tell
        closes = not was_closed and status in CLOSED  # which can always be told
        if opens_again or (has_news and not closes):
            self._check_update_limit()
        if has_news:
            self._add_update(changes, before)

    def delete(self) -> None:
        self.follow_clock()
        db.session.delete(self)
        self.page.mark_changed()

    def _describe(self, changes: IncidentChanges) -> None:
        """Set what is said of it as a whole."""
        slug = changes.get("slug", self.slug)
        if slug != self.slug:
            self.slug = choose_slug(slug, self.name, self.id, self.page.incidents.has)
        self.name = changes.get("name", self.name)
        self.details = changes.get("metadata", self.details)
        self.impact_override = changes.get("impact_override", self.impact_override)

    def _change_components(self, changes: IncidentChanges) -> None:
        """Set the affected components, and their statuses unless the clock sets them in a maintenance."""
        find = self.page.require_component
        if "component_ids" in changes:
            chosen = [find(key, "component_ids") for key in changes["component_ids"]]
            self.components = list(dict.fromkeys(chosen))
        with db.session.no_autoflush:  # which would save one component after the other
            for key, status in changes.get("components", {}).items():
                component = find(key, "components")
                if component not in self.components:
                    self.components.append(component)
                by_clock = status == "under_maintenance" or self.current_status == "scheduled"
                if status and not (self.is_maintenance and by_clock):
                    component.set_status(status)
        impacts = [IMPACT_OF[component.status] for component in self.components]
        self.worst_impact = worst([self.worst_impact, *(each for each in impacts if each != "maintenance")])
