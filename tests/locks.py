"""A second program on an application's database."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import OperationalError

from spk.db import Base


@contextmanager
def other_connection(app: Flask) -> Iterator[Connection]:
    """One that commits each statement, and doesn't wait for locks."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    never_wait = {"timeout": 0} if url.startswith("sqlite") else {"options": "-c lock_timeout=1"}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=never_wait)
    with engine.connect() as connection:
        yield connection


def take_write_lock(other: Connection) -> None:
    """Keep everybody else from writing, as SQLite's only writer does; raises where somebody writes."""
    if other.dialect.name == "sqlite":
        other.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql(f"LOCK TABLE {', '.join(Base.metadata.tables)} IN EXCLUSIVE MODE")


@contextmanager
def write_lock(app: Flask) -> Iterator[None]:
    """Somebody else is writing."""
    with other_connection(app) as other:
        take_write_lock(other)
        yield


def others_can_write(app: Flask) -> bool:
    try:
        with write_lock(app):
            return True
    except OperationalError:
        return False
