"""how long a component was down on a day; of days before, only that it was is known"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for impact in ("minor", "major", "critical"):
        op.add_column("component_days", sa.Column(impact, sa.Integer(), server_default="0", nullable=False))
