"""What `spk serve` answers to bytes that no client should send."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spk import create_app
from tests.data_dirs import copy_data_dir
from tests.deploy.raw_requests import (
    AMBIGUOUS,
    CLOSE,
    GET,
    HOST,
    KEY,
    NOT_TO_GUNICORN,
    POST,
    START,
    UNREADABLE,
    answers,
    to_bytes,
)
from tests.people import LiveServer, Person, serve

REFUSED = AMBIGUOUS | UNREADABLE | NOT_TO_GUNICORN


@dataclass(frozen=True)
class Door:
    """A server, and a key that opens it."""

    server: LiveServer
    token: str

    def ask(self, request: str) -> tuple[list[int], bytes]:
        """Send this and read to the end; whatever it was, no token gets into the log."""
        host, logged = self.server.environ["SPK_BIND"], len(self.server.log())
        name, _, port = host.partition(":")
        with socket.create_connection((name, int(port))) as connection:
            found = answers(connection, to_bytes(request, host, self.token))
        assert self.token[20:] not in self.server.log()[logged:]
        return found


@pytest.fixture(scope="module")
def door(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    directory = tmp_path_factory.mktemp("raw")
    copy_data_dir(prepared_data, directory / "data")
    with serve(directory) as server:
        yield Door(server, Person(create_app(server.environ), "ada@example.com").create_key())


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_in_one_way_is_refused_in_json_and_its_connection_closed(
    what: str, door: Door
) -> None:
    request, status = REFUSED[what]
    statuses, answer = door.ask(request)
    assert statuses == [status]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/problem+json\r\n" in head
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in head
    assert json.loads(body)["status"] == status


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_a_request_behind_one_that_ends_in_doubt_is_never_answered(what: str, door: Door) -> None:
    door.ask(AMBIGUOUS[what][0])
    assert "smuggled" not in door.server.log()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"{GET}{KEY}", 400),
        (f"{GET}Authorization: Bearer x\r\n", 400),
        (f"{GET}Authorization: Basic eDp5\r\n", 400),
        (f"{START}{HOST}Authorization: Basic eDp5\r\n{KEY}", 400),
        (f"{START}{HOST}Authorization: Bearer TOKEN\xe9\r\n", 400),
        (f"{START}{HOST}Authorization_: Bearer TOKEN\r\n", 401),
        (f"{START}{HOST}Authorization: Bearer\r\nX-A: TOKEN\r\n", 400),
        (f"{START}Host: evil.example\r\n{KEY}", 400),
        (f"{START}Host:\r\n{KEY}", 400),
        (f"{START}Host: x@HOST\r\n{KEY}", 400),
        (f"{GET.replace('/api', 'http://HOST/api')}".replace("Host: HOST", "Host: evil.example"), 400),
        (GET + "".join(f"X-{number}: x\r\n" for number in range(150)), 431),
        (f"{POST}Expect: a miracle\r\n", 417),
        (GET.replace("GET", "TRACE"), 405),
        (GET.replace("GET", "FOO"), 405),
        (GET.replace("GET", "CONNECT"), 405),
        *((GET.replace("/whoami", f"/whoami/{path}"), 404) for path in ("%00", "%ff", "%zz", "%", "%2e%2e")),
        (f"{POST}Transfer-Encoding: chunked\r\n", 411),
        (f"{POST}Content-Length: {10**23}\r\n", 413),
    ],
)
def test_what_can_be_read_but_not_taken_is_refused_in_json(request_: str, status: int, door: Door) -> None:
    statuses, answer = door.ask(request_ + CLOSE + "0\r\n\r\n" * ("chunked" in request_))
    assert (statuses, b"Content-Type: application/problem+json" in answer) == ([status], True)


@pytest.mark.parametrize(
    "line", ["OPTIONS * HTTP/1.1", "CONNECT evil.example:443 HTTP/1.1", "GET //evil.example/ HTTP/1.1"]
)
def test_what_asks_for_another_server_finds_nothing(line: str, door: Door) -> None:
    assert door.ask(f"{line}\r\n{HOST}{KEY}{CLOSE}")[0] == [404]


@pytest.mark.parametrize(
    "request_",
    [
        *(GET.replace("1.1", version) for version in ("1.0", "1.2")),
        *(GET.replace("/api", f"{origin}/api") for origin in ("http://HOST", "http://evil.example")),
        f"\r\n{GET}",
        GET.replace("Bearer TOKEN", "\tBearer  TOKEN  "),
        f"{GET}X-A: \xff\xfe\r\n",
        f"{GET}SCRIPT_NAME: /api\r\nPATH_INFO: /x\r\nREMOTE_ADDR: 203.0.113.9\r\n",
        f"{GET}X_Forwarded_For: 203.0.113.9\r\nX_Auth_User_Id: 2\r\n",
        f"{GET}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        GET.replace("whoami", "whoami?%00=%ff&%zz#%2e%2e"),
    ],
)
def test_what_is_odd_but_clear_is_answered_for_its_key(request_: str, door: Door) -> None:
    statuses, answer = door.ask(request_ + CLOSE)
    assert (statuses, answer.count(b"ada@example.com")) == ([200], 1)
    assert "203.0.113.9" not in door.server.log()


def test_each_of_several_requests_on_a_connection_is_decided_by_its_own_key(door: Door) -> None:
    without = f"{START}{HOST}"
    statuses, answer = door.ask(f"{GET}\r\n{without}\r\n{GET}\r\n{without}X-A: TOKEN\r\n{CLOSE}")
    assert (statuses, answer.count(b"ada@example.com")) == ([200, 401, 200, 401], 2)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "FOO"])
def test_a_body_is_never_taken_for_a_request(method: str, door: Door) -> None:
    body = "GET /smuggled HTTP/1.1\r\n\r\n"
    first = f"{GET.replace('GET', method)}Content-Length: {len(body)}\r\n\r\n{body}"
    assert len(door.ask(f"{first}{GET}{CLOSE}")[0]) == 2
    assert "smuggled" not in door.server.log()
