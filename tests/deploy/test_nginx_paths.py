"""Which path nginx decides by, and where a token ends up."""

import pytest

from tests.deploy.conftest import Stack
from tests.deploy.nginx import Nginx, place, run_nginx
from tests.deploy.tls_client import Client, key
from tests.people import Person


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("//x", "/x"),
        ("/a//b///c", "/a/b/c"),
        ("/a/%2e%2e/b", "/b"),
        ("/a/..%2fb", "/b"),
        ("/a%2fb", "/a/b"),
        ("/healthz/../x", "/x"),
        ("/healthz/%2e%2e/x", "/x"),
        ("/healthz%2f..%2fx", "/x"),
        ("/%68ealthz%2fx", "/healthz/x"),
        ("/a%20b%3fc%25d", "/a%20b%3Fc%25d"),
        ("/a?b=%2e%2e/%2F//", "/a?b=%2e%2e/%2F//"),
        ("http://app.example.com//x", "/x"),
    ],
)
def test_the_path_that_was_decided_by_is_the_path_that_arrives(
    path: str, arrives: str, stack: Stack, owner: Person
) -> None:
    assert stack.app.get(path).status == 401
    assert stack.app.get(path, key(owner.create_key())).status == 200
    assert stack.program.last().line() == f"GET {arrives} HTTP/1.1"


@pytest.mark.parametrize("path", ["/healthz", "//healthz", "/%68ealthz", "/x/../healthz", "/healthz?x"])
def test_a_public_path_is_public_however_it_is_written(path: str, stack: Stack, owner: Person) -> None:
    assert stack.app.get(path, key(owner.create_key())).status == 200
    received = stack.program.last()
    assert received.line().split()[1].partition("?")[0] == "/healthz"
    assert (received.all("Authorization"), received.all("X-Auth-User-Id")) == ([], [])


@pytest.mark.parametrize(
    "path",
    [
        *("/_spk_verify", "/%5fspk_verify", "//_spk_verify", "/x/../_spk_verify", "/_spk%5Fverify?x"),
        *("/_unreadable", "/%5funreadable", "http://app.example.com/_spk_verify"),
    ],
)
def test_what_is_internal_is_not_reached_from_outside(path: str, stack: Stack, owner: Person) -> None:
    answer = stack.app.get(path, key(owner.create_key()))
    assert answer.problem()["status"] == 404
    assert "X-Auth-User-Id" not in answer.headers


@pytest.mark.parametrize("path", ["/..", "/%2e%2e/", "/a/..%2f..%2f..", "/%00", "/a%zz"])
def test_a_path_that_leads_nowhere_is_refused_as_json(path: str, stack: Stack, owner: Person) -> None:
    assert stack.app.get(path, key(owner.create_key())).problem()["status"] == 400


@pytest.mark.parametrize(
    "line", ["GET / HTTP/9.9", "get / HTTP/1.1", "GET / / HTTP/1.1", "TRACE / HTTP/1.1", "CONNECT / HTTP/1.1"]
)
def test_a_request_that_cannot_be_read_is_refused_as_json(line: str, stack: Stack) -> None:
    for client in (stack.app, stack.site):
        answer = client.send(f"{line}\r\nHost: {client.name}\r\nConnection: close\r\n\r\n".encode())
        assert answer.problem()["status"] == 400


def test_both_are_told_the_address_that_nginx_saw(stack: Stack, owner: Person) -> None:
    forged = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.example\r\n"
    head = f"GET / HTTP/1.0\r\nHost: app.example.com\r\n{forged}{': '.join(key(owner.create_key()))}\r\n\r\n"
    assert stack.app.send(head.encode(), address="127.0.0.77").status == 200
    told = [stack.program.last().all(f"X-Forwarded-{name}") for name in ("For", "Proto", "Host")]
    assert told == [["127.0.0.77"], ["https"], ["app.example.com"]]
    assert '"path":"/verify","route":"/verify","status":204' in stack.spk.log().splitlines()[-1]
    assert '"address":"127.0.0.77"' in stack.spk.log().splitlines()[-1]


def misuse(nginx: Nginx, here: str, token: str) -> None:
    """Send a token rightly, and in every wrong way somebody has tried."""
    client = nginx.client(here)
    good, encoded = key(token), token.replace("_", "%5f")
    client.get("/?secret=hunter2", good)
    Client(here, nginx.http, tls=False).get(f"/{token}?{token}", good)
    client.get(f"/api/v1/pages?access_token={token}", good, ("Referer", f"https://x/?t={token}"))
    client.get("/", good, ("User-Agent", token), ("Cookie", f"a={token}"))
    for path in (f"/{token}", f"/x/{encoded}/y?{encoded}", f"/static/{token}", f"/healthz?{token}"):
        client.get(path)
        client.get(path, good)
    client.ask("POST", f"/?{token}", good, body=b"x" * 11_000_000)
    client.ask("POST", "/", good, body=b"x" * 300_000)
    client.get("/", ("Authorization", f"Basic {token}"))
    client.get("/", good, good)
    client.get("/", ("Authorization", f"Bearer {token} {token}" + " " * 9000))
    for line in (f"GET /?{token} HTTP/9.9", f"GET /{token} {token} HTTP/1.1", f"{token} / HTTP/1.1"):
        client.send(f"{line}\r\nHost: {here}\r\nConnection: close\r\n\r\n".encode())
    client.get("/?" + token * 1000, good)


@pytest.mark.parametrize("spk_is", ["up", "down"])
def test_no_token_reaches_the_program_or_a_log(spk_is: str, stack: Stack, owner: Person) -> None:
    token = owner.create_key()
    before = len(stack.program.received)
    with place() as here:
        socket = stack.socket if spk_is == "up" else f"unix:{here}/nobody.sock"
        with run_nginx(here, socket, stack.program.port if spk_is == "up" else 9) as nginx:
            for name in ("app.example.com", "status.example.com", "unknown.example.com"):
                misuse(nginx, name, token)
        logs = nginx.logs() | {"spk": stack.spk.log()}
    arrived = b"".join(each.head for each in stack.program.received[before:]).split(b"\r\n")
    assert (f"X-Auth-Key-Prefix: {token[:12]}".encode() in arrived) == (spk_is == "up")
    meant = (b"User-Agent", b"Cookie")  # these are the program's own affair
    assert [line for line in arrived if token[12:].encode() in line and not line.startswith(meant)] == []
    assert '"status":400' in logs["app.access.log"]
    assert '"status":400' in logs["spk.access.log"]
    assert ("nobody.sock failed" in logs["app.error.log"]) == (spk_is == "down")
    assert [name for name, log in logs.items() if token[12:] in log or "access_token" in log] == []
    assert [name for name, log in logs.items() if "access" in name and "hunter2" in log] == []
