"""How Alembic runs here: in one transaction, with SQLite's foreign keys off while tables are rebuilt."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection

import spk.models  # noqa: F401  # fills the metadata
from spk.db import Base, UtcDateTime, db


def render_item(_kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration stands on SQLAlchemy alone, whatever becomes of our types."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        transactional_ddl=True,  # SQLite can, once the driver leaves transactions alone
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration left rows without their parent: {broken[:5]}")


def without_foreign_keys(connection: Connection) -> None:
    """Migrate while SQLite doesn't cascade: rebuilding a parent table would delete every child row."""
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")  # no-op inside a transaction, so before one begins
    try:
        migrate(connection)
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


with db.engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        without_foreign_keys(connection)
    else:
        migrate(connection)
