"""Time zones of the IANA database."""

import zoneinfo


def all_time_zones() -> list[str]:
    return sorted(zoneinfo.available_timezones())


def clean_time_zone(name: str) -> str:
    """The same name; raises ValueError if there is no such zone."""
    if name not in zoneinfo.available_timezones():
        raise ValueError("Use the name of a time zone, like Europe/Berlin or UTC.")
    return name
