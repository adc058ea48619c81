"""Incidents that are told when they are over: they are dated then, and change nothing that is so now."""

from datetime import datetime, time, tzinfo
from typing import TYPE_CHECKING

from spk.db import now
from spk.models.refusal import InvalidField, InvalidValue
from spk.models.status_pages.incident_fields import IncidentFields
from spk.models.status_pages.schedule import has_schedule, in_utc

if TYPE_CHECKING:
    from spk.models.status_pages.incident import Incident


def backfilled_at(fields: IncidentFields, zone: tzinfo) -> datetime | None:
    """When an incident was that is told now, None for any other; raises InvalidField.

    A day is when it begins in the time zone of the page.
    """
    given = fields.get("backfill_date")
    if not fields.get("backfilled", given is not None):
        return None
    if given is None:
        raise InvalidField("backfill_date", "Say when it was.")
    if has_schedule(fields):
        raise InvalidField("backfill_date", "For maintenance, send scheduled_for, which may be in the past.")
    if fields.get("status", "resolved") != "resolved":
        raise InvalidField("status", "A backfilled incident is over, so its status is resolved.")
    if any((fields.get("components") or {}).values()):
        raise InvalidField("components", "A backfilled incident changes no status now: send component_ids.")
    try:
        moment = in_utc(given if isinstance(given, datetime) else datetime.combine(given, time(), zone))
    except InvalidValue as refusal:
        raise InvalidField("backfill_date", str(refusal)) from None
    if moment > now():
        raise InvalidField("backfill_date", "This is in the future: choose an earlier time.")
    return moment


def date_back(incident: "Incident", moment: datetime) -> None:
    """Say that it began and was over then."""
    incident.created_at = incident.started_at = incident.ends_at = moment
    for update in incident.updates:
        update.created_at = moment
