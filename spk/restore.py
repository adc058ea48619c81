"""A restore: the rows and secrets of a backup, put where there are none."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import alembic.command
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import JSON, Connection, MetaData, Table, func

from spk import ROOT
from spk.backup import FORMAT, ROWS, tables
from spk.db import db, without_foreign_keys
from spk.models.pepper import check_canary
from spk.models.refusal import Refusal

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, TypeError, ValueError)


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open a backup; raises Refusal where it is too new, or what is read of it in the block is damaged."""
    try:
        with zipfile.ZipFile(file) as archive:
            about = json.loads(archive.read("about.json"))
            if about["format"] != FORMAT or about["revision"] not in _revisions():
                raise Refusal(f"{file} was made by spk {about['spk']}: restore it with that or a newer one.")
            yield archive
    except DAMAGE:
        raise Refusal(f"{file} is not a whole backup of spk.") from None


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()}


def secrets(archive: zipfile.ZipFile) -> dict[str, str]:
    """The secrets of a backup, by the names of their settings."""
    found: dict[str, str] = json.loads(archive.read("secrets.json"))
    return found


def restore(archive: zipfile.ZipFile, *, replace: bool) -> None:
    """Make the database what it was and migrate it forward, all or nothing; raises Refusal, ConfigError."""
    check_canary(next(_lines(archive, "pepper_canary"))["digest"])
    with db.engine.connect() as connection, without_foreign_keys(connection), connection.begin():
        there = MetaData()
        there.reflect(connection)
        if there.tables and not replace:
            raise Refusal("The database has tables already: `--force` replaces them all.")
        there.drop_all(connection)
        _migrate(connection, json.loads(archive.read("about.json"))["revision"])
        for table in tables(connection):
            _insert(connection, table, _lines(archive, table.name))
        _migrate(connection, "head")


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
    while rows := list(islice(lines, ROWS)):
        for row in rows:
            row |= {name: _in_utc(row[name]) for name in times if row[name]}
            row |= {name: date.fromisoformat(row[name]) for name in days if row[name]}
        connection.execute(table.insert(), rows)
    if connection.dialect.name == "postgresql" and table.autoincrement_column is not None:
        last = func.max(table.autoincrement_column).select().scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, table.autoincrement_column.name)
        connection.execute(func.setval(sequence, last).select())


def _in_utc(text: str) -> datetime:
    """A time of PostgreSQL's, in whatever zone, or one of SQLite's, in UTC without saying so."""
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
