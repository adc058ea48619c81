"""The components of a page and their groups: finding and adding them."""

from typing import TYPE_CHECKING, Unpack

from sqlalchemy.orm import Mapped

from spk.db import db, now
from spk.models.refusal import InvalidField, LimitReached
from spk.models.status_pages.component import Component, NewComponent
from spk.models.status_pages.component_group import ComponentGroup, NewComponentGroup
from spk.models.status_pages.component_order import Block, to_blocks
from spk.models.status_pages.identifier import SLUG_LENGTH, choose_slug, new_id
from spk.models.status_pages.vocabulary import ComponentStatus

if TYPE_CHECKING:
    from spk.models.accounts.user import User


class PageComponents:
    """What a page consists of."""

    if TYPE_CHECKING:
        user: Mapped[User]
        components: Mapped[list[Component]]
        groups: Mapped[list[ComponentGroup]]

        def mark_changed(self) -> None: ...

    def blocks(self) -> list[Block]:
        """The components in order, by group; groups without any are left out."""
        return to_blocks(self.components, self.groups)

    def component(self, key: str) -> Component | None:
        """Find a component by id or slug."""
        return next((each for each in self.components if key in (each.id, each.slug)), None)

    def has_component(self, key: str) -> bool:
        return self.component(key) is not None

    def require_component(self, key: str, field: str) -> Component:
        """The component with the id or slug in a field of a request; raises InvalidField."""
        if found := self.component(key):
            return found
        raise InvalidField(field, f"This page has no component “{key[:SLUG_LENGTH]}”.")

    def set_statuses(self, statuses: list[tuple[Component, ComponentStatus]]) -> None:
        """Set the status of several components."""
        for component, status in statuses:
            component.set_status(status)
        if statuses:
            self.mark_changed()

    def create_component(self, **fields: Unpack[NewComponent]) -> Component:
        """Add a component at the end; raises LimitReached, or InvalidField if the slug is taken."""
        if len(self.components) >= (most := self.user.plan.components):
            raise LimitReached(
                f"This page has the {most} components that your plan allows. Delete one first."
            )
        name, identifier = fields["name"], new_id()
        component = Component(
            id=identifier,
            name=name,
            slug=choose_slug(fields.pop("slug", None), name, identifier, self.has_component),
            position=max((other.position for other in self.components), default=0) + 1,
            created_at=now(),
            status="operational",
        )
        self.components.append(component)
        component.change(**fields)
        return component

    def group(self, key: str) -> ComponentGroup | None:
        """Find a group by id or slug."""
        return next((each for each in self.groups if key in (each.id, each.slug)), None)

    def has_group(self, key: str) -> bool:
        return self.group(key) is not None

    def require_group(self, key: str, field: str) -> ComponentGroup:
        """The group with the id or slug in a field of a request; raises InvalidField."""
        if found := self.group(key):
            return found
        raise InvalidField(field, f"This page has no group “{key[:SLUG_LENGTH]}”.")

    def create_group(self, **fields: Unpack[NewComponentGroup]) -> ComponentGroup:
        """Add a group; raises LimitReached, or InvalidField if the slug is taken."""
        if len(self.groups) >= (most := self.user.plan.components):
            raise LimitReached(f"This page has {most} groups, as many as your plan allows components.")
        name, identifier = fields["name"], new_id()
        slug = choose_slug(fields.pop("slug", None), name, identifier, self.has_group)
        group = ComponentGroup(id=identifier, name=name, slug=slug, created_at=now())
        self.groups.append(group)
        db.session.flush()  # before components refer to it
        group.change(**fields)
        return group
