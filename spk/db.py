"""The database as models and doors use it: tables, times, units of work."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    MetaData,
    TypeDecorator,
    event,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, registry

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


_unit_of_work: ContextVar[Literal["reading", "writing"] | None] = ContextVar("unit of work", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """A unit of work that changes nothing, and so waits for no writer."""
    with _begin_unit("reading"):
        yield


@contextmanager
def writing() -> Iterator[None]:
    """A unit of work that is committed where the block ends, or rolled back by an exception.

    SQLite’s write lock is taken by its first query: whatever is slow comes before the block. What was read
    before is read again in it, since it may have changed meanwhile.
    """
    if db.session.registry.has():
        db.session.expire_all()
    with _begin_unit("writing"):
        yield


@contextmanager
def _begin_unit(kind: Literal["reading", "writing"]) -> Iterator[None]:
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


def is_reading() -> bool:
    """Whether the unit of work under way said that it changes nothing."""
    return _unit_of_work.get() == "reading"


def _roll_back() -> None:
    if db.session.registry.has():
        try:
            db.session.rollback()
        except SQLAlchemyError as error:
            _log.warning("could not roll back: %s", error)


@event.listens_for(db.session, "after_begin")
def _check_unit(_session: Session, _transaction: object, _connection: Connection) -> None:
    """Fail where a door hasn’t said whether it reads or writes."""
    if not _unit_of_work.get():
        raise RuntimeError("This query needs db.reading() or db.writing() around it.")


@event.listens_for(db.session, "before_flush")
def _check_flush(_session: Session, _context: object, _instances: object) -> None:
    if _unit_of_work.get() != "writing":
        raise RuntimeError("This change needs db.writing() around it.")


@event.listens_for(db.session, "do_orm_execute")
def _check_statement(state: ORMExecuteState) -> None:
    if not state.is_select and _unit_of_work.get() != "writing":
        raise RuntimeError("This change needs db.writing() around it.")


def now() -> datetime:
    return datetime.now(UTC)
