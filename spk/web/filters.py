"""Times and statuses in readable form."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from math import floor
from urllib.parse import urlsplit

import humanize

from spk.db import now
from spk.models import Incident
from spk.models.status_pages.component_day import DOWN
from spk.models.status_pages.uptime import Day, Uptime
from spk.models.status_pages.vocabulary import DESCRIPTIONS, STATUS_OF, Level

COLOURS: dict[Level, str] = {  # of pictures that stand alone, as in light pages
    "none": "#17635c",
    "open": "#4a5b78",
    "unknown": "#5a616c",
    "maintenance": "#2b5ea8",
    "minor": "#8a5a00",
    "major": "#a84300",
    "critical": "#b02418",
}


def ago(time: datetime) -> str:
    """Like “3 minutes ago”."""
    return humanize.naturaltime(now() - time)


def span(length: timedelta) -> str:
    """Like “45 days”."""
    return f"{length.days} days"


def day(time: datetime) -> str:
    """Like “11 Nov 2026”."""
    return f"{time.astimezone(UTC):%-d %b %Y}"


def local(time: datetime, zone: tzinfo) -> str:
    """Like “11 Nov 2026, 10:41 CET”."""
    return f"{time.astimezone(zone):%-d %b %Y, %H:%M %Z}"


def window(incident: Incident) -> str:
    """Like “11 Nov 2026, 10:00 – 11:00 CET”: the window of a maintenance, in its page’s time zone."""
    return " – ".join(window_ends(incident))


def window_ends(incident: Incident) -> tuple[str, str] | tuple[()]:
    """Like “11 Nov 2026, 10:00” and “11:00 CET”."""
    if not incident.scheduled_for or not incident.scheduled_until:
        return ()
    zone = incident.page.zone
    start, end = incident.scheduled_for.astimezone(zone), incident.scheduled_until.astimezone(zone)
    if start.date() == end.date() and start.tzname() == end.tzname():
        return f"{start:%-d %b %Y, %H:%M}", f"{end:%H:%M %Z}"
    return local(start, zone), local(end, zone)


def days(first: date, last: date) -> str:
    """Like “11 November 2026” or “2 – 11 November 2026”."""
    if first == last:
        return f"{last:%-d %B %Y}"
    same = "%-d" if first.month == last.month else "%-d %B" if first.year == last.year else "%-d %B %Y"
    return f"{first:{same}} – {last:%-d %B %Y}"


def exact(time: datetime) -> str:
    """Like “11 Nov 2026, 09:41:07 UTC”."""
    return f"{time.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"


def host(url: str) -> str:
    """Like “example.com”."""
    return (urlsplit(url).hostname or url).removeprefix("www.")


def label(status: str) -> str:
    """Like “Degraded performance”."""
    return status.replace("_", " ").capitalize()


def lasted(incident: Incident) -> str:
    """Like “Lasted 1 hour and 5 minutes”; nothing while it is open."""
    if not incident.resolved_at:
        return ""
    return f"Lasted {duration(incident.resolved_at - incident.started_at)}"


def duration(length: timedelta) -> str:
    """Like “1 hour and 5 minutes”."""
    if length < timedelta(minutes=1):
        return "less than a minute"
    return humanize.precisedelta(length, minimum_unit="minutes", format="%d")


def happened(day: Day) -> str:
    """Like “11 November 2026: major outage for 34 minutes, degraded performance for 2 hours”."""
    lengths = {impact: timedelta(seconds=getattr(day, impact)) for impact in DOWN}
    told = [
        f"{label(STATUS_OF[impact]).lower()} for {duration(lasted)}"
        for impact, lasted in reversed(lengths.items())
        if lasted
    ]
    if not lengths.get(day.impact or "none"):  # maintenance, or before lengths were kept
        told.insert(0, label(STATUS_OF[day.impact or "none"]).lower())
    return f"{days(day.date, day.date)}: {', '.join(told)}"


def percent(uptime: Uptime) -> str:
    """Like “99.98%”, which is 100% only where there was no outage."""
    if uptime.uptime_percentage is None:
        return "Unknown"
    return f"{floor(round(uptime.uptime_percentage * 100, 6)) / 100:g}%"


def headline(level: Level) -> str:
    """Like “All Systems Operational”, which no page says beside an open incident or without components."""
    if level == "unknown":
        return "Nothing Reported"
    return "Incident in Progress" if level == "open" else DESCRIPTIONS[level]
