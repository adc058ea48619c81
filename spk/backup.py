"""A backup: one file with the rows of every table and the secrets that they depend on.

It has rows instead of database files, so that a backup of SQLite can be restored to PostgreSQL, and back.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from operator import methodcaller
from pathlib import Path
from tempfile import NamedTemporaryFile

from alembic.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection, MetaData, Table

from spk import __version__
from spk.config.secret_files import sync_directory
from spk.db import db, now
from spk.models.accounts.pepper import PepperCanary, check_canary
from spk.models.refusal import Refusal

FORMAT = 1
BATCH_SIZE = 1_000  # rows


def write(file: Path) -> None:
    """Write a consistent backup, completely or not at all, while spk keeps running."""
    if not file.absolute().parent.is_dir():
        raise Refusal(f"There is no directory {file.absolute().parent}: create it first.")
    if file.exists() and (not file.is_file() or file.stat().st_size):
        raise Refusal(f"{file} already exists: choose another name.")
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as temporary:  # mode 0600
        try:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive, _snapshot() as connection:
                _fill(archive, connection)
            temporary.flush()
            os.fsync(temporary.fileno())
            Path(temporary.name).replace(file)
            sync_directory(file.absolute().parent)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


@contextmanager
def _snapshot() -> Iterator[Connection]:
    with db.engines["autocommit"].connect() as connection:
        is_postgres = connection.dialect.name == "postgresql"
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ" if is_postgres else "BEGIN")
        yield connection


def _fill(archive: zipfile.ZipFile, connection: Connection) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise Refusal("There is nothing to back up: the database has no tables. Run `spk init`.")
    canary = connection.execute(PepperCanary.__table__.select()).first()
    if canary is None:
        raise Refusal("The database has no pepper recorded yet: run `spk init`.")
    check_canary(canary.digest)  # the backup must contain the right pepper
    about = {"format": FORMAT, "spk": __version__, "revision": revision, "created_at": now()}
    archive.writestr("about.json", json.dumps(about, default=str))
    pepper, *fallbacks = current_app.config["TOKEN_PEPPERS"]
    secrets = {"SPK_SECRET_KEY": current_app.config["SECRET_KEY"], "SPK_TOKEN_PEPPER": pepper}
    secrets["SPK_TOKEN_PEPPER_FALLBACKS"] = " ".join(fallbacks)
    archive.writestr("secrets.json", json.dumps(secrets))
    for table in tables(connection):
        with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
            rows = connection.execution_options(yield_per=BATCH_SIZE).execute(table.select())
            for row in rows.mappings():
                lines.write(json.dumps(dict(row), default=methodcaller("isoformat")).encode() + b"\n")


def tables(connection: Connection) -> list[Table]:
    """The tables in the database, parents first, as its migrations made them."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]
