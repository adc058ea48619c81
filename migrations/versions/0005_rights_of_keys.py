"""what a key may do, its replacement and its use"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    for column in (
        sa.Column("scopes", sa.Text()),
        sa.Column("page_ids", sa.Text()),
        sa.Column("networks", sa.Text()),
        sa.Column("last_used_address", sa.String(45)),
        sa.Column("last_used_agent", sa.String(200)),
        sa.Column("replaced_at", time),
        sa.Column("retires_at", time),
        sa.Column("replaced_by", sa.String(12)),
        sa.Column("ends_on_first_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("tried_at", time),
        sa.Column("tried_from", sa.String(45)),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leaked_from", sa.String(45)),
    ):
        op.add_column("api_keys", column)
    op.create_index("ix_api_keys_replaced_by", "api_keys", ["replaced_by"], unique=True)
    op.add_column("events", sa.Column("door", sa.String(10)))
    op.add_column("events", sa.Column("key_prefix", sa.String(12), index=True))
    op.add_column("users", sa.Column("feed_number", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "api_key_days",
        sa.Column(
            "api_key_id", sa.Integer(), sa.ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
    )
    op.create_table(
        "api_key_refusals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "api_key_id",
            sa.Integer(),
            sa.ForeignKey("api_keys.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("created_at", time, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("address", sa.String(45)),
    )
