"""Statements outside any transaction: each sees the current data, and commits by itself."""

import logging
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from flask import Flask, current_app
from sqlalchemy import Connection, Dialect, Engine, Row, Select, Update, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError

from spk.database_errors import is_unavailable
from spk.db import db

Converter = tuple[int, Callable[[Any], Any]]
R = TypeVar("R", bound=NamedTuple)
_log = logging.getLogger("spk")


class PreparedSelect(Generic[R]):
    """A SELECT that is compiled once and executed by the driver’s own cursor, which saves most of its cost.

    Its columns are the fields of `row`, in the same order.
    """

    def __init__(self, row: type[R], statement: Select[*tuple[Any, ...]]) -> None:
        if row._fields != tuple(statement.selected_columns.keys()):
            raise TypeError(f"The fields of {row.__name__} are not the columns of the statement.")
        self.row = row
        self.statement = statement

    def first(self, **values: object) -> R | None:
        """The first row with these parameters, or None; reads the current data, outside any transaction."""
        engine, idle = current_app.extensions["prepared_selects"]
        try:
            connection, cursor = idle.pop()
        except IndexError:  # not checked before, because another thread may take the last one
            connection = engine.connect()
            cursor = connection.connection.cursor()
        sql, names, converters = _compile(self.statement, engine.dialect)
        try:
            cursor.execute(sql, [values[name] for name in names] if names else values)
            rows = cursor.fetchall()  # to the end, because an open cursor would pin an old snapshot
        except engine.dialect.loaded_dbapi.Error:
            # The connection may be broken: SQLAlchemy opens another, or raises its own error.
            connection.invalidate()
            found = fetch_first(self.statement.params(values))
            return self.row(*found) if found else None
        idle.append((connection, cursor))
        if not rows:
            return None
        row = list(rows[0])
        for index, convert in converters:
            row[index] = None if row[index] is None else convert(row[index])
        return self.row(*row)


def fetch_first(statement: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]] | None:
    """The first row, or None; reads the current data, outside any transaction.

    SQLAlchemy’s first() closes the cursor: an open one would pin an old snapshot.
    """
    with db.engines["autocommit"].connect() as connection:
        return connection.execute(statement).first()


def try_update(statement: Update) -> bool:
    """Run an UPDATE that commits by itself, or skip it and return False if the database is busy."""
    try:
        with db.engines["autocommit"].connect() as connection:
            connection.execute(statement)
    except SQLAlchemyError as error:
        if is_unavailable(error):
            _log.warning("skipped an update: %s", error)
        else:
            _log.exception("skipped an update that can’t be made")
        return False
    return True


def init_app(app: Flask) -> None:
    with app.app_context():
        engine = db.engines["autocommit"]
    # A thread takes a pair and puts it back, so there is at most one for each thread.
    idle: deque[tuple[Connection, DBAPICursor]] = deque()
    app.extensions["prepared_selects"] = engine, idle

    def close(_engine: Engine) -> None:
        while idle:
            connection, _cursor = idle.pop()
            connection.invalidate()

    event.listen(engine, "engine_disposed", close)


@lru_cache(maxsize=8)
def _compile(
    statement: Select[*tuple[Any, ...]], dialect: Dialect
) -> tuple[str, list[str] | None, list[Converter]]:
    """The SQL, the order of its positional parameters if it has any, and the converters of result columns."""
    compiled = statement.compile(dialect=dialect)
    types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
    processors = [type_.result_processor(dialect, None) for type_ in types]
    converters: list[Converter] = [(i, each) for i, each in enumerate(processors) if each]
    return str(compiled), getattr(compiled, "positiontup", None), converters
