"""Time zones of the IANA database."""

import zoneinfo
from functools import cache

from spk.models.refusal import InvalidValue


@cache
def all_time_zones() -> tuple[str, ...]:
    return tuple(sorted(zoneinfo.available_timezones()))


def clean_time_zone(name: str) -> str:
    """The same name; raises InvalidValue if there is no such zone."""
    if name not in all_time_zones():
        raise InvalidValue("Use the name of a time zone, like Europe/Berlin or UTC.")
    return name
