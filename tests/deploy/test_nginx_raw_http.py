"""What nginx makes, with the samples, of bytes that no client should send."""

import json

import pytest

from tests.deploy.conftest import Stack
from tests.deploy.raw_requests import (
    AMBIGUOUS,
    CHUNKED,
    CLOSE,
    GET,
    HOST,
    KEY,
    START,
    UNREADABLE,
    answers,
    to_bytes,
)
from tests.deploy.tls_client import Client


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    return stack.owner.create_key()


def ask(stack: Stack, client: Client, request: str, token: str) -> tuple[list[int], bytes]:
    """Send this and read to the end; whatever it was, no token gets into a log."""
    with client.connect() as connection:
        found = answers(connection, to_bytes(request, client.name, token))
    logs = {**stack.nginx.logs(), "spk": stack.spk.log()}
    assert [name for name, log in logs.items() if token[20:] in log] == []
    return found


def clients(stack: Stack) -> list[Client]:
    return [stack.site, stack.app]


@pytest.mark.parametrize("what", AMBIGUOUS | UNREADABLE)
def test_what_cannot_be_read_in_one_way_reaches_nobody_and_its_connection_is_closed(
    what: str, stack: Stack, token: str
) -> None:
    request, _ = (AMBIGUOUS | UNREADABLE)[what]
    arrived, logged = len(stack.program.received), len(stack.spk.log())
    for client in clients(stack):
        statuses, answer = ask(stack, client, request, token)
        assert statuses == [400]
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 400
    assert len(stack.program.received) == arrived
    assert '"status":2' not in stack.spk.log()[logged:].replace(
        '"path":"/verify","route":"/verify","status":204', ""
    )


@pytest.mark.parametrize(
    "request_",
    [
        f"{GET}{CLOSE}".replace("\r\n", "\n"),
        f"{START}{HOST}X-A: a\n{KEY}{CLOSE}",
        f"{GET}{CLOSE}".replace(" /api", "  /api"),
        f"{GET}{CHUNKED}{CLOSE}0\n\n",
    ],
)
def test_what_nginx_repairs_arrives_in_good_order(request_: str, stack: Stack, token: str) -> None:
    arrived = len(stack.program.received)
    assert [ask(stack, client, request_, token)[0] for client in clients(stack)] == [[200], [200]]
    assert len(stack.program.received) == arrived + 1
    assert b"\n" not in stack.program.last().head.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET.replace("/whoami", "/\xff\xfe"), 400),
        (GET.replace("/whoami", "/whoami?\xff"), 400),
        (GET.replace("/whoami", "/ENCODED\xff"), 400),
        (GET + "".join(f"X-{number}: x\r\n" for number in range(150)), 431),
    ],
)
def test_what_only_spk_refuses_is_json_too(request_: str, status: int, stack: Stack, token: str) -> None:
    statuses, answer = ask(stack, stack.site, request_ + CLOSE, token)
    assert statuses == [status]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


def test_each_of_several_requests_on_a_connection_is_decided_by_its_own_key(stack: Stack, token: str) -> None:
    arrived = len(stack.program.received)
    requests = f"{GET}\r\n{START}{HOST}\r\n{GET}\r\n{START}{HOST}X-A: TOKEN\r\n{CLOSE}"
    for client in clients(stack):
        assert ask(stack, client, requests, token)[0] == [200, 401, 200, 401]
    assert len(stack.program.received) == arrived + 2


def test_what_is_refused_without_a_key_is_no_request_of_the_next_one(stack: Stack, token: str) -> None:
    """The body that nobody has read is not taken for one."""
    body = f"GET /smuggled HTTP/1.1\r\n{HOST.replace('HOST', 'app.example.com')}\r\n"
    first = f"POST / HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\n\r\n{body}"
    assert ask(stack, stack.app, f"{first}{GET}{CLOSE}", token)[0] == [401, 200]
    assert b"smuggled" not in stack.program.last().head
