"""A status page: what its components and incidents come to, at this moment."""

import zoneinfo
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

from flask import current_app
from sqlalchemy import ForeignKey, String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from spk.db import Base, db, now
from spk.models.refusal import InvalidField
from spk.models.status_pages.component import Component, NewComponent
from spk.models.status_pages.identifier import (
    ID_LENGTH,
    SLUG_LENGTH,
    choose_slug,
    claim_slug,
    is_id_or_slug,
    new_id,
)
from spk.models.status_pages.page_incidents import PageIncidents, components_in_maintenance, running_impacts
from spk.models.status_pages.status_page_fields import NAME, PageChanges
from spk.models.status_pages.vocabulary import DESCRIPTIONS, ComponentStatus, Impact, worst

if TYPE_CHECKING:
    from spk.models.accounts.user import User


class StatusPage(Base):
    """Everybody may read it; its owner writes it."""

    __tablename__ = "status_pages"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME.limit))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped["User"] = relationship()
    components: Mapped[list[Component]] = relationship(
        back_populates="page",
        lazy="selectin",  # nobody asks for a page without them
        order_by=(Component.position, Component.created_at),
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @classmethod
    def published(cls, key: str | None = None) -> "StatusPage | None":
        """What everybody may read, by id or slug, or the first page of the first account that has any."""
        pages = select(cls).where(cls.user.has(disabled_at=None)).order_by(cls.user_id, cls.created_at)
        if key is None:
            return db.session.scalar(pages.limit(1))
        if not is_id_or_slug(key):
            return None
        return db.session.scalar(pages.where(or_(cls.id == key, cls.slug == key)))

    @classmethod
    def is_slug_taken(cls, slug: str) -> bool:
        """Whether any page, whoever owns it, has this slug or is found by it as its id."""
        taken = select(cls.id).where(or_(cls.id == slug, cls.slug == slug))
        return db.session.scalar(taken.limit(1)) is not None

    @property
    def url(self) -> str:
        return f"{current_app.config['BASE_URL']}/p/{self.slug}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def incidents(self) -> PageIncidents:
        return PageIncidents(self)

    @staticmethod
    def load_states(pages: list["StatusPage"]) -> None:
        """Find out the indicators of several pages in as many queries as for one."""
        ids = [page.id for page in pages]
        in_maintenance, impacts = components_in_maintenance(ids), running_impacts(ids)
        for page in pages:
            page.ids_in_maintenance = in_maintenance.get(page.id, frozenset())
            page.indicator = page.worst_of(impacts.get(page.id, []))

    @cached_property
    def ids_in_maintenance(self) -> frozenset[str]:
        """The ids of the components that a running maintenance is about."""
        return components_in_maintenance([self.id]).get(self.id, frozenset())

    def component_statuses(self) -> dict[str, ComponentStatus]:
        """The status of each component at this moment, by id."""
        return {component.id: component.current_status for component in self.components}

    @cached_property
    def indicator(self) -> Impact:
        """The worst of what components and running incidents say."""
        return self.worst_of(running_impacts([self.id]).get(self.id, []))

    def worst_of(self, impacts: list[Impact]) -> Impact:
        """The worst of these impacts and the components’."""
        return worst([*impacts, *(component.current_impact for component in self.components)])

    @property
    def indicator_words(self) -> str:
        return DESCRIPTIONS[self.indicator]

    def change(self, **changes: Unpack[PageChanges]) -> None:
        """Change what is given; raises InvalidField (a slug that is taken)."""
        slug = changes.pop("slug", self.slug)
        if slug != self.slug:
            claim_slug(self, choose_slug(slug, self.name, self.id, StatusPage.is_slug_taken))
        for field, value in changes.items():
            setattr(self, field, value)
        self.changed()

    def changed(self) -> None:
        """Note that something on the page is new, and look again at what the clock says."""
        self.updated_at = now()
        db.session.flush()
        for cached in ("ids_in_maintenance", "indicator"):
            self.__dict__.pop(cached, None)

    def delete(self) -> None:
        self.user.record("status_page:delete", self.name)
        db.session.delete(self)

    def component(self, key: str) -> Component | None:
        """By id or slug."""
        return next((each for each in self.components if key in (each.id, each.slug)), None)

    def has_component(self, key: str) -> bool:
        return self.component(key) is not None

    def component_named(self, key: str, field: str) -> Component:
        """The component that a field of a request names; raises InvalidField."""
        if found := self.component(key):
            return found
        raise InvalidField(field, f"This page has no component “{key[:SLUG_LENGTH]}”.")

    def components_with_days(self) -> list[Component]:
        """In their order, with the days on which something was wrong."""
        mine = select(Component).filter_by(page_id=self.id).options(selectinload(Component.noted_days))
        return [*db.session.scalars(mine.order_by(Component.position, Component.created_at))]

    def create_component(self, **given: Unpack[NewComponent]) -> Component:
        """Add a component at the end; raises InvalidField (a slug that is taken)."""
        name, identifier = given["name"], new_id()
        component = Component(
            id=identifier,
            name=name,
            slug=choose_slug(given.pop("slug", None), name, identifier, self.has_component),
            position=max((other.position for other in self.components), default=0) + 1,
            created_at=now(),
            status="operational",
        )
        self.components.append(component)
        component.change(**given)
        return component
