"""Times as people read them."""

from datetime import UTC, datetime, timedelta

import humanize

from spk.db import now


def ago(time: datetime) -> str:
    """Like “3 minutes ago”."""
    return humanize.naturaltime(now() - time)


def span(length: timedelta) -> str:
    """Like “45 days”."""
    return f"{length.days} days"


def date(time: datetime) -> str:
    """Like “11 Nov 2026”."""
    return f"{time.astimezone(UTC):%-d %b %Y}"


def exact(time: datetime) -> str:
    """Like “11 Nov 2026, 09:41:07 UTC”."""
    return f"{time.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"
