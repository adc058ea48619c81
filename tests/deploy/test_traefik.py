"""spk, and a program behind its keys, with deploy/traefik/dynamic.yml."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from tests.deploy.conftest import BEHIND_A_PROXY
from tests.deploy.program import Program, run_program
from tests.deploy.test_caddy import (  # noqa: F401  # the same is asked of Traefik, with the fixtures of this module
    test_a_key_passes_and_stays_with_the_proxy,
    test_a_large_body_arrives_whole,
    test_a_revoked_key_is_refused_on_the_very_next_request,
    test_two_authorization_headers_are_refused,
    test_without_a_key_nothing_passes,
)
from tests.deploy.tls_client import Client, chunked, key
from tests.deploy.traefik import PROGRAM, SAMPLE, run_traefik
from tests.people import LiveServer, Person, make_operator, serve

NAMES = ("User-Id", "User-Email", "Key-Prefix", "Key-Name", "Plan")
WRITTEN = [
    f"X{first}Auth{second}{name.replace('-', joint)}"
    for first, second, joint, name in product("-_", "-_", "-_", NAMES)
]
PAGE = ("Origin", "https://page.example.com")


@dataclass(frozen=True)
class Stack:
    """spk on a port, a program to protect, and Traefik in front of both."""

    spk: LiveServer
    owner: Person
    program: Program
    port: int
    log: Path

    @property
    def app(self) -> Client:
        return Client("app.example.com", self.port)

    @property
    def site(self) -> Client:
        return Client("status.example.com", self.port)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if not PROGRAM.exists():
        pytest.skip("There is no Traefik here: run tests/install-clients.sh.")
    here = tmp_path_factory.mktemp("traefik")
    with run_program() as program, serve(here, **BEHIND_A_PROXY) as spk:
        owner = make_operator(spk, "business")
        with run_traefik(here, spk.environ["SPK_BIND"], program.port) as (port, log):
            yield Stack(spk, owner, program, port, log)


@pytest.fixture
def token(stack: Stack) -> str:
    return stack.owner.create_key()


@pytest.fixture
def with_comments(tmp_path: Path, stack: Stack) -> Iterator[Client]:
    """The program, where each comment of the sample was followed."""
    (preflights,) = re.findall(r"^    # preflights:\n(?:    # .*\n)+", SAMPLE.read_text(), re.MULTILINE)
    changes = {
        preflights: preflights.replace("    # ", "    "),
        "[no-made-up-identity, spk-key": "[preflights, no-made-up-identity, spk-key",
        "verify?audience=app": "verify?audience=app&basic=1",
    }
    with run_traefik(tmp_path, stack.spk.environ["SPK_BIND"], stack.program.port, changes) as (port, _):
        yield Client("app.example.com", port)


def test_a_key_opens_the_program_that_its_scope_names(stack: Stack) -> None:
    for scopes, path, status in [
        (("gate:app",), "/?audience=wiki&api_key=x", 200),
        (("gate:wiki",), "/?audience=wiki&api_key=x", 403),
    ]:
        token = stack.owner.create_key(scopes=scopes)
        assert stack.app.get(path, key(token), ("X-Forwarded-Uri", "/?audience=wiki")).status == status
        stack.owner.revoke(token)


@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_an_identity_that_a_client_makes_up_never_arrives(
    change: type[str], token: str, stack: Stack
) -> None:
    assert stack.app.get("/", key(token), *((change(name), "forged") for name in WRITTEN)).status == 200
    received = stack.program.last()
    assert b"forged" not in received.head
    assert [len(received.all(f"X-Auth-{name}")) for name in NAMES] == [1] * len(NAMES)


def test_no_header_is_taken_out_that_says_who_asks(token: str, stack: Stack) -> None:
    listed = ("Connection", "close, X-Auth-User-Id, X-Auth-Plan")
    assert stack.app.get("/", key(token), listed).status == 200
    assert [len(stack.program.last().all(f"X-Auth-{name}")) for name in NAMES] == [1] * len(NAMES)


def test_the_api_takes_a_body_of_unknown_length(token: str, stack: Stack) -> None:
    json = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
    made = stack.site.ask("POST", "/api/v1/pages", key(token), *json, body=chunked(b'{"name": "Acme"}'))
    assert made.status == 201


@pytest.mark.parametrize("path", ["/verify", "/verify?audience=app", "/metrics"])
def test_what_is_for_proxies_is_not_for_the_world(path: str, token: str, stack: Stack) -> None:
    assert stack.site.get("/healthz").status == 200
    assert stack.site.get(path, key(token)).status == 404


def test_nothing_passes_while_spk_is_down(token: str, stack: Stack, tmp_path: Path) -> None:
    before = len(stack.program.received)
    with run_traefik(tmp_path, "127.0.0.1:9", stack.program.port) as (port, _):
        assert Client("app.example.com", port).get("/", key(token)).status == 500
    assert len(stack.program.received) == before


def test_no_token_is_in_the_log(token: str, stack: Stack) -> None:
    stack.app.get(f"/?api_key={token}", key(token))
    stack.site.get(f"/healthz?api_key={token}")
    assert "spk@file" in stack.log.read_text()
    assert token[12:] not in stack.log.read_text()


def test_with_its_comments_followed_a_page_of_another_site_may_call(
    with_comments: Client, token: str
) -> None:
    asked = ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")
    answer = with_comments.ask("OPTIONS", "/", PAGE, *asked)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, PAGE[1])
    assert with_comments.get("/", PAGE, key(token)).headers["Access-Control-Allow-Origin"] == PAGE[1]
    assert with_comments.get("/", PAGE).status == 401
    other = with_comments.ask("OPTIONS", "/", ("Origin", "https://other.example.com"), *asked)
    assert "Access-Control-Allow-Origin" not in other.headers


def test_with_its_comments_followed_the_token_may_be_a_password(
    with_comments: Client, token: str, stack: Stack
) -> None:
    basic = base64.b64encode(f"git:{token}".encode()).decode()
    assert stack.app.get("/", ("Authorization", f"Basic {basic}")).status == 401
    assert with_comments.get("/", ("Authorization", f"Basic {basic}")).status == 200
    assert basic.encode() not in stack.program.last().head
