"""What nginx answers for a program that deploy/nginx/protect.conf protects."""

from dataclasses import replace
from ssl import SSLSocket

import pytest

from spk.models.accounts import token as codec
from tests.deploy.conftest import Stack
from tests.deploy.nginx import place, run_nginx
from tests.deploy.tls_client import chunked, key
from tests.people import Person

CHALLENGE = 'Bearer realm="spk"'
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]


@pytest.mark.parametrize("method", METHODS)
def test_without_a_key_nothing_passes(method: str, stack: Stack) -> None:
    before = len(stack.program.received)
    answer = stack.app.ask(method, "/")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert answer.headers.get_all("WWW-Authenticate") == [CHALLENGE]
    assert len(stack.program.received) == before
    if method != "HEAD":
        assert answer.problem()["code"] == "invalid_token"


@pytest.mark.parametrize("path", ["/x.html", "/x.json", "/x.svg"])
def test_a_refusal_is_json_whatever_was_asked_for(path: str, stack: Stack) -> None:
    assert stack.app.get(path).problem()["status"] == 401


@pytest.mark.parametrize("method", METHODS)
def test_a_key_opens_each_method(method: str, stack: Stack, owner: Person) -> None:
    assert stack.app.ask(method, "/page?x=1", key(owner.create_key())).status == 200
    assert stack.program.last().line() == f"{method} /page?x=1 HTTP/1.1"


@pytest.mark.parametrize("token", [codec.generate(), "spk_short", "x"], ids=["unknown", "short", "no token"])
def test_a_wrong_key_is_told_so(token: str, stack: Stack) -> None:
    answer = stack.app.get("/", key(token))
    assert answer.headers["WWW-Authenticate"] == f'{CHALLENGE}, error="invalid_token"'
    assert answer.problem()["status"] == 401


def test_a_revoked_key_is_refused_on_the_very_next_request(stack: Stack, owner: Person) -> None:
    token = owner.create_key()
    before = [stack.app.get("/", key(token)).status for _ in range(3)]
    owner.revoke(token)
    after = [stack.app.get("/", key(token)).status for _ in range(3)]
    assert (before, after) == ([200] * 3, [401] * 3)


def test_a_plan_without_api_access_is_403(stack: Stack, owner: Person) -> None:
    token = owner.create_key()
    owner.set_plan("free")
    answer = stack.app.get("/", key(token))
    assert answer.problem()["code"] == "plan_required"
    assert answer.headers["WWW-Authenticate"] == f'{CHALLENGE}, error="insufficient_scope"'


def test_a_key_for_another_program_is_403_and_says_which_scope_it_needs(stack: Stack, owner: Person) -> None:
    answer = stack.app.get("/", key(owner.create_key(scopes=("gate:wiki",))))
    assert answer.problem()["code"] == "insufficient_scope"
    assert answer.headers["WWW-Authenticate"].endswith('scope="gate:app"')


@pytest.mark.parametrize("scopes", [("gate:app",), ("gate",)])
def test_a_key_for_this_program_passes(scopes: tuple[str, ...], stack: Stack, owner: Person) -> None:
    assert stack.app.get("/", key(owner.create_key(scopes=scopes))).status == 200


@pytest.mark.parametrize(
    "path", ["/?audience=wiki", "/?audience=wiki&audience=wiki", "/%3faudience=wiki", "/x?audience=wiki#"]
)
def test_no_address_of_a_client_names_another_audience(path: str, stack: Stack, owner: Person) -> None:
    made_up = ("X-Original-URI", "/?audience=wiki"), ("X-Forwarded-Uri", "/?audience=wiki")
    assert stack.app.get(path, key(owner.create_key(scopes=("gate:wiki",))), *made_up).status == 403
    assert stack.app.get(path, key(owner.create_key(scopes=("gate:app",))), *made_up).status == 200


def test_a_key_for_other_addresses_is_403_and_says_so(stack: Stack, owner: Person) -> None:
    token = owner.create_key(networks=("203.0.113.0/24",))
    forged = ("X-Forwarded-For", "203.0.113.7")
    assert stack.app.get("/", key(token), forged).problem()["code"] == "address_not_allowed"
    assert stack.app.get("/", key(owner.create_key(networks=("127.0.0.1",)))).status == 200


def test_too_many_requests_are_429_and_say_how_long_to_wait(stack: Stack, owner: Person) -> None:
    token = owner.create_key()
    owner.set_plan("slow")
    passed, refused = (stack.app.get("/", key(token)) for _ in range(2))
    assert (passed.status, refused.problem()["status"]) == (200, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"key";q=1;w=60'
    assert refused.headers["RateLimit"].startswith('"key";r=0;t=')


def test_nothing_passes_while_spk_is_down(stack: Stack, owner: Person) -> None:
    with place() as here, run_nginx(here, f"unix:{here}/nobody.sock", stack.program.port) as nginx:
        before = len(stack.program.received)
        answer = nginx.client("app.example.com").get("/", key(owner.create_key()))
    assert (answer.problem()["status"], answer.headers["Retry-After"]) == (503, "5")
    assert len(stack.program.received) == before


def test_a_program_that_is_down_is_503(stack: Stack, owner: Person) -> None:
    with place() as here, run_nginx(here, stack.socket) as nginx:
        answer = nginx.client("app.example.com").get("/", key(owner.create_key()))
    assert (answer.problem()["status"], answer.headers["Retry-After"]) == (503, "5")


def test_what_the_program_answers_is_left_as_it_is(stack: Stack, owner: Person) -> None:
    answer = stack.app.get("/fails", key(owner.create_key()))
    assert (answer.status, answer.body) == (500, b"ok")


def test_the_program_is_told_whose_key_it_is(stack: Stack, owner: Person) -> None:
    token = owner.create_key("déploy 100 %")
    stack.app.get("/", key(token))
    received = stack.program.last()
    assert received.all("X-Auth-User-Id")[0].isdigit()
    assert received.all("X-Auth-User-Email") == ["operator@example.com"]
    assert received.all("X-Auth-Key-Prefix") == [token[:12]]
    assert received.all("X-Auth-Key-Name") == ["d%C3%A9ploy%20100%20%25"]
    assert received.all("X-Auth-Plan") == ["pro"]


@pytest.mark.parametrize("path", ["/", "/healthz"])
@pytest.mark.parametrize(
    "spelled", ["X-Auth-{}", "x-auth-{}", "X_Auth_{}", "X-Auth_{}", "X_AUTH-{}", "X.Auth.{}", "X-Auth-{} "]
)
def test_an_identity_that_a_client_makes_up_never_arrives(
    spelled: str, path: str, stack: Stack, owner: Person
) -> None:
    names = ("User-Id", "User-Email", "Key-Prefix", "Key-Name", "Plan")
    forged = [(spelled.format(form), "forged") for name in names for form in {name, name.replace("-", "_")}]
    connection = [("Connection", "close, X-Auth-User-Id, X-Auth-Plan")]
    before = len(stack.program.received)
    status = stack.app.get(path, key(owner.create_key()), *forged, *connection).status
    assert status == (400 if spelled.endswith(" ") else 200)
    for received in stack.program.received[before:]:
        assert b"forged" not in received.head
        assert len(received.all("X-Auth-User-Id")) == (path == "/")


def test_two_authorization_headers_are_refused(stack: Stack, owner: Person) -> None:
    good = key(owner.create_key())
    for pair in ((good, good), (good, key("x")), (good, ("Authorization", "Basic eDp5"))):
        assert stack.app.get("/", *pair).problem()["status"] in (400, 401)


def test_a_large_body_arrives_whole(stack: Stack, owner: Person) -> None:
    body = bytes(range(256)) * 1200
    good = key(owner.create_key())
    stack.app.ask("POST", "/", good, body=body)
    assert stack.program.last().body == body
    stack.app.ask("POST", "/", good, ("Transfer-Encoding", "chunked"), body=chunked(body))
    assert stack.program.last().body == body


@pytest.mark.parametrize("size", [100, 4000, 8100, *range(8150, 8200, 7), 9000, 30_000, 60_000])
def test_a_long_header_is_no_error_of_the_server(size: int, stack: Stack, owner: Person) -> None:
    assert stack.app.get("/", key("x" * size)).problem()["status"] in (400, 401)
    long = ("X-Long", "x" * size)
    assert stack.app.get("/", key(owner.create_key()), long).status in (200, 400)


def test_many_headers_are_no_error_of_the_server(stack: Stack, owner: Person) -> None:
    many = [(f"X-{number}", "x") for number in range(150)]
    assert stack.app.get("/", key(owner.create_key()), *many).problem()["status"] == 400


def test_no_cookie_is_set_and_none_opens_the_gate(stack: Stack, owner: Person) -> None:
    cookie = ("Cookie", f"__Host-spk={owner.session_cookie()}")
    refused, passed = stack.app.get("/", cookie), stack.app.get("/", key(owner.create_key()), cookie)
    assert (refused.status, passed.status) == (401, 200)
    assert [answer.headers["Set-Cookie"] for answer in (refused, passed)] == [None, None]


def test_http_2_is_spoken(stack: Stack) -> None:
    for client in (stack.app, stack.site):
        with replace(client, protocols=("h2",)).connect() as connection:
            assert isinstance(connection, SSLSocket)
            assert connection.selected_alpn_protocol() == "h2"
