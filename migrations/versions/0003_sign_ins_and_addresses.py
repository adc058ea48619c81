"""sign-ins, and where they came from"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("events", sa.Column("address", sa.String(45)))
    op.add_column("events", sa.Column("browser", sa.String(100)))
    op.add_column("sign_in_attempts", sa.Column("account", sa.String(64), index=True))
    op.add_column("sign_in_attempts", sa.Column("address", sa.String(45)))
    op.add_column(
        "sign_in_attempts", sa.Column("was_right", sa.Boolean(), nullable=False, server_default=sa.false())
    )
