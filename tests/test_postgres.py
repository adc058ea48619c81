"""Two servers and one PostgreSQL: what one decides holds for the other, what they do at once is done once."""

import itertools
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from spk import create_app
from spk.db import db
from tests.cast import PASSWORD, LiveServer, Person, bearer, move_in, serve, token_in
from tests.locks import write_lock
from tests.models.test_sign_in_attempt import (  # noqa: F401  # what holds on SQLite holds here
    test_the_limit_holds_for_tries_at_the_same_moment,
)
from tests.models.test_status_page import (  # noqa: F401  # the same
    test_of_two_who_take_a_slug_at_once_one_is_told,
)
from tests.postgres import Postgres, create_database, run_postgres
from tests.test_db import (  # noqa: F401  # the same
    at_once,
    test_a_connection_waits_for_a_lock_as_long_as_its_work_is_worth,
    test_a_form_sent_twice_at_the_same_moment_makes_one_key,
    test_a_skipped_stamp_logs_no_hash,
    test_many_who_ask_for_the_last_keys_at_the_same_moment_keep_to_the_limit,
    test_many_who_revoke_a_key_at_the_same_moment_write_one_event,
    test_the_api_answers_while_somebody_writes,
)
from tests.test_leaks import Visitor
from tests.test_migrations import (  # noqa: F401  # the same
    test_the_migrations_and_the_models_name_constraints_alike,
    test_the_migrations_make_the_tables_of_the_models,
)

names = (f"database_{number}" for number in itertools.count())
SECRETS = {"SPK_SECRET_KEY": "secret_key", "SPK_TOKEN_PEPPER": "token_pepper"}
LAST = 20  # requests that each program sends after the key was revoked


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def prepared(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database with the cast in it, and the secrets that belong to it."""
    directory = str(tmp_path_factory.mktemp("prepared") / "data")
    environ = {"SPK_DATA_DIR": directory, "SPK_DATABASE_URL": new_database(postgres)}
    move_in(environ)
    return environ


@pytest.fixture
def environ(postgres: Postgres, prepared: dict[str, str]) -> dict[str, str]:
    url = new_database(postgres, prepared["SPK_DATABASE_URL"])
    return prepared | {"SPK_DATABASE_URL": url, "SPK_LOGIN_LIMIT": "5/minute"}


@pytest.fixture(scope="module")
def servers(
    postgres: Postgres, prepared: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Two of them, with the same database and the same secrets."""
    secrets = Path(prepared["SPK_DATA_DIR"])
    settings = {name: (secrets / file).read_text().strip() for name, file in SECRETS.items()}
    settings["SPK_DATABASE_URL"] = new_database(postgres, prepared["SPK_DATABASE_URL"])
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    with serve(one, **settings) as first, serve(other, **settings) as second:
        yield first, second


@pytest.fixture
def ada_at_one(servers: tuple[LiveServer, LiveServer]) -> Visitor:
    """Ada’s browser, signed in at the first server."""
    visitor = Visitor(servers[0].url)
    visitor.submit("/login", "/login", email="ada@example.com", password=PASSWORD)
    return visitor


def new_database(postgres: Postgres, template: str | None = None) -> str:
    url = postgres.url(next(names))
    create_database(url, template)
    return url


def new_key(visitor: Visitor) -> str:
    return token_in(visitor.submit("/user/security", "/user/security/api-keys", name="CI"))


def revoke(visitor: Visitor, token: str) -> None:
    words = visitor.submit("/user/security", f"/user/security/api-keys/{token[:12]}/revoke")
    assert "was revoked" in words


def program(server: LiveServer) -> AbstractContextManager[HTTPConnection]:
    """A connection that stays open from one request to the next."""
    return closing(HTTPConnection(urlsplit(server.url).netloc, timeout=20))


def status(connection: HTTPConnection, path: str, token: str = "") -> int:
    connection.request("GET", path, headers=bearer(token) if token else {})
    with connection.getresponse() as answer:
        answer.read()
        return answer.status


def test_a_key_revoked_at_one_server_is_refused_by_the_other_with_its_next_request(
    servers: tuple[LiveServer, LiveServer], ada_at_one: Visitor
) -> None:
    token = new_key(ada_at_one)
    with program(servers[1]) as other:
        before = status(other, "/api/v1/whoami", token)
        revoke(ada_at_one, token)
        assert (before, status(other, "/api/v1/whoami", token)) == (200, 401)


def test_under_load_no_request_sent_after_a_revoke_is_accepted(
    servers: tuple[LiveServer, LiveServer], ada_at_one: Visitor
) -> None:
    token, used, revoked = new_key(ada_at_one), Event(), Event()

    def use(_number: int) -> list[tuple[bool, int]]:
        """Ask again and again; whether the revoke was answered when each request was sent, and its answer."""
        answers: list[tuple[bool, int]] = []
        with program(servers[1]) as connection:
            while sum(after for after, _answer in answers) < LAST:
                answers.append((revoked.is_set(), status(connection, "/api/v1/whoami", token)))
                used.set()
        return answers

    with ThreadPoolExecutor(4) as pool:
        running = pool.map(use, range(4))
        try:
            assert used.wait(20)
            revoke(ada_at_one, token)
        finally:
            revoked.set()
        answers = [answer for each in running for answer in each]
    assert (False, 200) in answers
    assert {answer for after, answer in answers if after} == {401}


def test_servers_answer_again_as_soon_as_their_database_is_back(
    postgres: Postgres, servers: tuple[LiveServer, LiveServer], ada_at_one: Visitor
) -> None:
    token = new_key(ada_at_one)

    def ask() -> list[int]:
        paths = ("/api/v1/whoami", "/", "/readyz", "/healthz")
        return [status(connection, path, token) for path in paths]

    with program(servers[0]) as connection:
        before = ask()
        postgres.stop()
        try:
            without = ask()
        finally:
            postgres.start()
        assert (before, without, ask()) == ([200] * 4, [503, 503, 503, 200], [200] * 4)


def test_a_server_that_does_not_answer_is_unavailable_within_seconds(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://spk@127.0.0.1:{silent.getsockname()[1]}/spk"
        client = create_app(environ | {"SPK_DATABASE_URL": url}).test_client()
        assert client.get("/readyz").status_code == 503


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


def test_servers_that_start_at_once_make_the_tables_together(
    postgres: Postgres, prepared: dict[str, str], tmp_path: Path
) -> None:
    url = new_database(postgres)
    environ = prepared | {"SPK_DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
    command = [str(Path(sys.executable).with_name("spk")), "init"]
    starting = [
        subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) for _number in range(3)
    ]
    words = [process.communicate(timeout=60)[1] for process in starting]
    assert [process.returncode for process in starting] == [0] * 3, words
    assert create_app(environ).test_client().get("/readyz").status_code == 200


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
            assert "metadata" in body


def test_more_at_once_than_the_pool_has_connections_are_all_answered(app: Flask, ada: Person) -> None:
    tokens = [ada.create_key(f"key {number}") for number in range(20)]

    def use(number: int) -> bool:
        answer = app.test_client().get("/api/v1/whoami", headers=bearer(tokens[number]))
        return answer.status_code == 200

    assert at_once(20, use) == 20
    with app.app_context():
        assert db.engine.dialect.name == "postgresql"
