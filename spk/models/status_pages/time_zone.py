"""Time zones, by the names of the IANA database."""

import zoneinfo

from spk.models.refusal import InvalidValue


def all_time_zones() -> list[str]:
    return sorted(zoneinfo.available_timezones())


def clean_time_zone(name: str) -> str:
    """The same name; raises InvalidValue where there is no such zone."""
    if name not in zoneinfo.available_timezones():
        raise InvalidValue("Use the name of a time zone, like Europe/Berlin or UTC.")
    return name
