"""groups of components"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
GROUP = "fk_components_group_id_component_groups"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "component_groups",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column(
            "page_id", sa.String(12), sa.ForeignKey("status_pages.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.UniqueConstraint("page_id", "slug"),
    )
    with op.batch_alter_table("components") as components:
        components.add_column(sa.Column("group_id", sa.String(12)))
        components.create_foreign_key(GROUP, "component_groups", ["group_id"], ["id"], ondelete="SET NULL")
        components.create_index("ix_components_group_id", ["group_id"])
