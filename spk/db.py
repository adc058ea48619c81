"""The database as used by models and doors: base class, times and units of work."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Literal

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, Connection, MetaData, and_, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, ORMExecuteState, Session, registry

from spk.column_types import UtcDateTime, Words

_log = logging.getLogger("spk")


class Base(DeclarativeBase):
    """The base class of every model."""

    registry = registry(
        type_annotation_map={datetime: UtcDateTime, tuple[str, ...]: Words},
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
    )


# Objects stay loaded after a commit, so that a view can answer with what it has just saved.
db = SQLAlchemy(
    model_class=Base,
    session_options={"expire_on_commit": False},
    # hide_parameters: the values of a failed statement, hashes among them, must not appear in the log.
    # pool_pre_ping: PostgreSQL may have been restarted since a connection was last used.
    engine_options={"hide_parameters": True, "pool_pre_ping": True},
)


# Locks a row against changes, but not against rows that refer to it: an event must not wait for its account.
FOR_CHANGE = {"key_share": True}

# For ids that are known outside the database: SQLite would give that of a deleted row to the next one.
NEVER_REUSED = {"sqlite_autoincrement": True}

UnitOfWork = Literal["reading", "writing", "urgent"]
_unit_of_work: ContextVar[UnitOfWork | None] = ContextVar("unit of work", default=None)
_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """A read-only unit of work, which never waits for a writer and in which time stands still."""
    with one_moment(), _begin_unit("reading"):
        yield


@contextmanager
def writing(*, urgent: bool = False) -> Iterator[None]:
    """A unit of work that commits at the end of the block, or rolls back on an exception.

    Its first query takes SQLite’s write lock, so whatever is slow comes before the block. Objects loaded
    before the block are loaded again inside it, because they may have changed meanwhile. What ends somebody’s
    access is urgent: it waits longer for locks than everything else, which gives up before it.
    """
    if db.session.registry.has():
        db.session.expire_all()
    with _begin_unit("urgent" if urgent else "writing"):
        yield


@contextmanager
def _begin_unit(kind: UnitOfWork) -> Iterator[None]:
    if _unit_of_work.get():
        raise RuntimeError("A unit of work is open already.")
    token = _unit_of_work.set(kind)
    try:
        yield
        if db.session.registry.has():
            db.session.commit()
    except BaseException:
        _roll_back()
        raise
    finally:
        _unit_of_work.reset(token)


def unit_of_work() -> UnitOfWork | None:
    """The kind of the one that is open."""
    return _unit_of_work.get()


def _roll_back() -> None:
    if db.session.registry.has():
        try:
            db.session.rollback()
        except SQLAlchemyError as error:
            _log.warning("could not roll back: %s", error)


@event.listens_for(db.session, "after_begin")
def _check_unit(_session: Session, _transaction: object, _connection: Connection) -> None:
    """Refuse a query outside a unit of work."""
    if not _unit_of_work.get():
        raise RuntimeError("This query needs db.reading() or db.writing() around it.")


@event.listens_for(db.session, "before_flush")
def _check_flush(_session: Session, _context: object, _instances: object) -> None:
    _refuse_unless_writing()


@event.listens_for(db.session, "do_orm_execute")
def _check_statement(state: ORMExecuteState) -> None:
    if not state.is_select:
        _refuse_unless_writing()


def _refuse_unless_writing() -> None:
    if _unit_of_work.get() in (None, "reading"):
        raise RuntimeError("This change needs db.writing() around it.")


def now() -> datetime:
    """The present time, in UTC; within `one_moment()` that of its beginning."""
    return _moment.get() or datetime.now(UTC)


@contextmanager
def one_moment() -> Iterator[None]:
    """Let time stand still, or a maintenance could end between its status and its updates."""
    token = _moment.set(now())
    try:
        yield
    finally:
        _moment.reset(token)


def is_within(time: InstrumentedAttribute[datetime], period: timedelta) -> ColumnElement[bool]:
    """Whether a time is less than a period ago, and no further ahead, as of a clock that was wrong."""
    present = now()
    return and_(time > present - period, time <= present + period)
