"""Restoring the rows and secrets of a backup."""

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import alembic.command
from flask import current_app
from sqlalchemy import JSON, Connection, MetaData, Table, func

from spk import health
from spk.backup import BATCH_SIZE, FORMAT, tables
from spk.config import secret_files, variables
from spk.db import Base, db
from spk.engines import without_foreign_keys
from spk.models.accounts.pepper import check_canary
from spk.models.refusal import Refusal

READ_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError),
    *(AttributeError, KeyError, OverflowError, RuntimeError, TypeError, ValueError),
)


@contextmanager
def open_backup(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open a backup; raises Refusal if it isn’t one, or is from a newer spk."""
    with ExitStack() as stack:
        with _refuse_damaged(file):
            archive = stack.enter_context(zipfile.ZipFile(file))
            about = json.loads(archive.read("about.json"))
            if about["format"] != FORMAT or about["revision"] not in health.migrations():
                raise Refusal(
                    f"{file} was made by spk {about['spk']}: restore it with that version or a newer one."
                )
        yield archive


@contextmanager
def _refuse_damaged(file: Path | str | None) -> Iterator[None]:
    """Turn the errors of reading a damaged backup into a Refusal."""
    try:
        yield
    except READ_ERRORS:
        raise Refusal(f"{file} is not a complete backup of spk.") from None


def secrets(archive: zipfile.ZipFile, environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets of a backup by name, without those set by a variable, which the canary checks."""
    with _refuse_damaged(archive.filename):
        found = json.loads(archive.read("secrets.json"))
        for name in secret_files.NAMES:
            found[name].encode()  # fails if it isn't text
    return {name: found[name] for name in secret_files.NAMES if variables.value(environ, name) is None}


def restore(archive: zipfile.ZipFile, *, replace: bool) -> None:
    """Restore and migrate the database, completely or not at all; raises Refusal or ConfigError."""
    with (
        _refuse_damaged(archive.filename),
        db.engine.connect() as connection,
        without_foreign_keys(connection),
        connection.begin(),
    ):
        check_canary(next(_lines(archive, "pepper_canary"), {})["digest"])
        _clear(connection, archive, replace=replace)
        _migrate(connection, json.loads(archive.read("about.json"))["revision"])
        for table in tables(connection):
            _insert(connection, table, _lines(archive, table.name))
        _migrate(connection, "head")


def _clear(connection: Connection, archive: zipfile.ZipFile, *, replace: bool) -> None:
    existing = MetaData()
    existing.reflect(connection)
    if existing.tables and not replace:
        raise Refusal("The database has tables already: `--force` replaces them all.")
    own = {"alembic_version", *Base.metadata.tables, *(name.split(".")[0] for name in archive.namelist())}
    others = sorted(set(existing.tables) - own)
    if others and connection.dialect.name == "postgresql":  # an SQLite file is only used by spk
        raise Refusal(
            f"The database has other tables, too ({', '.join(others)}): use a separate database for spk."
        )
    existing.drop_all(connection)


def _migrate(connection: Connection, revision: str) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _lines(archive: zipfile.ZipFile, table: str) -> Iterator[dict[str, Any]]:
    with archive.open(f"{table}.jsonl") as lines:
        yield from map(json.loads, lines)


def _insert(connection: Connection, table: Table, lines: Iterator[dict[str, Any]]) -> None:
    times = [column.name for column in table.columns if column.type.python_type is datetime]
    days = [column.name for column in table.columns if column.type.python_type is date]
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
    while rows := list(islice(lines, BATCH_SIZE)):
        for row in rows:
            if row.keys() != set(table.columns.keys()):
                raise KeyError(table.name)
            row |= {name: _in_utc(row[name]) for name in times if row[name]}
            row |= {name: date.fromisoformat(row[name]) for name in days if row[name]}
        connection.execute(table.insert(), rows)
    if connection.dialect.name == "postgresql" and table.autoincrement_column is not None:
        last = func.max(table.autoincrement_column).select().scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, table.autoincrement_column.name)
        connection.execute(func.setval(sequence, last).select())


def _in_utc(text: str) -> datetime:
    """A time in UTC: PostgreSQL’s have an offset, SQLite’s are in UTC without one."""
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
