"""A status page: what its components and incidents come to, at this moment."""

import zoneinfo
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Unpack

from flask import current_app
from pydantic import AfterValidator
from sqlalchemy import ForeignKey, String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.db import Base, db, now
from spk.models.component import Component, NewComponent
from spk.models.identifier import ID_LENGTH, SLUG, SLUG_LENGTH, choose_slug, claim_slug, is_key, new_id
from spk.models.incidents import Incidents
from spk.models.refusal import InvalidField
from spk.models.text import Line, Paragraphs
from spk.models.time_zone import clean_time_zone
from spk.models.vocabulary import DESCRIPTIONS, IMPACT_OF, ComponentStatus, Impact, worst

if TYPE_CHECKING:
    from spk.models.user import User

NAME = Line(120, empty="Enter a name for this page.")
DESCRIPTION = Paragraphs(2_000)


class PageFields(TypedDict, total=False):
    """What else can be said of a page."""

    slug: Annotated[str, SLUG]
    description: Annotated[str, DESCRIPTION] | None
    time_zone: Annotated[str, AfterValidator(clean_time_zone)]


class PageChanges(PageFields, total=False):
    """What is left out stays as it is."""

    name: Annotated[str, NAME]


class NewPage(PageFields):
    """A page needs a name; its slug is made from it unless one is given."""

    name: Annotated[str, NAME]


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
        return db.session.scalar(pages.where(or_(cls.id == key, cls.slug == key))) if is_key(key) else None

    @classmethod
    def find(cls, key: str) -> "StatusPage | None":
        """Anybody’s, by id or slug."""
        return db.session.scalar(select(cls).where(or_(cls.id == key, cls.slug == key)))

    @property
    def url(self) -> str:
        return f"{current_app.config['BASE_URL']}/p/{self.slug}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def incidents(self) -> Incidents:
        return Incidents(self)

    @cached_property
    def ids_in_maintenance(self) -> frozenset[str]:
        return self.incidents.components_in_maintenance()

    def component_statuses(self) -> dict[str, ComponentStatus]:
        """The status of each component at this moment, by id."""
        return {component.id: component.current_status for component in self.components}

    @cached_property
    def indicator(self) -> Impact:
        """The worst of what components and running incidents say."""
        statuses = self.component_statuses().values()
        return worst([*self.incidents.running_impacts(), *(IMPACT_OF[status] for status in statuses)])

    @property
    def indicator_words(self) -> str:
        return DESCRIPTIONS[self.indicator]

    def change(self, **changes: Unpack[PageChanges]) -> None:
        """Change what is given; raises InvalidField (a slug that is taken)."""
        slug = changes.pop("slug", self.slug)
        if slug != self.slug:
            claim_slug(self, choose_slug(slug, self.name, self.id, StatusPage.find))
        for field, value in changes.items():
            setattr(self, field, value)
        self.changed()

    def changed(self) -> None:
        """Note that something on the page is new, and look again at what the clock says."""
        self.updated_at = now()
        db.session.flush()
        for cached in ("ids_in_maintenance", "indicator"):
            self.__dict__.pop(cached, None)

    def lock(self) -> None:
        """Let nobody else change this page before the transaction ends; doors that change it ask for it."""
        db.session.execute(select(StatusPage.id).filter_by(id=self.id).with_for_update())

    def delete(self) -> None:
        self.user.record("status_page:delete", self.name)
        db.session.delete(self)

    def component(self, key: str) -> Component | None:
        """By id or slug."""
        return next((each for each in self.components if key in (each.id, each.slug)), None)

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
            slug=choose_slug(given.pop("slug", None), name, identifier, self.component),
            position=max((other.position for other in self.components), default=0) + 1,
            created_at=now(),
            status="operational",
        )
        self.components.append(component)
        component.change(**given)
        return component
