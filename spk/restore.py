"""Restoring the rows and secrets of a backup."""

import alembic.command
from flask import current_app
from sqlalchemy import JSON, Connection, MetaData, Table, func
from sqlalchemy.exc import DataError, IntegrityError

from spk.archive import Archive, NotComplete
from spk.backup import tables
from spk.db import Base, db
from spk.engines import without_foreign_keys
from spk.models.accounts.pepper import check_canary
from spk.models.refusal import Refusal


def restore(archive: Archive, *, replace: bool) -> None:
    """Make the database what it was and migrate it forward, all or nothing; raises Refusal, ConfigError."""
    with db.engine.connect() as connection, without_foreign_keys(connection), connection.begin():
        check_canary(archive.canary())
        _clear(connection, archive, replace=replace)
        _migrate(connection, archive.about().revision)
        existing = tables(connection)
        archive.check_names(existing)
        for table in existing:
            _insert(connection, table, archive)
        _migrate(connection, "head")


def _clear(connection: Connection, archive: Archive, *, replace: bool) -> None:
    existing = MetaData()
    existing.reflect(connection)
    if existing.tables and not replace:
        raise Refusal("The database has tables already: `--force` replaces them all.")
    ours = {"alembic_version", *Base.metadata.tables, *archive.names()}
    others = sorted(set(existing.tables) - ours)
    if others and connection.dialect.name == "postgresql":  # an SQLite file is only used by spk
        raise Refusal(
            f"The database has other tables, too ({', '.join(others)}): use a separate database for spk."
        )
    existing.drop_all(connection)


def _migrate(connection: Connection, revision: str) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _insert(connection: Connection, table: Table, archive: Archive) -> None:
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
    for rows in archive.rows(table):
        try:
            connection.execute(table.insert(), rows)
        except (IntegrityError, DataError):  # rows that no database of ours could have held
            raise NotComplete(archive.file) from None
    if connection.dialect.name == "postgresql" and table.autoincrement_column is not None:
        last = func.max(table.autoincrement_column).select().scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, table.autoincrement_column.name)
        connection.execute(func.setval(sequence, last).select())
