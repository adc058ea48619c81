"""spk, and a program behind its keys, with deploy/caddy/Caddyfile."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spk.config import MAX_BODY
from tests.deploy.caddy import PROGRAM, Caddy, run_caddy
from tests.deploy.conftest import BEHIND_A_PROXY
from tests.deploy.program import Program, run_program
from tests.deploy.tls_client import Client, chunked, key
from tests.people import LiveServer, Person, make_operator, serve

CHALLENGE = 'Bearer realm="spk"'
NAMES = ("User-Id", "User-Email", "Key-Prefix", "Key-Name", "Plan")


@dataclass(frozen=True)
class Stack:
    """spk on a port, a program to protect, and Caddy in front of both."""

    spk: LiveServer
    owner: Person
    program: Program
    site: Client
    app: Client


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if PROGRAM is None:
        pytest.skip("There is no Caddy here: run tests/install-services.sh.")
    here = tmp_path_factory.mktemp("caddy")
    with run_program() as program, serve(here, **BEHIND_A_PROXY) as spk:
        owner = make_operator(spk, "business")
        with run_caddy(here, spk.environ["SPK_BIND"], program.port) as caddy:
            yield Stack(
                spk, owner, program, caddy.client("status.example.com"), caddy.client("app.example.com")
            )


@pytest.fixture
def token(stack: Stack) -> str:
    return stack.owner.create_key()


@pytest.fixture
def without_spk(tmp_path: Path, stack: Stack) -> Iterator[Caddy]:
    """Its spk is down, the program is up."""
    with run_caddy(tmp_path, "127.0.0.1:9", stack.program.port) as caddy:
        yield caddy


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_without_a_key_nothing_passes(method: str, stack: Stack) -> None:
    before = len(stack.program.received)
    answer = stack.app.ask(method, "/")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert len(stack.program.received) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_a_key_passes_and_stays_with_the_proxy(method: str, token: str, stack: Stack) -> None:
    assert stack.app.ask(method, "/page?x=1", key(token)).status == 200
    received = stack.program.last()
    assert received.line() == f"{method} /page?x=1 HTTP/1.1"
    assert token[12:].encode() not in received.head
    assert received.all("X-Auth-Key-Prefix") == [token[:12]]
    assert received.all("X-Auth-User-Email") == ["operator@example.com"]


def test_a_revoked_key_is_refused_on_the_very_next_request(token: str, stack: Stack) -> None:
    before = stack.app.get("/", key(token)).status
    stack.owner.revoke(token)
    assert (before, stack.app.get("/", key(token)).status) == (200, 401)


def test_a_key_opens_the_program_that_its_scope_names(stack: Stack) -> None:
    for scopes, path, status in [
        (("gate:app",), "/", 200),
        (("gate:app",), "/?audience=wiki", 200),
        (("gate:wiki",), "/", 403),
        (("gate:wiki",), "/?audience=wiki", 403),
        (("gate:wiki",), "/?api_key=x&audience=wiki", 403),
    ]:
        token = stack.owner.create_key(scopes=scopes)
        made_up = ("X-Forwarded-Uri", "/?audience=wiki")
        assert stack.app.get(path, key(token), made_up).status == status
        stack.owner.revoke(token)


def test_two_authorization_headers_are_refused(token: str, stack: Stack) -> None:
    assert stack.app.get("/", key(token), key(token)).status == 401


@pytest.mark.parametrize("spelled", ["X-Auth-{}", "x-auth-{}", "X_Auth_{}", "X-Auth_{}", "x_AUTH-{}"])
def test_an_identity_that_a_client_makes_up_never_arrives(spelled: str, token: str, stack: Stack) -> None:
    forged = [(spelled.format(form), "forged") for name in NAMES for form in {name, name.replace("-", "_")}]
    listed = ("Connection", "close, X-Auth-User-Id, X-Auth-Plan, Authorization")
    assert stack.app.get("/", key(token), *forged, listed).status == 200
    received = stack.program.last()
    assert b"forged" not in received.head
    assert [len(received.all(f"X-Auth-{name}")) for name in NAMES] == [1] * len(NAMES)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_body_arrives_whole(is_chunked: bool, token: str, stack: Stack) -> None:
    body = bytes(range(256)) * 1200
    how = [("Transfer-Encoding", "chunked")] if is_chunked else []
    sent = chunked(body) if is_chunked else body
    assert stack.app.ask("POST", "/", key(token), *how, body=sent).status == 200
    assert stack.program.last().body == body


def test_nothing_passes_while_spk_is_down(token: str, stack: Stack, without_spk: Caddy) -> None:
    before = len(stack.program.received)
    answer = without_spk.client("app.example.com").get("/", key(token))
    assert (answer.problem()["status"], answer.headers["Retry-After"]) == (503, "5")
    assert len(stack.program.received) == before


def test_a_program_is_told_as_json_that_spk_is_down_and_a_person_in_words(without_spk: Caddy) -> None:
    site = without_spk.client("status.example.com")
    assert site.get("/p/acme/api/v2/summary.json").problem()["code"] == "unavailable"
    assert "can’t be reached" in site.get("/login").body.decode()


def test_a_body_of_unknown_length_is_refused(token: str, stack: Stack) -> None:
    unknown = ("Transfer-Encoding", "chunked")
    answer = stack.site.ask("POST", "/api/v1/pages", key(token), unknown, body=chunked(b"{}"))
    assert answer.problem()["status"] == 411


@pytest.mark.parametrize("size", [MAX_BODY + 1, 600_000, 2_000_000])
def test_too_large_a_body_is_refused_as_json(size: int, token: str, stack: Stack) -> None:
    assert stack.site.ask("POST", "/api/v1/pages", key(token), body=b"x" * size).problem()["status"] == 413


@pytest.mark.parametrize("path", ["/verify", "/verify/", "/%76erify", "//verify", "/metrics", "/METRICS"])
def test_what_is_for_programs_beside_spk_is_closed_from_outside(path: str, token: str, stack: Stack) -> None:
    answer = stack.site.get(path, key(token))
    assert (answer.status, [name for name in answer.headers if name.startswith("X-")]) == (404, [])


def test_spk_hears_the_address_that_caddy_saw(token: str, stack: Stack) -> None:
    forged = ("X-Forwarded-For", "203.0.113.9")
    assert stack.site.get("/api/v1/whoami", key(token), forged).status == 200
    assert '"address":"127.0.0.1"' in stack.spk.log().splitlines()[-1]


@pytest.mark.parametrize("spk_is", ["up", "down"])
def test_no_token_is_logged(spk_is: str, token: str, tmp_path: Path, stack: Stack) -> None:
    spk = stack.spk.environ["SPK_BIND"] if spk_is == "up" else "127.0.0.1:9"
    with run_caddy(tmp_path, spk, stack.program.port) as caddy:
        for name in ("app.example.com", "status.example.com"):
            for path in (f"/?{token}", f"/{token}/x", f"/%73pk_{token}", f"/{token.replace('_', '%5f')}"):
                headers = [(header, f"x{token}") for header in ("Referer", "User-Agent", "Cookie", "X")]
                caddy.client(name).get(path, key(token), *headers)
            malformed = f"GET /{token} {token} HTTP/1.1\r\nHost: {name}\r\n\r\n"
            caddy.client(name).send(malformed.encode())
    log = caddy.log()
    assert "http.log.access" in log
    assert ('"status":503' in log) == (spk_is == "down")
    assert token[12:] not in log
