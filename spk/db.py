"""The database: engines, transactions, times."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Flask, g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    Update,
    event,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, registry

from spk.config import ConfigError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_log = logging.getLogger("spk")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo:
            return value.astimezone(UTC)
        return datetime.combine(value, value.time(), UTC)  # in a fifth of the time of replace()


class Base(DeclarativeBase):
    """What every model is made from."""

    registry = registry(
        type_annotation_map={datetime: UtcDateTime},
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
    )


# Rows stay readable after a commit, so that a view can answer from what it has just saved.
db = SQLAlchemy(
    model_class=Base,
    session_options={"expire_on_commit": False},
    # A statement that fails must not carry its values, hashes among them, into a log.
    # A connection is tried before it is used: PostgreSQL may have been restarted since.
    engine_options={"hide_parameters": True, "pool_pre_ping": True},
)


def init_app(app: Flask) -> None:
    try:
        db.init_app(app)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"SPK_DATABASE_URL needs the Python package {error.name}, which isn’t here."
        ) from None
    app.teardown_appcontext(_end_transaction)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "begin", _begin)
        if db.engine.dialect.name == "postgresql":
            event.listen(db.engine, "do_connect", _waiting_at_most(5_000))
            event.listen(db.engines["autocommit"], "do_connect", _waiting_at_most(250))


def _end_transaction(_error: BaseException | None) -> None:
    """Roll back what is left; a database that has gone since it was asked takes no answer along."""
    try:
        db.session.remove()
    except SQLAlchemyError as error:
        _log.warning("skipped a rollback: %s", error)
        db.session.remove()  # which is without its connection now, and must not serve another request


def close() -> None:
    """Close every connection; a forked process must not inherit one (sqlite.org/howtocorrupt.html, 2.6)."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def now() -> datetime:
    return datetime.now(UTC)


def stamp(statement: Update) -> None:
    """Run an UPDATE that commits by itself, and is skipped where the database is busy."""
    try:
        with db.engines["autocommit"].connect() as connection:
            connection.execute(statement)
    except SQLAlchemyError as error:
        _log.warning("skipped a stamp: %s", error)


@event.listens_for(Engine, "connect")
def _set_pragmas(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # transactions begin in _begin, not where the driver guesses
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # With NORMAL a power cut could bring a revoked key back.
        connection.execute("PRAGMA synchronous = FULL")


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """On SQLite, cascade nothing: rebuilding a parent table would delete every child row."""
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")  # no-op inside a transaction, so before one begins
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _waiting_at_most(milliseconds: int) -> Callable[..., None]:
    """Connect to PostgreSQL as to SQLite: who waits too long for a lock, or for the server, gets an error."""

    def set_options(_dialect: object, _record: object, _args: object, params: dict[str, Any]) -> None:
        params["options"] = f"-c lock_timeout={milliseconds} {params.get('options', '')}"
        params.setdefault("connect_timeout", 3)  # s
        params.setdefault("tcp_user_timeout", 5_000)  # ms: for a server that has gone without a word

    return set_options


def only_read() -> None:
    """Say that this request writes no more: its next transaction waits for no writer."""
    g.only_reads = True


def _begin(connection: Connection) -> None:
    """Take SQLite's write lock first: under WAL a reader that turns writer fails (SQLITE_BUSY_SNAPSHOT)."""
    only_reads = has_request_context() and (request.method in SAFE_METHODS or "only_reads" in g)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
