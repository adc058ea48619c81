"""Times and statuses in readable form."""

from datetime import UTC, date, datetime, timedelta, tzinfo

import humanize

from spk.db import now
from spk.models import Incident
from spk.models.status_pages.vocabulary import DESCRIPTIONS, Level


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
    if not incident.scheduled_for or not incident.scheduled_until:
        return ""
    zone = incident.page.zone
    start, end = incident.scheduled_for.astimezone(zone), incident.scheduled_until.astimezone(zone)
    if start.date() == end.date() and start.tzname() == end.tzname():
        return f"{start:%-d %b %Y, %H:%M} – {end:%H:%M %Z}"
    return f"{local(start, zone)} – {local(end, zone)}"


def days(first: date, last: date) -> str:
    """Like “11 November 2026” or “2 – 11 November 2026”."""
    if first == last:
        return f"{last:%-d %B %Y}"
    same = "%-d" if first.month == last.month else "%-d %B" if first.year == last.year else "%-d %B %Y"
    return f"{first:{same}} – {last:%-d %B %Y}"


def exact(time: datetime) -> str:
    """Like “11 Nov 2026, 09:41:07 UTC”."""
    return f"{time.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"


def label(status: str) -> str:
    """Like “Degraded performance”."""
    return status.replace("_", " ").capitalize()


def lasted(incident: Incident) -> str:
    """Like “Lasted 1 hour and 5 minutes”; nothing while it is open."""
    if not incident.resolved_at:
        return ""
    length = incident.resolved_at - incident.started_at
    if length < timedelta(minutes=1):
        return "Lasted less than a minute"
    return f"Lasted {humanize.precisedelta(length, minimum_unit='minutes', format='%d')}"


def headline(level: Level) -> str:
    """Like “All Systems Operational”, which no page says beside an open incident or without components."""
    if level == "unknown":
        return "Nothing Reported"
    return "Incident in Progress" if level == "open" else DESCRIPTIONS[level]
