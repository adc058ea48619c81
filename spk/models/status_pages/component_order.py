"""The order of components and groups on a page."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from spk.db import db
from spk.models.status_pages.component import Component
from spk.models.status_pages.component_group import ComponentGroup

T = TypeVar("T")


class Block(NamedTuple):
    """A group with its components, or one component that is in none."""

    group: ComponentGroup | None
    components: list[Component]


def to_blocks(components: Iterable[Component], groups: Sequence[ComponentGroup]) -> list[Block]:
    """These components as a page shows them: each group where its first component is."""
    by_id = {group.id: group for group in groups}
    blocks: dict[str, Block] = {}
    for component in components:
        key = component.group_id or component.id
        blocks.setdefault(key, Block(by_id.get(key), [])).components.append(component)
    return list(blocks.values())


def move(moved: Component | ComponentGroup, by: int) -> bool:
    """Move it so many places down the page, or up; a component in a group stays within it.

    False if it stays where it is, as a group without components always does.
    """
    page, before = moved.page, [*moved.page.components]
    blocks = to_blocks(page.components, page.groups)
    own = next((block for block in blocks if moved is block.group or moved in block.components), None)
    if not own:
        return False
    if isinstance(moved, Component) and own.group:
        _shift(own.components, moved, by)
    else:
        _shift(blocks, own, by)
    after = [*chain(*(block.components for block in blocks))]
    for position, component in enumerate(after, start=1):
        component.position = position
    page.mark_changed()
    db.session.flush()
    db.session.expire(page, ["components"])  # which are in their former order
    return after != before


def _shift(siblings: list[T], moved: T, by: int) -> None:
    place = siblings.index(moved) + by
    siblings.remove(moved)
    siblings.insert(max(0, place), moved)
