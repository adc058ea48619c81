"""The database engines: SQLite’s pragmas, PostgreSQL’s timeouts, opening and closing connections."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from spk.config import ConfigError
from spk.db import db, unit_of_work

LOCK_TIMEOUT = 5_000  # ms
URGENT_LOCK_TIMEOUT = 20_000  # ms
ASK_AGAIN = 0.002  # s
_log = logging.getLogger("spk")


def init_app(app: Flask) -> None:
    try:
        db.init_app(app)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"SPK_DATABASE_URL needs the Python package {error.name}, which isn’t installed."
        ) from None
    app.teardown_appcontext(_close_session)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "begin", _begin_on_sqlite)
        if db.engine.dialect.name == "postgresql":
            event.listen(db.engine, "begin", _begin_on_postgresql)
            event.listen(db.engine, "do_connect", _set_timeouts(LOCK_TIMEOUT))
            event.listen(db.engines["autocommit"], "do_connect", _set_timeouts(250))


def _close_session(_error: BaseException | None) -> None:
    """Return the connection; if the database has been lost meanwhile, the response is still sent."""
    try:
        db.session.remove()
    except SQLAlchemyError as error:
        _log.warning("could not close a session: %s", error)
        db.session.remove()  # now without its broken connection; the session must not serve another request


def close() -> None:
    """Close every connection; a forked process must not inherit one (sqlite.org/howtocorrupt.html, 2.6)."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


@event.listens_for(Engine, "connect")
def _set_pragmas(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # _begin_on_sqlite begins, not the driver
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # With NORMAL, a power cut could undo the revocation of a key.
        connection.execute("PRAGMA synchronous = FULL")


def _begin_on_sqlite(connection: Connection) -> None:
    """Take the write lock at once: in WAL mode, upgrading a read lock fails (SQLITE_BUSY_SNAPSHOT)."""
    if unit_of_work() == "reading":
        connection.exec_driver_sql("BEGIN")
    elif unit_of_work() != "urgent" or not _begin_urgently(connection):
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_TIMEOUT}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_urgently(connection: Connection) -> bool:
    """Ask for the lock all the time, where SQLite itself asks ten times a second; whether it was given."""
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        return False
    driver.execute("PRAGMA busy_timeout = 0")
    deadline = time.monotonic() + URGENT_LOCK_TIMEOUT / 1000
    while time.monotonic() < deadline:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                return False
            time.sleep(ASK_AGAIN)
    return False


def _begin_on_postgresql(connection: Connection) -> None:
    if unit_of_work() == "urgent":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {URGENT_LOCK_TIMEOUT}")


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Turn off cascades on SQLite, where rebuilding a parent table would delete every child row."""
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")  # has no effect inside a transaction
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _set_timeouts(milliseconds: int) -> Callable[..., None]:
    """Give PostgreSQL connections timeouts, as SQLite has, for waiting for a lock or for the server."""

    def set_options(_dialect: object, _record: object, _args: object, params: dict[str, Any]) -> None:
        params["options"] = f"-c lock_timeout={milliseconds} {params.get('options', '')}"
        params.setdefault("connect_timeout", 3)  # s
        params.setdefault("tcp_user_timeout", 5_000)  # ms: for a server that has disappeared

    return set_options
