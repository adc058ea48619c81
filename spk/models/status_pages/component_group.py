"""A group of components, under a name of its own."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import BeforeValidator, Field
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.db import Base, db, now
from spk.models.status_pages.component import DESCRIPTION, Component
from spk.models.status_pages.identifier import ID_LENGTH, SLUG, SLUG_LENGTH, choose_slug, new_id
from spk.models.status_pages.incident_fields import MAX_COMPONENTS, to_list
from spk.models.status_pages.vocabulary import STATUS_OF, ComponentStatus, Impact, worst
from spk.models.text import SingleLine

if TYPE_CHECKING:
    from spk.models.status_pages.status_page import StatusPage

NAME = SingleLine(255, empty="Enter a name for this group.")


class ComponentGroupFields(TypedDict, total=False):
    """The optional fields of a group; `components` are all that it has."""

    slug: Annotated[str, SLUG]
    description: Annotated[str, DESCRIPTION] | None
    components: Annotated[list[str], Field(max_length=MAX_COMPONENTS), BeforeValidator(to_list, list[str])]


class ComponentGroupChanges(ComponentGroupFields, total=False):
    """Fields to change; omitted ones stay as they are."""

    name: Annotated[str, NAME]


class NewComponentGroup(ComponentGroupFields):
    """A name is required; by default the slug is made from it."""

    name: Annotated[str, NAME]


class ComponentGroup(Base):
    """It stands where its first component does, and is as bad as its worst."""

    __tablename__ = "component_groups"
    __table_args__ = (UniqueConstraint("page_id", "slug"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    page_id: Mapped[str] = mapped_column(ForeignKey("status_pages.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME.limit))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    description: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    page: Mapped["StatusPage"] = relationship(back_populates="groups")

    @property
    def components(self) -> list[Component]:
        return [component for component in self.page.components if component.group_id == self.id]

    @property
    def component_ids(self) -> list[str]:
        return [component.id for component in self.components]

    @property
    def position(self) -> int:
        """That of its first component; after all others while it has none."""
        if own := self.components:
            return own[0].position
        return max((component.position for component in self.page.components), default=0) + 1

    @property
    def current_impact(self) -> Impact:
        return worst(component.current_impact for component in self.components)

    @property
    def current_status(self) -> ComponentStatus:
        return STATUS_OF[self.current_impact]

    @property
    def changed_at(self) -> datetime:
        """When it or one of its components last changed, by a report or by the clock."""
        return max([self.updated_at, *(component.changed_at for component in self.components)])

    def change(self, **changes: Unpack[ComponentGroupChanges]) -> None:
        """Change the given fields; raises InvalidField if the slug is taken or there is no such component."""
        slug = changes.pop("slug", self.slug)
        if slug != self.slug:
            self.slug = choose_slug(slug, self.name, self.id, self.page.has_group)
        if "components" in changes:
            keys = changes.pop("components")
            self.set_components({self.page.require_component(key, "components") for key in keys})
        for field, value in changes.items():
            setattr(self, field, value)
        self.updated_at = now()
        self.page.mark_changed()

    def set_components(self, chosen: set[Component]) -> None:
        """Take these from wherever they are, and let the others go."""
        for component in self.page.components:
            if component in chosen:
                component.group_id = self.id
            elif component.group_id == self.id:
                component.group_id = None

    def delete(self) -> None:
        """Delete it, and leave its components on the page."""
        self.set_components(set())
        db.session.delete(self)
        self.page.mark_changed()
