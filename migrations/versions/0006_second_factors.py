"""second factors, passkeys, and what sessions and events say of themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
OWNER = "fk_former_slugs_user_id_users"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    # With AUTOINCREMENT no id is used again for another account or session, once one was deleted.
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    numbered = {"sqlite_autoincrement": True}
    with op.batch_alter_table("users", recreate=recreate, table_kwargs=numbered) as users:
        users.add_column(sa.Column("reviewed_at", time))
        users.add_column(sa.Column("reset_hash", sa.String(64)))
        users.add_column(sa.Column("reset_until", time))
        users.create_unique_constraint("uq_users_reset_hash", ["reset_hash"])
    with op.batch_alter_table("sessions", recreate=recreate, table_kwargs=numbered) as sessions:
        sessions.add_column(sa.Column("address", sa.String(45)))
        sessions.add_column(sa.Column("confirmed_at", time))
        sessions.add_column(
            sa.Column("awaits_factor", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("former_slugs") as former_slugs:  # kept when their owner is deleted
        former_slugs.alter_column("user_id", nullable=True)
        former_slugs.drop_constraint(OWNER, type_="foreignkey")
        former_slugs.create_foreign_key(OWNER, "users", ["user_id"], ["id"], ondelete="SET NULL")
    op.add_column("events", sa.Column("session_id", sa.Integer()))
    op.execute(sa.text("UPDATE users SET reviewed_at = CURRENT_TIMESTAMP"))
    op.create_table(
        "authenticator_apps",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sealed_secret", sa.String(200), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", time, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), primary_key=True),
        _user_id(),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", time),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), primary_key=True),
        _user_id(),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False, unique=True),
        sa.Column("public_data", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("challenged_at", time, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("last_used_at", time),
        sqlite_autoincrement=True,
    )


def _user_id() -> sa.Column[int]:
    return sa.Column(
        "user_id",
        sa.Integer(),
        sa.ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )
