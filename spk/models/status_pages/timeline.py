"""The timeline of an incident: what people reported, and what the clock has done since."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Unpack

from sqlalchemy.orm import Mapped, declared_attr, relationship

from spk.db import db, now, one_moment
from spk.models.refusal import LimitReached
from spk.models.status_pages.component_day import ComponentDay, days_between
from spk.models.status_pages.incident_fields import IncidentChanges
from spk.models.status_pages.incident_update import AffectedComponent, IncidentUpdate, UpdateChanges
from spk.models.status_pages.schedule import Scheduled
from spk.models.status_pages.vocabulary import ComponentStatus, IncidentStatus

if TYPE_CHECKING:
    from spk.models.status_pages.component import Component
    from spk.models.status_pages.status_page import StatusPage


class Timeline(Scheduled):
    """The updates of an incident, newest first."""

    if TYPE_CHECKING:
        id: Mapped[str]
        page: Mapped[StatusPage]
        components: Mapped[list[Component]]

    earlier_updates = 0  # those that a list leaves off: see incident_list.py

    @declared_attr
    @classmethod
    def updates(cls) -> Mapped[list[IncidentUpdate]]:
        """As written down."""
        return relationship(
            back_populates="incident",
            order_by=IncidentUpdate.created_at.desc(),
            cascade="all, delete-orphan",
            passive_deletes=True,
        )

    @property
    def timeline(self) -> list[IncidentUpdate]:
        """As readers see it: with what the clock has done since the last report."""
        every = [*self._updates_by_clock(self.clock_steps()), *self.updates]
        return sorted(every, key=lambda update: update.created_at, reverse=True)

    @property
    def changed_at(self) -> datetime:
        """When it last changed, by a report or by the clock."""
        return max([self.updated_at, *(time for _, time in self.clock_steps())])

    def follow_clock(self) -> None:
        """Write down what the clock has done, before something else is written that would hide it."""
        if not self.is_unfinished or not self.has_started:
            return
        self._record_days()
        steps = self.clock_steps()
        self.updates[:0] = self._updates_by_clock(steps)
        for status, time in steps:
            self.status, self.updated_at = status, max(self.updated_at, time)
            for component in self.components:
                component.updated_at = max(component.updated_at, time)

    @one_moment()
    def correct_update(self, key: str, **changes: Unpack[UpdateChanges]) -> IncidentUpdate | None:
        """Correct one of its updates; None if there is no such update. Raises InvalidField."""
        self.follow_clock()
        update = next((each for each in self.updates if each.id == key), None)
        if update:
            update.correct(**changes)
            self.page.mark_changed()
            self.updated_at = self.page.updated_at
        return update

    def days(self) -> list[date]:
        """The days on which it was open, until now."""
        return days_between(self.started_at, min(self.ends_at, now()), self.page.zone)

    def _record_days(self) -> None:
        seconds = dict.fromkeys(self.days(), 0)
        ComponentDay.record([component.id for component in self.components], "maintenance", seconds)

    def _updates_by_clock(self, steps: list[tuple[IncidentStatus, datetime]]) -> list[IncidentUpdate]:
        known = {update.id for update in self.updates}
        made = [IncidentUpdate.by_clock(self.id, *step) for step in reversed(steps)]
        return [update for update in made if update.id not in known]

    def _check_update_limit(self) -> None:
        if len(self.updates) >= (limit := self.page.user.plan.incident_updates):
            raise LimitReached(
                f"This has the {limit} updates that your plan allows. "
                "It can still be resolved; go on in a new incident."
            )

    def _add_update(self, changes: IncidentChanges, before: dict[str, ComponentStatus]) -> None:
        was_scheduled, self.status = self.status == "scheduled", self.current_status
        if was_scheduled and self.status == "completed":  # planned when it was over
            self._record_days()
        after = self.page.component_statuses()
        for component in self.page.components:
            if before.get(component.id) != after[component.id]:
                component.updated_at = self.updated_at
        affected: list[AffectedComponent] = [
            {
                "code": component.id,
                "name": component.name,
                "old_status": before[component.id],
                "new_status": after[component.id],
            }
            for component in self.components
        ]
        update = IncidentUpdate(
            status=self.status,
            body=changes.get("body") or "",
            affected_components=affected or None,
            deliver_notifications=changes.get("deliver_notifications", False),
        )
        self.updates.insert(0, update)
        db.session.flush()
