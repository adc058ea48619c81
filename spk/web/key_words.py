"""What a key may do, in the words of its section."""

from datetime import UTC, datetime, timedelta

from spk.db import now
from spk.models import ApiKey
from spk.models.accounts import scope


def until(time: datetime) -> str:
    """Like “24 Dec 2026, 23:59 UTC”."""
    return f"{time.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def program(key: ApiKey) -> str:
    """What last used the key, like “curl”: the first product of the user agent (RFC 9110, 10.1.5)."""
    return (key.last_used_agent or "").partition(" ")[0].partition("/")[0]


def access(key: ApiKey) -> str:
    """Like “Read only”."""
    if key.scopes is None:
        return "Everything"
    if key.scopes == scope.READ:
        return "Read only"
    if key.scopes == scope.REPORT:
        return "Report from CI"
    return ", ".join(map(scope.label, key.scopes))


def page_list(key: ApiKey, names: dict[str, str]) -> str:
    """The pages that the key is for, by the names of all pages."""
    if key.page_ids is None:
        return "All pages"
    return ", ".join(names[each] for each in key.page_ids if each in names) or "None: its pages are deleted"


def limits(key: ApiKey, names: dict[str, str]) -> str:
    """Like “Read only · Acme · from 203.0.113.7”; nothing where there are no limits."""
    parts = [] if key.scopes is None else [access(key)]
    if key.page_ids is not None:
        parts.append(page_list(key, names))
    if key.networks:
        many = len(key.networks) > 1
        parts.append(f"from {f'{len(key.networks)} addresses' if many else key.networks[0]}")
    return " · ".join(parts)


def rights_sentence(key: ApiKey, names: dict[str, str]) -> str:
    """Like “Read only, on Acme, from anywhere, until 24 Dec 2026, 23:59 UTC”, as a sentence."""
    where = "on all pages" if key.page_ids is None else f"on {page_list(key, names)}"
    source = f"from {', '.join(key.networks)}" if key.networks else "from anywhere"
    end = f"until {until(key.expires_at)}" if key.expires_at else "until you revoke it"
    return f"{access(key)}, {where}, {source}, {end}."


def ends_in(key: ApiKey) -> str:
    """Like “Expires in 3 days”, where that is soon."""
    if not key.expires_at or not key.ends_soon:
        return ""
    left = key.expires_at - now()
    if left < timedelta(days=1):
        hours = left // timedelta(hours=1)
        return f"Expires in {hours} hour{'s' * (hours != 1)}" if hours else "Expires within the hour"
    return f"Expires in {left.days} day{'s' * (left.days != 1)}"
