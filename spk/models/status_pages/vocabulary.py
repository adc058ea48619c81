"""Statuses and impacts, named as in Atlassian Statuspage, so that its clients work."""

from collections.abc import Iterable
from typing import Literal, get_args

ComponentStatus = Literal[
    "operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"
]
RealtimeStatus = Literal["investigating", "identified", "monitoring", "resolved"]
MaintenanceStatus = Literal["scheduled", "in_progress", "verifying", "completed"]
IncidentStatus = Literal[RealtimeStatus, MaintenanceStatus]
Impact = Literal["none", "maintenance", "minor", "major", "critical"]  # from the best to the worst

CLOSED: tuple[IncidentStatus, ...] = ("resolved", "completed")
COMPONENT_STATUSES: tuple[ComponentStatus, ...] = get_args(ComponentStatus)
REALTIME_STATUSES: tuple[RealtimeStatus, ...] = get_args(RealtimeStatus)
MAINTENANCE_STATUSES: tuple[MaintenanceStatus, ...] = get_args(MaintenanceStatus)
IMPACTS: tuple[Impact, ...] = get_args(Impact)
IMPACT_OF: dict[ComponentStatus, Impact] = {
    "operational": "none",
    "under_maintenance": "maintenance",
    "degraded_performance": "minor",
    "partial_outage": "major",
    "major_outage": "critical",
}
STATUS_OF: dict[Impact, ComponentStatus] = {impact: status for status, impact in IMPACT_OF.items()}
DESCRIPTIONS: dict[Impact, str] = {
    "none": "All Systems Operational",
    "maintenance": "Service Under Maintenance",
    "minor": "Partially Degraded Service",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}
# What people see: all is not well while an incident is open, nor where nothing is reported.
Level = Impact | Literal["open", "unknown"]


def worst(impacts: Iterable[Impact]) -> Impact:
    return max(impacts, key=IMPACTS.index, default="none")
