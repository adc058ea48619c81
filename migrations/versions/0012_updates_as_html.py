"""updates as HTML"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("incident_updates", sa.Column("html", sa.Text()))
