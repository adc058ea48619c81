"""whose a page is: website, colour, logo, frames, search engines"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for column in (
        sa.Column("website", sa.String(500)),
        sa.Column("accent", sa.String(7)),
        sa.Column("frame_origins", sa.Text(), server_default="", nullable=False),
        sa.Column("hidden_from_search", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("logo", sa.Text()),
        sa.Column("logo_name", sa.String(40)),
    ):
        op.add_column("status_pages", column)
