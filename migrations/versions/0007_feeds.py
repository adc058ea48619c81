"""an index for the incidents with the last news, which feeds are made of"""

from alembic import op

revision = "0007"
down_revision = "0006"
INDEX = "ix_incidents_page_id_updated_at"


def upgrade() -> None:
    op.create_index(INDEX, "incidents", ["page_id", "updated_at"])
