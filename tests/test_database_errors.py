"""Which error of the database is 503, which is ours, and that none of them tells what is in it."""

import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, text, update
from sqlalchemy.exc import SQLAlchemyError

from spk.autocommit import try_update
from spk.database_errors import is_unavailable
from spk.db import db, reading, writing
from spk.models import ApiKey
from tests.data_dirs import lose_database
from tests.disk import no_room
from tests.locks import write_lock
from tests.people import Person, bearer
from tests.postgres import Postgres

PRIVATE = "ada@example.com"
Break = Callable[[Connection], object]
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) UNIQUE CHECK (name <> 'never'))"


@pytest.fixture
def without_a_column(app: Flask, ada: Person) -> str:
    """A database in which a column of ours is missing; a token."""
    token = ada.create_key()
    with app.app_context(), writing():
        db.session.execute(text("ALTER TABLE api_keys RENAME COLUMN expires_at TO gone"))
    return token


def test_a_mistake_of_ours_is_500_with_its_traceback_in_the_log(
    without_a_column: str, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/api/v1/whoami", headers=bearer(without_a_column))
    assert (answer.status_code, answer.json and answer.json["code"]) == (500, "internal_error")
    assert "Traceback" in caplog.text
    assert "expires_at" in caplog.text


def test_a_mistake_of_ours_is_500_on_a_page_too(without_a_column: str, ada: Person) -> None:
    answer = ada.browser().get("/user/security")
    assert (answer.status_code, "can’t be reached" in answer.text) == (500, False)


def test_a_database_that_is_gone_is_503_with_its_traceback_in_the_log(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    lose_database(app)
    assert client.get("/setup").status_code == 503
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith("can’t decide: ")
    assert record.exc_info


def test_a_mistake_of_ours_is_not_ready_and_not_called_unreachable(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context(), writing():
        db.session.execute(text("ALTER TABLE alembic_version RENAME COLUMN version_num TO gone"))
    assert client.get("/readyz").status_code == 500
    assert "Traceback" in caplog.text


def test_an_update_that_is_wrong_is_logged_with_its_traceback(
    without_a_column: str, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context(), reading():
        try_update(update(ApiKey).values(expires_at=None))
    (record,) = caplog.records
    assert (record.levelno, record.exc_info is not None) == (logging.ERROR, True)


def test_an_update_that_finds_the_database_busy_is_a_warning(
    app: Flask, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    ada.create_key()
    with app.app_context(), write_lock(app), reading():
        try_update(update(ApiKey).values(expires_at=None))
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)


def error_of(engine: Engine, work: Break) -> SQLAlchemyError:
    """What the database says to this."""
    with pytest.raises(SQLAlchemyError) as error, engine.connect() as connection:
        work(connection)
    engine.dispose()
    return error.value


def run(statement: str, **values: object) -> Break:
    return lambda connection: connection.execute(text(statement), values)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "some.db") as connection:
        connection.execute(TABLE)
        connection.execute("INSERT INTO t VALUES (1, ?)", (PRIVATE,))
    connection.close()
    return tmp_path / "some.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.close()


@contextmanager
def damaged(file: Path) -> Iterator[None]:
    file.write_bytes(b"this is no database, " * 100)
    yield


@contextmanager
def cut(file: Path) -> Iterator[None]:
    file.write_bytes(file.read_bytes()[:5000])
    yield


@contextmanager
def full(_file: Path) -> Iterator[None]:
    with no_room():
        yield


@contextmanager
def a_directory(file: Path) -> Iterator[None]:
    file.unlink()
    file.mkdir()
    yield


WRITE = "INSERT INTO t VALUES (2, 'x')"


@pytest.mark.parametrize("trouble", [locked, damaged, cut, full, a_directory])
def test_what_keeps_sqlite_from_working_is_unavailability(
    file: Path, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    engine = create_engine(f"sqlite:///{file}?timeout=0")
    with trouble(file):
        assert is_unavailable(error_of(engine, run(WRITE)))


def test_an_sqlite_file_that_is_only_read_is_unavailability(file: Path) -> None:
    engine = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true&nolock=1")
    assert is_unavailable(error_of(engine, run(WRITE)))


WRONG = {
    "table": run("SELECT * FROM missing"),
    "column": run("SELECT missing FROM t"),
    "syntax": run("SELEKT"),
    "unique": run("INSERT INTO t VALUES (2, :name)", name=PRIVATE),
    "check": run("INSERT INTO t VALUES (2, 'never')"),
    "null": run("INSERT INTO t (id, name) SELECT name, name FROM t"),
}


@pytest.mark.parametrize("work", WRONG.values(), ids=WRONG)
def test_what_sqlite_finds_wrong_is_ours(file: Path, work: Break) -> None:
    error = error_of(create_engine(f"sqlite:///{file}", hide_parameters=True), work)
    assert not is_unavailable(error)
    assert PRIVATE not in "".join(traceback.format_exception(error))


@pytest.fixture
def engine(postgres: Postgres) -> Engine:
    engine = create_engine(postgres.new_database(), hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(text(TABLE))
        connection.execute(text("INSERT INTO t VALUES (1, :name)"), {"name": PRIVATE})
    return engine


OF_POSTGRESQL = {
    **WRONG,
    "two lines": run("INSERT INTO t VALUES (1, :name)", name=f"x\n{PRIVATE}"),
    "failing row": run("INSERT INTO t (name) VALUES (:name)", name=f"x\n{PRIVATE}"),
    "number": run("SELECT CAST(CAST(:name AS TEXT) AS INTEGER)", name=PRIVATE),
    "time": run("SELECT CAST(CAST(:name AS TEXT) AS TIMESTAMP)", name=PRIVATE),
    "too long": run("INSERT INTO t VALUES (2, :name)", name=PRIVATE * 2),
    "NUL": run("INSERT INTO t VALUES (2, :name)", name=f"\0{PRIVATE}"),
}


@pytest.mark.parametrize("work", OF_POSTGRESQL.values(), ids=OF_POSTGRESQL)
def test_what_postgresql_finds_wrong_is_ours_and_tells_no_value(engine: Engine, work: Break) -> None:
    error = error_of(engine, work)
    assert not is_unavailable(error)
    assert PRIVATE not in "".join(traceback.format_exception(error))


def wait_for_a_lock(connection: Connection) -> None:
    with connection.engine.begin() as other:
        other.execute(text("LOCK TABLE t"))
        connection.execute(text("SET lock_timeout = 1"))
        connection.execute(text("SELECT * FROM t"))


UNAVAILABLE = {
    "lock": wait_for_a_lock,
    "canceled": lambda connection: [
        connection.execute(text(each)) for each in ("SET statement_timeout = 1", "SELECT pg_sleep(9)")
    ],
    "only read": lambda connection: [
        connection.execute(text(each)) for each in ("SET default_transaction_read_only = 1", "COMMIT", WRITE)
    ],
    "ended": run("SELECT pg_terminate_backend(pg_backend_pid())"),
}


@pytest.mark.parametrize("work", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_what_keeps_postgresql_from_working_is_unavailability(engine: Engine, work: Break) -> None:
    assert is_unavailable(error_of(engine, work))


def test_a_postgresql_that_cannot_be_reached_is_unavailable(postgres: Postgres) -> None:
    for url in (postgres.url("missing"), f"{postgres.url('postgres')}?port=1", f"{postgres.url('x')}?x=y"):
        assert is_unavailable(error_of(create_engine(url), run("SELECT 1")))
