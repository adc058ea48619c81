"""How an incident stands in time, and what the clock does to a maintenance."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, String, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.db import now
from spk.models.refusal import InvalidField, InvalidValue
from spk.models.status_pages.vocabulary import CLOSED, MAINTENANCE_STATUSES, REALTIME_STATUSES, IncidentStatus

RUNNING = ("in_progress", "verifying")
ENDLESS = datetime(9999, 12, 31, tzinfo=UTC)  # of what is open: a null would keep queries off the index
WINDOW = timedelta(hours=1)  # of a maintenance that doesn't say when it ends


def in_utc(time: datetime) -> datetime:
    """The moment meant; a time without an offset is in UTC. Raises InvalidValue."""
    if not 1970 <= time.year <= 2999:
        raise InvalidValue("Use a time between the years 1970 and 2999.")
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(in_utc)]


class Schedule(TypedDict, total=False):
    """What may be said of a window; minutes count from its start, or from now if that is past."""

    scheduled_for: Moment | None
    scheduled_until: Moment | None
    duration_minutes: Annotated[int, Field(ge=1, le=366 * 24 * 60)] | None


class Scheduled:
    """The times of an incident. One with a schedule is a maintenance, which starts and ends by the clock."""

    status: Mapped[IncidentStatus] = mapped_column(String(16))  # as last said; see current_status
    scheduled_for: Mapped[datetime | None]
    scheduled_until: Mapped[datetime | None]
    started_at: Mapped[datetime]
    monitoring_at: Mapped[datetime | None]
    ends_at: Mapped[datetime] = mapped_column(default=ENDLESS)  # a maintenance knows it beforehand

    @hybrid_property
    def is_open(self) -> bool:
        """Whether it isn’t over, in Python and in a query."""
        return self.ends_at > now()

    @hybrid_property
    def has_started(self) -> bool:
        """Whether it is anything but a maintenance that is still to come, in Python and in a query."""
        return self.scheduled_for is None or self.status != "scheduled" or self.scheduled_for <= now()

    @has_started.inplace.expression
    @classmethod
    def _has_started(cls) -> ColumnElement[bool]:
        return or_(cls.scheduled_for.is_(None), cls.status != "scheduled", cls.scheduled_for <= now())

    @property
    def is_maintenance(self) -> bool:
        return self.scheduled_for is not None

    @property
    def resolved_at(self) -> datetime | None:
        return None if self.is_open else self.ends_at

    @property
    def current_status(self) -> IncidentStatus:
        """The status at this moment: of a maintenance, the clock knows better than its last update."""
        if self.scheduled_for is None:
            return self.status
        if not self.is_open:
            return "completed"
        return "in_progress" if self.status == "scheduled" and self.has_started else self.status

    def reschedule(self, given: Schedule) -> None:
        """Move the window of a maintenance; raises InvalidField."""
        field = next((field for field in Schedule.__annotations__ if field in given), "status")
        if self.status in REALTIME_STATUSES:
            raise InvalidField(field, "Only a maintenance has a schedule; this is an incident.")
        runs = self.status in RUNNING
        start = self.started_at if runs else self.scheduled_for  # which differ where it was started early
        self.scheduled_for, self.scheduled_until = window(given, start, self.scheduled_until)
        if runs and self.scheduled_for > now():
            self.status = "scheduled"
        if self.status in (None, "scheduled"):  # else it has started, whatever the plan was
            self.started_at = self.scheduled_for
        if self.status != "completed":
            self.ends_at = self.scheduled_until

    def turn(self, status: IncidentStatus) -> None:
        """Take a new status; one that says a maintenance runs reopens a window that ran out."""
        words = MAINTENANCE_STATUSES if self.is_maintenance else REALTIME_STATUSES
        if status not in words:
            kind = "A maintenance" if self.is_maintenance else "An incident"
            raise InvalidField("status", f"{kind} is {', '.join(words[:-1])} or {words[-1]}.")
        moment = now()
        if status in RUNNING and self.scheduled_until and self.scheduled_until <= moment:
            self.scheduled_until = moment + WINDOW
        if status == "monitoring":
            self.monitoring_at = moment
        if status == "scheduled" and self.scheduled_for:
            self.started_at = self.scheduled_for
        else:
            self.started_at = min(self.started_at, moment)
        self.ends_at = (self.resolved_at or moment) if status in CLOSED else self.scheduled_until or ENDLESS
        self.status = status


def has_schedule(given: Schedule) -> bool:
    return any(given.get(field) for field in Schedule.__annotations__)


def window(given: Schedule, start: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Start and end from what is given and what was known before; raises InvalidField.

    A window always ends, so that none stays open when the pipeline that opened it dies.
    """
    moment = now()
    start = given.get("scheduled_for") or start or moment
    if minutes := given.get("duration_minutes"):
        if given.get("scheduled_until"):
            raise InvalidField("duration_minutes", "Give duration_minutes or scheduled_until, not both.")
        return start, max(start, moment) + timedelta(minutes=minutes)
    until = given.get("scheduled_until") or until
    if until and until < start:
        raise InvalidField("scheduled_until", "A maintenance ends after it starts: choose a later time.")
    return start, until if until and until > start else start + WINDOW
