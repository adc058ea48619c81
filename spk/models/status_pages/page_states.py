"""The state of a page, which follows from its components, its open incidents and the clock."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped

from spk.models.status_pages.clock import ClockReading, load_components, read_clock
from spk.models.status_pages.page_incidents import running_impacts
from spk.models.status_pages.vocabulary import DESCRIPTIONS, ComponentStatus, Impact, Level, worst

if TYPE_CHECKING:
    from spk.models.status_pages.component import Component


class PageState:
    """The overall status of a page and of each component, now."""

    if TYPE_CHECKING:
        id: Mapped[str]
        updated_at: Mapped[datetime]
        components: Mapped[list[Component]]

    @cached_property
    def clock(self) -> ClockReading:
        """What the clock has done to its maintenance."""
        return read_clock([self.id])[self.id]

    @cached_property
    def running_impacts(self) -> list[Impact]:
        """The impacts of everything that has started and isn’t over."""
        return running_impacts([self.id]).get(self.id, [])

    @property
    def changed_at(self) -> datetime:
        """When something on it last changed, by a report or by the clock."""
        return max(self.updated_at, self.clock.changed_at() or self.updated_at)

    @property
    def indicator(self) -> Impact:
        """The worst impact of the components and running incidents."""
        return worst([*self.running_impacts, *(component.current_impact for component in self.components)])

    @property
    def indicator_description(self) -> str:
        return DESCRIPTIONS[self.indicator]

    @property
    def level(self) -> Level:
        """The indicator as people see it."""
        if self.indicator != "none":
            return self.indicator
        if self.running_impacts:
            return "open"
        return "none" if self.components else "unknown"

    def component_statuses(self) -> dict[str, ComponentStatus]:
        """The current status of each component, by id."""
        return {component.id: component.current_status for component in self.components}

    def forget_state(self) -> None:
        """Drop what was read, because something has changed."""
        for cached in ("clock", "running_impacts"):
            self.__dict__.pop(cached, None)


def load_clocks(pages: Sequence[PageState]) -> None:
    """Read the clock for several pages in as many queries as for one."""
    clocks = read_clock([page.id for page in pages])
    for page in pages:
        page.clock = clocks[page.id]


def load_states(pages: Sequence[PageState]) -> None:
    """Load the states of several pages in as many queries as for one."""
    load_clocks(pages)
    load_components([page.clock for page in pages])
    impacts = running_impacts([page.id for page in pages])
    for page in pages:
        page.running_impacts = impacts.get(page.id, [])
