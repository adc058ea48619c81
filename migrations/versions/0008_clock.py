"""what the clock has done to maintenance is written down, and what isn’t yet is found by an index"""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
TIME = sa.DateTime(timezone=True)
STARTED, ENDED = ("in_progress", "It started as planned."), ("completed", "It ended as planned.")


def upgrade() -> None:
    op.create_index("ix_incidents_page_id_status", "incidents", ["page_id", "status"])
    op.execute(  # what was planned for now, whose first update says so
        sa.text(
            "UPDATE incidents SET status = 'in_progress' WHERE status = 'scheduled' AND EXISTS (SELECT 1 "
            "FROM incident_updates told WHERE told.incident_id = incidents.id AND told.status <> 'scheduled')"
        )
    )
    connection = op.get_bind()
    ended = sa.text(
        "SELECT id, status, started_at, ends_at FROM incidents WHERE scheduled_for IS NOT NULL "
        "AND status IN ('scheduled', 'in_progress', 'verifying') AND ends_at <= :now"
    ).bindparams(sa.bindparam("now", type_=TIME))
    typed = ended.columns(id=sa.String, status=sa.String, started_at=TIME, ends_at=TIME)
    rows = connection.execute(typed, {"now": datetime.now(UTC)}).all()
    steps = [(row.id, *STARTED, row.started_at) for row in rows if row.status == "scheduled"]
    steps += [(row.id, *ENDED, row.ends_at) for row in rows]
    write = sa.text(
        "INSERT INTO incident_updates (id, incident_id, status, body, deliver_notifications, created_at) "
        "VALUES (:id, :incident, :status, :body, false, :time)"
    ).bindparams(sa.bindparam("time", type_=TIME))
    for incident, status, body, time in steps:
        values = {"incident": incident, "status": status, "body": body, "time": time}
        connection.execute(write, {"id": secrets.token_hex(6), **values})
    finish = sa.text(
        "UPDATE incidents SET status = 'completed', "
        "updated_at = CASE WHEN updated_at < ends_at THEN ends_at ELSE updated_at END WHERE id = :incident"
    )
    for row in rows:
        connection.execute(finish, {"incident": row.id})
