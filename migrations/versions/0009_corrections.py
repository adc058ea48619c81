"""when an update of an incident was corrected"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("incident_updates", sa.Column("corrected_at", sa.DateTime(timezone=True)))
