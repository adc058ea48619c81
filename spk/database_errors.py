"""What an error of the database means, and what of its words may be told."""

import sqlite3

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
SQLITE = {  # primary result codes, sqlite.org/rescode.html
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY),
    *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM),
    *DAMAGE,
}
POSTGRESQL = (  # how a SQLSTATE begins, postgresql.org/docs/current/errcodes-appendix.html
    *("08", "53", "57", "58", "XX"),  # connection, resources, intervention, system, internal
    *("55P03", "40001", "40P01"),  # a lock not available, a serialization failure, a deadlock
    "25006",  # a standby, which only reads
)


def is_unavailable(error: SQLAlchemyError) -> bool:
    """Whether the database can’t be used now; anything else is our mistake, or is in what was given."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeoutError)
    if error.connection_invalidated:
        return True
    if (code := _sqlite_code(error)) is not None:
        return code in SQLITE
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state:
        return state.startswith(POSTGRESQL)
    # Without a code nobody was asked: there is no connection, or the statement could not be sent.
    return error.statement is None or isinstance(error, OperationalError)


def is_damage(error: SQLAlchemyError) -> bool:
    """Whether SQLite’s file is broken."""
    return _sqlite_code(error) in DAMAGE


def _sqlite_code(error: SQLAlchemyError) -> int | None:
    """The primary result code, which is the last byte of an extended one."""
    code: int | None = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@event.listens_for(Engine, "handle_error")
def _leave_values_out(context: ExceptionContext) -> None:
    """Keep the first line of PostgreSQL’s words: the others quote rows, with hashes and addresses in them."""
    driver, ours = context.original_exception, context.sqlalchemy_exception
    state: str | None = getattr(driver, "sqlstate", None)
    if not state or ours is None:
        return
    words = str(driver)
    # Data that does not fit (class 22) is quoted in the first line, too.
    kept = type(driver).__name__ if state.startswith("22") else words.partition("\n")[0]
    driver.args, ours.args = (kept,), (str(ours.args[0]).replace(words, kept),)
