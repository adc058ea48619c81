"""PostgreSQL instead of SQLite: what is done at once is done once, and who waits is told in time."""

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import delete

from spk import create_app
from spk.db import db, writing
from spk.models import PepperCanary
from spk.models.accounts.caller import Caller
from spk.models.accounts.pepper import record_pepper
from tests.locks import write_lock
from tests.models.accounts.test_sign_in_attempt import (  # noqa: F401  # what holds on SQLite holds here
    test_the_limit_holds_for_tries_at_the_same_moment,
)
from tests.models.status_pages.test_status_page import (  # noqa: F401  # the same
    test_of_two_who_take_a_slug_at_once_one_is_told,
)
from tests.people import Person, bearer, prepare_data
from tests.postgres import Postgres, plain
from tests.test_db import (  # noqa: F401  # the same
    at_once,
    test_a_connection_waits_for_a_lock_as_long_as_its_work_is_worth,
    test_a_form_sent_twice_at_the_same_moment_makes_one_key,
    test_a_skipped_update_logs_no_hash,
    test_many_who_ask_for_the_last_keys_at_the_same_moment_keep_to_the_limit,
    test_many_who_revoke_a_key_at_the_same_moment_write_one_event,
    test_the_api_answers_while_somebody_writes,
)
from tests.test_migrations import (  # noqa: F401  # the same
    test_the_migrations_and_the_models_name_constraints_alike,
    test_the_migrations_make_the_tables_of_the_models,
)


@pytest.fixture(scope="module")
def prepared(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database with the accounts of ada, ben and eve, and the secrets that belong to it."""
    directory = str(tmp_path_factory.mktemp("prepared") / "data")
    environ = {"SPK_DATA_DIR": directory, "SPK_DATABASE_URL": postgres.new_database()}
    prepare_data(environ)
    return environ


@pytest.fixture
def environ(postgres: Postgres, prepared: dict[str, str]) -> dict[str, str]:
    url = postgres.new_database(prepared["SPK_DATABASE_URL"])
    return prepared | {"SPK_DATABASE_URL": url, "SPK_LOGIN_LIMIT": "5/minute"}


def test_a_server_that_does_not_answer_is_unavailable_within_seconds(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://spk@127.0.0.1:{silent.getsockname()[1]}/spk"
        client = create_app(environ | {"SPK_DATABASE_URL": url}).test_client()
        start = time.monotonic()
        assert client.get("/readyz").status_code == 503
        assert time.monotonic() - start < 10


def test_who_waits_too_long_for_a_lock_is_told_that_the_database_is_unavailable(
    environ: dict[str, str],
) -> None:
    impatient = environ["SPK_DATABASE_URL"] + "?options=-c%20lock_timeout=100"
    app = create_app(environ | {"SPK_DATABASE_URL": impatient})
    browser = Person(app, "ada@example.com").browser()
    browser.get("/user/security")
    with write_lock(app):
        assert browser.create_key().status_code == 503
    assert browser.create_key().status_code == 201


def test_a_database_that_goes_once_it_was_asked_takes_no_answer_along(
    environ: dict[str, str], postgres: Postgres
) -> None:
    app = create_app(environ)

    @app.after_request
    def lose_database(response: Response) -> Response:
        postgres.stop()
        postgres.start()
        return response

    browser = Person(app, "ada@example.com").browser()
    assert [browser.get("/user/security").status_code for _ in range(2)] == [200, 200]


def wait_until_waiting(gate: psycopg.Connection, programs: int) -> None:
    """PostgreSQL tells nobody that a program waits for a lock: it has to be asked."""
    query = """SELECT count(*) FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND datname = current_database()"""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        gate.execute("SELECT pg_stat_clear_snapshot()")
        if gate.execute(query).fetchone() == (programs,):
            return
        time.sleep(0.05)
    raise AssertionError("they never came to the lock")


def test_servers_that_start_at_once_make_the_tables_together(
    postgres: Postgres, prepared: dict[str, str], tmp_path: Path
) -> None:
    url = postgres.new_database()
    patient = {"SPK_DATABASE_URL": f"{url}?options=-c%20lock_timeout=60s", "PATH": "/usr/bin:/bin"}
    command = [str(Path(sys.executable).with_name("spk")), "init"]
    with psycopg.connect(plain(url)) as gate:
        gate.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        gate.commit()
        gate.execute("LOCK TABLE alembic_version")  # so that all look at it before anybody writes
        starting = [
            subprocess.Popen(command, env=prepared | patient, stderr=subprocess.PIPE, text=True)
            for _number in range(3)
        ]
        wait_until_waiting(gate, len(starting))
    words = [process.communicate(timeout=60)[1] for process in starting]
    assert [process.returncode for process in starting] == [0] * 3, words
    client = create_app(prepared | {"SPK_DATABASE_URL": url}).test_client()
    assert client.get("/readyz").status_code == 200


def test_servers_that_start_at_once_keep_one_canary(app: Flask) -> None:
    def start() -> None:
        with app.app_context(), writing():
            record_pepper()

    url = plain(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context(), psycopg.connect(url) as gate, ThreadPoolExecutor(1) as pool:
        with writing():
            db.session.execute(delete(PepperCanary))
        with writing():
            record_pepper()
            db.session.flush()
            other = pool.submit(start)
            wait_until_waiting(gate, 1)
        other.result(30)


def test_disabling_an_account_waits_for_what_is_being_written_with_its_key(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    url = plain(app.config["SQLALCHEMY_DATABASE_URI"])
    with psycopg.connect(url) as gate, ThreadPoolExecutor(1) as pool:
        with app.app_context(), writing():
            assert Caller.authenticate(token).still_works()
            disabled = pool.submit(ada.disable)
            wait_until_waiting(gate, 1)
        disabled.result(30)


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800", "\\udfff"])
def test_signs_that_postgresql_cannot_keep_are_refused(client: FlaskClient, ada: Person, sign: str) -> None:
    api = ada.page_api()
    page = api.root
    for path, body in (
        (page, f'{{"name": "a{sign}b"}}'),
        (page, f'{{"description": "a{sign}b"}}'),
        (f"{page}/incidents", f'{{"name": "a{sign}b"}}'),
        (f"{page}/incidents", f'{{"name": "a", "body": "a{sign}b"}}'),
        (f"{page}/incidents", f'{{"name": "a", "metadata": {{"a{sign}b": "a{sign}b"}}}}'),
        (f"{page}/components", f'{{"name": "a", "slug": "a{sign}b"}}'),
    ):
        method = "POST" if path != page else "PATCH"
        answer = client.open(path, method=method, headers=bearer(api.token), data=body)
        assert answer.status_code in (201, 400, 422), (body, answer.text)
        if answer.status_code == 201:
            assert "metadata" in body or '"body"' in body  # which is kept without it


def test_more_at_once_than_the_pool_has_connections_are_all_answered(app: Flask, ada: Person) -> None:
    tokens = [ada.create_key(f"key {number}") for number in range(20)]

    def use(number: int) -> bool:
        answer = app.test_client().get("/api/v1/whoami", headers=bearer(tokens[number]))
        return answer.status_code == 200

    assert at_once(20, use) == 20
    with app.app_context():
        assert db.engine.dialect.name == "postgresql"
