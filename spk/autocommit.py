"""Statements outside any transaction: each sees the database as it is then, and commits by itself."""

import logging
from collections import deque, namedtuple
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, Dialect, Engine, Row, Select, Update, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError

from spk.database_errors import is_unavailable
from spk.db import db

Converter = tuple[int, Callable[[Any], Any]]
_log = logging.getLogger("spk")


class PreparedSelect:
    """A SELECT that is compiled once and given to the driver’s own cursor, which saves most of its cost."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self.statement = statement
        self._row = namedtuple("Row", statement.selected_columns.keys())  # type: ignore[misc]  # the statement has the names

    def first(self, **values: object) -> Any:  # noqa: ANN401  # a row of whatever the statement selects
        """The first row as the database is at this moment, outside any transaction, or None."""
        engine, idle = current_app.extensions["prepared_selects"]
        try:
            connection, cursor = idle.pop()
        except IndexError:  # not asked for before: another thread may take the last one in between
            connection = engine.connect()
            cursor = connection.connection.cursor()
        sql, names, converters = _compile(self.statement, engine.dialect)
        try:
            cursor.execute(sql, [values[name] for name in names] if names else values)
            rows = cursor.fetchall()  # to the end: a half-read cursor would pin an old snapshot
        except engine.dialect.loaded_dbapi.Error:
            # A connection may have broken since. SQLAlchemy makes another, or the error that others know.
            connection.invalidate()
            return fetch_first(self.statement.params(values))
        idle.append((connection, cursor))
        if not rows:
            return None
        row = list(rows[0])
        for place, convert in converters:
            row[place] = row[place] and convert(row[place])
        return self._row(*row)


def fetch_first(statement: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]] | None:
    """The first row as the database is at this moment, outside the request's transaction.

    `first()` reads the cursor to its end: a half-read one would pin an old snapshot.
    """
    with db.engines["autocommit"].connect() as connection:
        return connection.execute(statement).first()


def try_update(statement: Update) -> None:
    """Run an UPDATE that commits by itself, or skip it where the database is busy."""
    try:
        with db.engines["autocommit"].connect() as connection:
            connection.execute(statement)
    except SQLAlchemyError as error:
        if is_unavailable(error):
            _log.warning("skipped an update: %s", error)
        else:
            _log.exception("skipped an update that can’t be made")


def init_app(app: Flask) -> None:
    with app.app_context():
        engine = db.engines["autocommit"]
    # A thread takes a pair and puts it back, so there are as many as threads.
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
    """The text, the order of values that have no names in it, and what makes Python's of which columns."""
    compiled = statement.compile(dialect=dialect)
    types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
    processors = [type_.result_processor(dialect, None) for type_ in types]
    converters: list[Converter] = [(place, each) for place, each in enumerate(processors) if each]
    return str(compiled), getattr(compiled, "positiontup", None), converters
