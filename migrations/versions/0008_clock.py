"""what the clock has done to maintenance is written down, and what isn’t yet is found by an index"""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
TIME = sa.DateTime(timezone=True)
HISTORY = timedelta(days=90)
# The newest update says whether a person started it already, whatever its status was then.
ENDED = """
SELECT incidents.id, page_id, started_at, ends_at, time_zone, (
    SELECT incident_updates.status FROM incident_updates WHERE incident_id = incidents.id
    ORDER BY incident_updates.created_at DESC LIMIT 1
) AS told FROM incidents JOIN status_pages ON status_pages.id = page_id
WHERE scheduled_for IS NOT NULL AND ends_at <= :now AND incidents.status NOT IN ('completed', 'resolved')
"""
STARTED = """
UPDATE incidents SET status = 'in_progress' WHERE status = 'scheduled' AND scheduled_for <= :now AND (
    SELECT incident_updates.status FROM incident_updates WHERE incident_id = incidents.id
    ORDER BY incident_updates.created_at DESC LIMIT 1
) <> 'scheduled'
"""
UPDATE = """
INSERT INTO incident_updates (id, incident_id, status, body, deliver_notifications, created_at)
VALUES (:id, :incident, :status, :body, false, :time)
"""
FINISHED = """
UPDATE incidents SET status = 'completed',
    updated_at = CASE WHEN updated_at < :time THEN :time ELSE updated_at END WHERE id = :incident
"""
PAGE = "UPDATE status_pages SET updated_at = :time WHERE id = :page AND updated_at < :time"
COMPONENT = "UPDATE components SET updated_at = :time WHERE id = :component AND updated_at < :time"
DAY = """
INSERT INTO component_days (component_id, day, impact) SELECT :component, :day, 'maintenance'
WHERE NOT EXISTS (SELECT 1 FROM component_days WHERE component_id = :component AND day = :day)
"""


def upgrade() -> None:
    op.create_index("ix_incidents_page_id_status", "incidents", ["page_id", "status"])
    now = datetime.now(UTC)
    columns = {"id": sa.String, "page_id": sa.String, "started_at": TIME, "ends_at": TIME}
    ended = _text(ENDED).columns(**columns, time_zone=sa.String, told=sa.String)
    for row in op.get_bind().execute(ended, {"now": now}).all():
        start, end = (_in_utc(time) for time in (row.started_at, row.ends_at))
        if row.told == "scheduled":
            _add_update(row.id, "in_progress", "It started as planned.", start)
        _add_update(row.id, "completed", "It ended as planned.", end)
        _execute(FINISHED, incident=row.id, time=end)
        _execute(PAGE, page=row.page_id, time=end)
        of_incident = sa.text("SELECT component_id FROM incident_components WHERE incident_id = :id")
        for component in op.get_bind().execute(of_incident, {"id": row.id}).scalars().all():
            _execute(COMPONENT, component=component, time=end)
            for day in _days(max(start, now - HISTORY), end, ZoneInfo(row.time_zone)):
                _execute(DAY, component=component, day=day)
    _execute(STARTED, now=now)


def _text(statement: str) -> sa.TextClause:
    types = {"now": TIME, "time": TIME, "day": sa.Date, "component": sa.String}
    return sa.text(statement).bindparams(
        *(sa.bindparam(name, type_=kind) for name, kind in types.items() if f":{name}" in statement)
    )


def _execute(statement: str, **values: object) -> None:
    op.get_bind().execute(_text(statement), values)


def _in_utc(time: datetime) -> datetime:
    """The same; SQLite keeps no time zone."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _add_update(incident: str, status: str, body: str, time: datetime) -> None:
    _execute(UPDATE, id=secrets.token_hex(6), incident=incident, status=status, body=body, time=time)


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[object]:
    day = start.astimezone(zone).date()
    while day <= (end - timedelta(microseconds=1)).astimezone(zone).date():
        yield day
        day += timedelta(days=1)
