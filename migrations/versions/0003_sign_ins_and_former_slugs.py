"""sign-ins and where they came from, former slugs"""

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
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.String(80), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "page_id", sa.String(12), sa.ForeignKey("status_pages.id", ondelete="SET NULL"), index=True
        ),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=False),
    )
