"""What a key may do, where, from which addresses, and until when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

LAST_DAY = date(9998, 12, 31)


@dataclass(frozen=True)
class KeyRights:
    """As the owner of a key has chosen them; by default everything, everywhere, for ever."""

    scopes: tuple[str, ...] | None = None  # None means everything
    page_ids: tuple[str, ...] | None = None  # None means all pages, those to come too
    networks: tuple[str, ...] | None = None  # None means from anywhere
    expires_at: datetime | None = None


EVERYTHING = KeyRights()


def end_of(day: date) -> datetime:
    """The last second of a day in UTC."""
    return datetime.combine(day, time(23, 59, 59), UTC)
