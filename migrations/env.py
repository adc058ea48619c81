"""Runs Alembic in one transaction, with SQLite's foreign keys off while tables are rebuilt."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator

import spk.models  # noqa: F401  # fills the metadata
from spk.db import Base, db
from spk.engines import without_foreign_keys


def render_item(_kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render only SQLAlchemy's types, so that migrations don't depend on spk's own."""
    return f"sa.{item.impl!r}" if isinstance(item, TypeDecorator) else False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        transactional_ddl=True,  # works on SQLite, too, as the driver doesn't manage transactions
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            await_others(connection)
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration left rows without their parent: {broken[:5]}")


def await_others(connection: Connection) -> None:
    """Let several servers that start at the same time migrate one after the other, without a timeout."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('spk migrations'))")
    connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")


if "connection" in context.config.attributes:
    migrate(context.config.attributes["connection"])  # a restore migrates in its own transaction
else:
    with db.engine.connect() as connection, without_foreign_keys(connection):
        migrate(connection)
