"""How a component was on each day, and how much of the time it was up."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from spk.db import now
from spk.models.refusal import InvalidField
from spk.models.status_pages.component_day import DOWN, HISTORY_DAYS, days_since, midnight, seconds_by_day
from spk.models.status_pages.vocabulary import IMPACT_OF, Impact, worst

if TYPE_CHECKING:
    from spk.models.status_pages.component import Component

PARTIAL = 0.3  # of a partial outage counts as down, as in Atlassian Statuspage; degraded performance is up


class Day(NamedTuple):
    """The worst impact on a component on a day, None before it was there, and the seconds of each."""

    date: date
    impact: Impact | None
    minor: int = 0
    major: int = 0
    critical: int = 0

    @property
    def is_timeless(self) -> bool:
        """Whether it had an outage from before their lengths were recorded."""
        return self.impact in ("major", "critical") and not (self.major or self.critical)

    @property
    def is_bad(self) -> bool:
        return self.impact not in (None, "none")


class Uptime(NamedTuple):
    """The days of a period of which something is known, and from when until when they last."""

    days: list[Day]
    range_start: datetime
    range_end: datetime
    warnings: str | None = None
    is_timeless: bool = False

    @property
    def partial_outage(self) -> int:
        """Seconds."""
        return sum(day.major for day in self.days)

    @property
    def major_outage(self) -> int:
        """Seconds."""
        return sum(day.critical for day in self.days)

    @property
    def uptime_percentage(self) -> float | None:
        """None if nothing is known of the period, or not how long an outage lasted."""
        if self.is_timeless:
            return None
        seconds = (self.range_end - self.range_start).total_seconds()
        down = self.major_outage + PARTIAL * self.partial_outage
        return max(0.0, 100 * (1 - down / seconds)) if seconds > 0 else None


def last_days(component: "Component") -> list[Day]:
    """The last 90 days in the time zone of its page."""
    zone, moment = component.page.zone, now()
    today = moment.astimezone(zone).date()
    born = max(component.created_at.astimezone(zone).date(), component.start_date or date.min)
    recorded = {each.day: each for each in component.bad_days}
    maintenance, impact = component.page.clock.days(component.id), IMPACT_OF[component.status]
    ongoing = seconds_by_day(component.status_since, moment, zone) if impact != "none" else {}
    eventful = {*recorded, *ongoing, *maintenance, today}
    days = []
    for day in days_since(moment - timedelta(days=HISTORY_DAYS), zone):
        if day not in eventful or day < born:
            days.append(Day(day, "none" if day >= born else None))
            continue
        row = recorded.get(day)
        impacts: list[Impact] = [
            row.impact if row else "none",
            impact if day in ongoing else "none",
            "maintenance" if day in maintenance else "none",
            component.current_impact if day == today else "none",
        ]
        seconds = {each: getattr(row, each) if row else 0 for each in DOWN}
        if impact in DOWN:
            seconds[impact] += ongoing.get(day, 0)
        days.append(Day(day, worst(impacts), **seconds))
    return days


def measure(component: "Component", start: date | None = None, end: date | None = None) -> Uptime:
    """Its uptime from one day to another, by default of all that is known."""
    days = last_days(component)
    oldest, today = days[0].date, days[-1].date
    asked = [day for day in days if (start or oldest) <= day.date <= (end or today)]
    known = [day for day in asked if day.impact is not None]
    zone = component.page.zone
    if not known:
        at = midnight(min(max(start or end or today, oldest), today), 0, zone)
        return Uptime([], at, at, "Nothing is known of these days.")
    begin = max(midnight(known[0].date, 0, zone), component.created_at)
    until = min(midnight(known[-1].date, 1, zone), now())
    warnings = f"What is known begins on {known[0].date}." if start and start < known[0].date else None
    if timeless := [day.date for day in known if day.is_timeless and day.date != today]:
        warnings = f"How long the outage of {timeless[-1]} lasted wasn’t recorded."
    return Uptime(known, begin, until, warnings, bool(timeless))


def check_period(start: date | None, end: date | None, today: date) -> None:
    """Raise InvalidField if a period is still to come, or its days aren’t in order."""
    if start and start > today:
        raise InvalidField("start", "This is in the future: choose an earlier day.")
    if start and end and start > end:
        raise InvalidField("start", "This is after the end: choose an earlier day.")
