"""status pages"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "status_pages",
        identifier(),
        sa.Column(
            "user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False, unique=True),
        sa.Column("description", sa.Text()),
        sa.Column("time_zone", sa.String(64), nullable=False),
        time("created_at"),
        time("updated_at"),
    )
    op.create_table(
        "components",
        identifier(),
        page(index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.String(20), nullable=False),
        time("status_since"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("showcase", sa.Boolean(), nullable=False),
        sa.Column("only_show_if_degraded", sa.Boolean(), nullable=False),
        sa.Column("start_date", sa.Date()),
        time("created_at"),
        time("updated_at"),
        sa.UniqueConstraint("page_id", "slug"),
    )
    op.create_table(
        "component_days",
        parent("component_id", "components.id", primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("impact", sa.String(16), nullable=False),
    )
    op.create_table(
        "incidents",
        identifier(),
        page(index=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("worst_impact", sa.String(16), nullable=False),
        sa.Column("impact_override", sa.String(16)),
        sa.Column("scheduled_for", sa.DateTime(timezone=True)),
        sa.Column("scheduled_until", sa.DateTime(timezone=True)),
        time("started_at"),
        sa.Column("monitoring_at", sa.DateTime(timezone=True)),
        time("ends_at"),
        sa.Column("metadata", sa.JSON(), nullable=False),
        time("created_at"),
        time("updated_at"),
        sa.UniqueConstraint("page_id", "slug"),
    )
    for column in ("ends_at", "started_at", "created_at"):
        op.create_index(None, "incidents", ["page_id", column])
    op.create_table(
        "incident_components",
        parent("incident_id", "incidents.id", primary_key=True),
        parent("component_id", "components.id", primary_key=True, index=True),
    )
    op.create_table(
        "incident_updates",
        identifier(),
        parent("incident_id", "incidents.id", index=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("affected_components", sa.JSON()),
        sa.Column("deliver_notifications", sa.Boolean(), nullable=False),
        time("created_at"),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text()),
        time("created_at"),
        sa.UniqueConstraint("user_id", "key"),
    )


def identifier() -> sa.Column[str]:
    return sa.Column("id", sa.String(12), primary_key=True)


def parent(name: str, target: str, **more: bool) -> sa.Column[str]:
    return sa.Column(name, sa.String(12), sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, **more)


def page(*, index: bool) -> sa.Column[str]:
    return parent("page_id", "status_pages.id", index=index)


def time(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
