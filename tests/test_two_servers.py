"""Two servers with one PostgreSQL: what one decides holds for the other, and both outlive a restart of it."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from http.client import HTTPConnection
from threading import Event
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.clients.conftest import Api
from tests.people import PASSWORD, LiveServer, bearer, prepare_data, serve, token_in
from tests.postgres import Postgres
from tests.test_leaks import Visitor

LAST = 20  # requests that each program sends after the key was revoked


@pytest.fixture(scope="module")
def servers(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Two of them, with the same database and the same secrets."""
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    url = postgres.new_database()
    prepare_data({"SPK_DATA_DIR": str(one / "data"), "SPK_DATABASE_URL": url})
    shutil.copytree(one / "data", other / "data")
    with serve(one, SPK_DATABASE_URL=url) as first, serve(other, SPK_DATABASE_URL=url) as second:
        yield first, second


@pytest.fixture
def ada_at_one(servers: tuple[LiveServer, LiveServer]) -> Visitor:
    """Ada’s browser, signed in at the first server."""
    visitor = Visitor(servers[0].url)
    visitor.submit("/login", "/login", email="ada@example.com", password=PASSWORD)
    return visitor


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


def test_what_is_said_at_one_server_is_in_the_next_answer_of_the_other(
    servers: tuple[LiveServer, LiveServer], ada_at_one: Visitor
) -> None:
    one, other = (Api(server.url, new_key(ada_at_one)) for server in servers)
    one.send("POST", "/pages", {"name": "Acme"})
    for number in range(10):
        one.send("POST", "/pages/acme/components", {"name": f"Part {number}"})
        for server in servers:
            with urlopen(f"{server.url}/p/acme/api/v2/components.json", timeout=20) as answer:
                assert len(json.load(answer)["components"]) == number + 1
    other.send("DELETE", "/pages/acme")


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


def test_a_restart_of_the_database_costs_no_request(
    postgres: Postgres, servers: tuple[LiveServer, LiveServer], ada_at_one: Visitor
) -> None:
    token = new_key(ada_at_one)
    with program(servers[1]) as connection:
        assert status(connection, "/api/v1/whoami", token) == 200
        postgres.stop()
        postgres.start()
        assert [status(connection, path, token) for path in ("/api/v1/whoami", "/")] == [200, 200]
