"""Time zones of the IANA database."""

import zoneinfo
from datetime import UTC, datetime, tzinfo
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


def moments(local: datetime, zone: tzinfo) -> list[datetime]:
    """When clocks show this time, in UTC: never if they skip it, twice if they repeat it (PEP 495)."""
    both = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(each for each in both if each.astimezone(zone).replace(tzinfo=None) == local)
