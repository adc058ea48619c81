"""sweeps of outdated rows, an index of updates"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.drop_index("ix_incident_updates_incident_id", "incident_updates")
    op.create_index(
        "ix_incident_updates_incident_id_created_at_id",
        "incident_updates",
        ["incident_id", "created_at", "id"],
    )
