"""The times and status of an incident, and how the clock changes those of a maintenance."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, String, and_, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.db import now
from spk.models.refusal import InvalidField, InvalidValue
from spk.models.status_pages.vocabulary import CLOSED, MAINTENANCE_STATUSES, REALTIME_STATUSES, IncidentStatus

RUNNING = ("in_progress", "verifying")
UNFINISHED = ("scheduled", *RUNNING)  # of a maintenance whose end nobody has written down
NO_END = datetime(9999, 12, 31, tzinfo=UTC)  # not null, with which queries couldn't use the index
INSTANT = timedelta(microseconds=1)
DEFAULT_DURATION = timedelta(hours=1)  # of a maintenance without an end


def in_utc(time: datetime) -> datetime:
    """The time in UTC, which one without an offset is taken to be in. Raises InvalidValue."""
    if not 1970 <= time.year <= 2999:
        raise InvalidValue("Use a time between the years 1970 and 2999.")
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


UtcTime = Annotated[datetime, AfterValidator(in_utc)]


class Schedule(TypedDict, total=False):
    """The window of a maintenance; the duration counts from its start, or from now if that is past."""

    scheduled_for: UtcTime | None
    scheduled_until: UtcTime | None
    duration_minutes: Annotated[int, Field(ge=1, le=366 * 24 * 60)] | None


class Scheduled:
    """The times and status of an incident; with a schedule it is a maintenance, which follows the clock."""

    status: Mapped[IncidentStatus] = mapped_column(String(16))  # as last reported; see current_status
    scheduled_for: Mapped[datetime | None]
    scheduled_until: Mapped[datetime | None]
    started_at: Mapped[datetime]
    monitoring_at: Mapped[datetime | None]
    ends_at: Mapped[datetime] = mapped_column(default=NO_END)  # known in advance for a maintenance
    updated_at: Mapped[datetime] = mapped_column(default=now)  # as last reported; see changed_at

    @hybrid_property
    def is_open(self) -> bool:
        """Whether it isn’t over; usable in Python and in queries."""
        return self.status not in CLOSED and self.ends_at > now()

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return and_(cls.status.not_in(CLOSED), cls.ends_at > now())

    @hybrid_property
    def has_started(self) -> bool:
        """Whether it isn’t an upcoming maintenance; usable in Python and in queries."""
        return self.scheduled_for is None or self.status != "scheduled" or self.scheduled_for <= now()

    @has_started.inplace.expression
    @classmethod
    def _has_started(cls) -> ColumnElement[bool]:
        return or_(cls.scheduled_for.is_(None), cls.status != "scheduled", cls.scheduled_for <= now())

    @property
    def is_maintenance(self) -> bool:
        return self.scheduled_for is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether it is a maintenance whose end nobody has written down: the clock may have ended it."""
        return self.status in UNFINISHED

    @property
    def resolved_at(self) -> datetime | None:
        return None if self.is_open else self.ends_at

    @property
    def current_status(self) -> IncidentStatus:
        """The status now: that of a maintenance follows the clock."""
        if self.scheduled_for is None:
            return self.status
        if not self.is_open:
            return "completed"
        return "in_progress" if self.status == "scheduled" and self.has_started else self.status

    def clock_steps(self) -> list[tuple[IncidentStatus, datetime]]:
        """What the clock has done since the last report: it started this maintenance, ended it, or both.

        All of it was after that report, which may have moved the window into the past.
        """
        steps: list[tuple[IncidentStatus, datetime]] = []
        if self.status == "scheduled" and self.has_started:
            steps.append(("in_progress", max(self.started_at, self.updated_at + INSTANT)))
        if self.is_unfinished and not self.is_open:
            steps.append(("completed", max(self.ends_at, self.updated_at + 2 * INSTANT)))
        return steps

    def reschedule(self, schedule: Schedule) -> None:
        """Set or move the window of a maintenance; raises InvalidField."""
        field = next((field for field in Schedule.__annotations__ if field in schedule), "status")
        if self.status in REALTIME_STATUSES:
            raise InvalidField(field, "Only a maintenance has a schedule; this is an incident.")
        was_ended_by_clock = self.status == "completed" and self.ends_at == self.scheduled_until
        if was_ended_by_clock:
            self.status = "in_progress"
        is_running = self.status in RUNNING
        start = self.started_at if is_running else self.scheduled_for  # they differ if it was started early
        self.scheduled_for, self.scheduled_until = window(schedule, start, self.scheduled_until)
        if is_running and self.scheduled_for > now():
            self.status = "scheduled"
        if self.status in (None, "scheduled"):  # else it was started by an update
            self.started_at = self.scheduled_for
        if self.status != "completed":
            self.ends_at = self.scheduled_until

    def set_status(self, status: IncidentStatus) -> None:
        """Set the status and its times; a running status extends a window that has ended."""
        allowed = MAINTENANCE_STATUSES if self.is_maintenance else REALTIME_STATUSES
        if status not in allowed:
            kind = "A maintenance" if self.is_maintenance else "An incident"
            raise InvalidField("status", f"{kind} is {', '.join(allowed[:-1])} or {allowed[-1]}.")
        moment = now()
        if status in RUNNING and self.scheduled_until and self.scheduled_until <= moment:
            self.scheduled_until = moment + DEFAULT_DURATION
        if status == "monitoring":
            self.monitoring_at = moment
        if status == "scheduled" and self.scheduled_for:
            self.started_at = self.scheduled_for
        else:
            self.started_at = min(self.started_at, moment)
        self.ends_at = (self.resolved_at or moment) if status in CLOSED else self.scheduled_until or NO_END
        self.status = status


def has_schedule(fields: Schedule) -> bool:
    return any(fields.get(field) for field in Schedule.__annotations__)


def window(schedule: Schedule, start: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """The start and end of a window, from a schedule and the earlier window; raises InvalidField.

    A window always ends, so that none stays open if the pipeline that opened it dies.
    """
    moment = now()
    start = schedule.get("scheduled_for") or start or moment
    if minutes := schedule.get("duration_minutes"):
        if schedule.get("scheduled_until"):
            raise InvalidField("duration_minutes", "Give duration_minutes or scheduled_until, not both.")
        return start, max(start, moment) + timedelta(minutes=minutes)
    until = schedule.get("scheduled_until") or until
    if until and until < start:
        raise InvalidField("scheduled_until", "A maintenance ends after it starts: choose a later time.")
    return start, until if until and until > start else start + DEFAULT_DURATION
