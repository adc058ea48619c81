"""A component: a part of the service that a status page reports on."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import Field
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.db import Base, db, now
from spk.models.status_pages.component_day import ComponentDay, seconds_by_day
from spk.models.status_pages.identifier import ID_LENGTH, SLUG, SLUG_LENGTH, choose_slug, new_id
from spk.models.status_pages.uptime import Uptime, measure
from spk.models.status_pages.vocabulary import IMPACT_OF, ComponentStatus, Impact
from spk.models.text import MultiLine, SingleLine

if TYPE_CHECKING:
    from spk.models.status_pages.status_page import StatusPage

NAME = SingleLine(255, empty="Enter a name for this component.")
DESCRIPTION = MultiLine(2_000)
GRACE_PERIOD = timedelta(minutes=1)  # a status corrected within it isn't recorded in the history


class ComponentFields(TypedDict, total=False):
    """The optional fields of a component."""

    slug: Annotated[str, SLUG]
    description: Annotated[str, DESCRIPTION] | None
    status: ComponentStatus
    position: Annotated[int, Field(ge=0, le=1_000_000)]
    group_id: Annotated[str, Field(min_length=1)] | None
    showcase: bool
    only_show_if_degraded: bool
    start_date: date | None


class ComponentChanges(ComponentFields, total=False):
    """Fields to change; omitted ones stay as they are."""

    name: Annotated[str, NAME]


class NewComponent(ComponentFields):
    """A name is required; by default the slug is made from it."""

    name: Annotated[str, NAME]


class Component(Base):
    """`status` is the last reported one; a running maintenance takes the place of “operational”."""

    __tablename__ = "components"
    __table_args__ = (UniqueConstraint("page_id", "slug"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    page_id: Mapped[str] = mapped_column(ForeignKey("status_pages.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME.limit))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[ComponentStatus] = mapped_column(String(20))
    status_since: Mapped[datetime] = mapped_column(default=now)
    position: Mapped[int]
    group_id: Mapped[str | None] = mapped_column(
        ForeignKey("component_groups.id", ondelete="SET NULL"), index=True
    )
    showcase: Mapped[bool] = mapped_column(default=True)
    only_show_if_degraded: Mapped[bool] = mapped_column(default=False)
    start_date: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    page: Mapped["StatusPage"] = relationship(back_populates="components")
    bad_days: Mapped[list[ComponentDay]] = relationship(viewonly=True)

    @property
    def current_status(self) -> ComponentStatus:
        """The status now, which maintenance changes by the clock."""
        if self.status == "operational" and self.id in self.page.clock.running:
            return "under_maintenance"
        return self.status

    @property
    def changed_at(self) -> datetime:
        """When it last changed, by a report or by the clock."""
        return max(self.updated_at, self.page.clock.changed_at(self.id) or self.updated_at)

    @property
    def current_impact(self) -> Impact:
        return IMPACT_OF[self.current_status]

    @property
    def is_shown(self) -> bool:
        return not self.only_show_if_degraded or self.current_status != "operational"

    def uptime(self, start: date | None = None, end: date | None = None) -> Uptime:
        """How it was from one day to another, by default on all that are known."""
        return measure(self, start, end)

    def change(self, **changes: Unpack[ComponentChanges]) -> None:
        """Change the given fields; raises InvalidField if the slug is taken or there is no such group."""
        slug = changes.pop("slug", self.slug)
        if slug != self.slug:
            self.slug = choose_slug(slug, self.name, self.id, self.page.has_component)
        self.set_status(changes.pop("status", self.status))
        if group := changes.get("group_id"):
            changes["group_id"] = self.page.require_group(group, "group_id").id
        for field, value in changes.items():
            setattr(self, field, value)
        self.page.mark_changed()

    def set_status(self, status: ComponentStatus) -> None:
        """Set the status and record the earlier one; the caller marks the page as changed."""
        if status != self.status:
            is_quick_fix = status == "operational" and timedelta() <= now() - self.status_since < GRACE_PERIOD
            if self.status != "operational" and not is_quick_fix:
                seconds = seconds_by_day(self.status_since, now(), self.page.zone)
                ComponentDay.record([self.id], IMPACT_OF[self.status], seconds)
            self.status, self.status_since = status, now()
        self.updated_at = now()

    @classmethod
    def with_days(cls, page_id: str) -> "list[Component]":
        """All of a page in order, with their bad days loaded."""
        components = select(cls).filter_by(page_id=page_id).options(selectinload(cls.bad_days))
        return [*db.session.scalars(components.order_by(cls.position, cls.created_at))]

    def delete(self) -> None:
        page = self.page
        page.components.remove(self)
        page.mark_changed()
