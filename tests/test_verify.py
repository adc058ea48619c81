"""The gate: what a proxy is told about a token."""

from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from spk import create_app
from spk.db import db, reading, writing
from spk.models import ApiKey, User
from spk.models.accounts import token as codec
from tests.data_dirs import lose_database
from tests.people import LiveServer, Person, bearer, operator_key, serve

IDENTITY = {
    "X-Auth-User-Id",
    "X-Auth-User-Email",
    "X-Auth-Key-Prefix",
    "X-Auth-Key-Name",
    "X-Auth-Plan",
}
CHALLENGE = 'Bearer realm="spk"'


def verify(client: FlaskClient, authorization: str | None = None, query: str = "") -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.get(f"/verify{query}", headers=headers)


def identity(response: TestResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers if name.startswith("X-Auth-")}


def is_empty(response: TestResponse) -> bool:
    return response.data == b"" and "Content-Type" not in response.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_key_passes_and_says_whose_it_is(method: str, ada: Person, client: FlaskClient) -> None:
    token = ada.create_key("GitHub Actions: déploy, 100 %")
    response = client.open("/verify", method=method, headers=bearer(token))
    assert (response.status_code, is_empty(response)) == (204, True)
    found = identity(response)
    assert set(found) == IDENTITY
    assert found["X-Auth-User-Id"].isdigit()
    assert found["X-Auth-User-Email"] == "ada@example.com"
    assert found["X-Auth-Key-Prefix"] == token[:12]
    assert found["X-Auth-Key-Name"] == "GitHub%20Actions%3A%20d%C3%A9ploy%2C%20100%20%25"
    assert found["X-Auth-Plan"] == "pro"


def test_identity_is_ascii_and_can_be_decoded_whatever_it_holds(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with app.app_context(), writing():
        db.session.execute(update(User).values(email=User.id.concat("+50%41ü@exämple.com")))
        db.session.execute(update(ApiKey).values(name="☃"))
    found = identity(verify(app.test_client(), f"Bearer {token}"))
    assert all(value.isascii() for value in found.values())
    assert unquote(found["X-Auth-User-Email"]) == "1+50%41ü@exämple.com"
    assert unquote(found["X-Auth-Key-Name"]) == "☃"


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, CHALLENGE),
        ("Basic YWRhOnNlY3JldA==", CHALLENGE),
        ("", f'{CHALLENGE}, error="invalid_request"'),
        ("Bearer", f'{CHALLENGE}, error="invalid_request"'),
        ("Bearer {token},Bearer {token}", f'{CHALLENGE}, error="invalid_request"'),
        ("Bearer spk_short", f'{CHALLENGE}, error="invalid_token"'),
        ("Bearer {token}", f'{CHALLENGE}, error="invalid_token"'),
    ],
)
def test_what_is_no_working_token_is_401(
    authorization: str | None, challenge: str, client: FlaskClient
) -> None:
    unknown = authorization and authorization.format(token=codec.generate())
    response = verify(client, unknown)
    assert (response.status_code, is_empty(response)) == (401, True)
    assert response.headers["WWW-Authenticate"] == challenge
    assert identity(response) == {}


def test_a_token_in_the_query_does_not_pass(ada: Person, client: FlaskClient) -> None:
    assert verify(client, query=f"?access_token={ada.create_key()}").status_code == 401


def test_a_revoked_key_does_not_pass_on_the_next_request(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert verify(client, f"Bearer {token}").status_code == 204
    ada.revoke(token)
    assert verify(client, f"Bearer {token}").status_code == 401


def test_a_plan_without_api_access_is_403_until_an_upgrade(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.set_plan("free")
    refused = verify(client, f"Bearer {token}")
    assert (refused.status_code, is_empty(refused), identity(refused)) == (403, True, {})
    ada.set_plan("pro")
    assert verify(client, f"Bearer {token}").status_code == 204


def test_too_many_requests_are_429_with_the_time_to_wait(environ: dict[str, str], tmp_path: Path) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text('[free]\n[pro]\nfeatures = ["api_access"]\nactive_keys = 9\nrequests_per_minute = 2\n')
    app = create_app({**environ, "SPK_PLANS_FILE": str(plans)})
    token = Person(app, "ada@example.com").create_key()
    answers = [verify(app.test_client(), f"Bearer {token}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert (is_empty(answers[2]), identity(answers[2])) == (True, {})


def test_passing_counts_as_a_use(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    verify(client, f"Bearer {token}")
    assert ada.key(token).last_used_at is not None


def test_being_refused_does_not_count_as_a_use(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.set_plan("free")
    verify(client, f"Bearer {token}")
    assert ada.key(token).last_used_at is None


def test_no_cookie_is_set_and_none_opens_the_gate(ada: Person) -> None:
    browser = ada.browser()
    assert browser.get("/user/security").status_code == 200
    refused = browser.get("/verify")
    passed = browser.client.get("/verify", headers=bearer(ada.create_key()))
    assert (refused.status_code, passed.status_code) == (401, 204)
    assert [name for answer in (refused, passed) for name, _ in answer.headers if name == "Set-Cookie"] == []


def test_nothing_keeps_the_answer(ada: Person, client: FlaskClient) -> None:
    assert verify(client, f"Bearer {ada.create_key()}").headers["Cache-Control"] == "no-store"
    assert verify(client).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_another_method_opens_nothing(method: str, ada: Person, client: FlaskClient) -> None:
    """Some proxies ask with the method they were asked with; Flask would answer OPTIONS with 200."""
    response = client.open("/verify", method=method, headers=bearer(ada.create_key()))
    assert (response.status_code, is_empty(response)) == (405, True)


@pytest.mark.parametrize(
    ("path", "headers", "size", "status"),
    [
        ("/verify/", {}, 0, 404),
        ("/verify/more", {}, 0, 404),
        ("/verify", {}, 600_000, 503),
        ("/verify", {"Transfer-Encoding": "chunked"}, 0, 503),
    ],
)
def test_a_question_that_a_proxy_asks_wrongly_opens_nothing(
    path: str, headers: dict[str, str], size: int, status: int, ada: Person, client: FlaskClient
) -> None:
    response = client.get(path, headers=headers | bearer(ada.create_key()), data=b"x" * size)
    assert (response.status_code, is_empty(response), identity(response)) == (status, True, {})


NEAR = [
    *(
        "/verify/",
        "/verify//",
        "/verify%2f",
        "/verify/..",
        "/VERIFY",
        "/Verify/",
        "/verify;x",
        "/verify.json",
    ),
    *(
        "//verify",
        "///verify",
        "/%2fverify",
        "//VERIFY",
        "/verify%20",
        "/verify%00",
        "/verify%0a",
        "/verify%3fx",
    ),
]


@pytest.mark.parametrize("host", ["localhost", "app.example.com"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_what_is_only_like_its_address_opens_nothing_and_shows_nothing(
    method: str, host: str, ada: Person, client: FlaskClient
) -> None:
    for path in NEAR:
        for credentials in ({}, bearer(ada.create_key())):
            environ = {"PATH_INFO": unquote(path), "HTTP_HOST": host}  # as a server gives them
            response = client.open("/", method=method, headers=credentials, environ_overrides=environ)
            assert (response.status_code, is_empty(response)) == (404, True), path
            assert identity(response) == {}, path
            assert "Location" not in response.headers, path


@pytest.mark.parametrize(
    "path", ["/verify%2f", "//verify", "/%2fverify", "/VERIFY", "/verify;x", "/verify.json"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_a_real_server_opens_nothing_there_either(
    path: str, method: str, live: tuple[LiveServer, str]
) -> None:
    server, token = live
    for headers in ({}, bearer(token)):
        connection = HTTPConnection(server.environ["SPK_BIND"], timeout=20)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (404, b"")
        connection.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, str]]:
    """A server, and the token of a key that works there."""
    with serve(tmp_path_factory.mktemp("live")) as server:
        yield server, operator_key(server)


@pytest.mark.parametrize("trusted", ["0", "1"])
@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host"])
def test_a_proxy_may_ask_by_any_name(name: str, trusted: str, environ: dict[str, str]) -> None:
    """By the address it knows, or as Traefik does in the name of the program it protects."""
    app = create_app({**environ, "SPK_TRUSTED_PROXIES": trusted})
    token = Person(app, "ada@example.com").create_key()
    headers = {name: "app.example.com", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert app.test_client().get("/verify", headers=headers | bearer(token)).status_code == 204
    assert app.test_client().get("/verify", headers=headers).status_code == 401


def test_an_unreachable_database_is_503(ada: Person, app: Flask, client: FlaskClient) -> None:
    token = ada.create_key()
    lose_database(app)
    response = verify(client, f"Bearer {token}")
    assert (response.status_code, is_empty(response)) == (503, True)
    assert int(response.headers["Retry-After"]) > 0


def test_a_mistake_of_ours_opens_nothing(ada: Person, app: Flask, client: FlaskClient) -> None:
    token = ada.create_key()
    with app.app_context(), reading():
        db.drop_all()
    response = verify(client, f"Bearer {token}")
    assert (response.status_code, is_empty(response), identity(response)) == (503, True, {})


def basic(password: str, user: str = "git") -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def test_where_the_proxy_asks_for_it_a_token_may_be_the_password_of_basic(
    ada: Person, client: FlaskClient
) -> None:
    token = ada.create_key()
    for user in ("", "git", "ada@example.com"):
        passed = verify(client, basic(token, user), "?audience=app&basic=1")
        assert (passed.status_code, identity(passed)["X-Auth-Key-Prefix"]) == (204, token[:12])
    assert verify(client, f"Bearer {token}", "?basic=1").status_code == 204


@pytest.mark.parametrize("query", ["", "?audience=app", "?basic=", "?basic=0", "?basic=true", "?BASIC=1"])
def test_a_password_passes_nowhere_else(query: str, ada: Person, client: FlaskClient) -> None:
    answer = verify(client, basic(ada.create_key()), query)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)


@pytest.mark.parametrize("path", ["/api/v1/whoami", "/api/v1/whoami?basic=1", "/api/v1/pages?basic=1"])
def test_the_api_takes_no_password(path: str, ada: Person, client: FlaskClient) -> None:
    headers = {"Authorization": basic(ada.create_key())}
    assert client.get(path, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic é",
        'Digest password="a"',
        basic(""),
        basic("wrong"),
        basic("ü" * 99),
        basic("a" * 4_000),
    ],
)
def test_whoever_knows_only_basic_is_asked_for_a_password(
    authorization: str | None, client: FlaskClient
) -> None:
    refused = verify(client, authorization, "?basic=1")
    assert (refused.status_code, is_empty(refused), identity(refused)) == (401, True, {})
    challenges = refused.headers["WWW-Authenticate"]
    assert challenges.startswith(f'Basic realm="spk", charset="UTF-8", {CHALLENGE}')


def test_a_password_counts_as_a_wrong_token(environ: dict[str, str]) -> None:
    client = create_app({**environ, "SPK_FAILURE_LIMIT": "2/minute"}).test_client()
    statuses = [verify(client, basic("wrong"), "?basic=1").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


@pytest.mark.parametrize("query", ["?basic=1&basic=0", "?basic=1&basic=1", "?audience=a&audience=b&basic=1"])
def test_a_proxy_that_says_two_things_opens_nothing(query: str, ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    for authorization in (basic(token), f"Bearer {token}"):
        assert verify(client, authorization, query).status_code == 503


@pytest.mark.parametrize("query", ["?api_key=abc", "?access_token=abc", "?audience=app&api_key=abc&x=%ff"])
def test_the_query_of_a_client_is_not_judged(query: str, ada: Person, client: FlaskClient) -> None:
    assert verify(client, f"Bearer {ada.create_key()}", query).status_code == 204


def test_a_proxy_may_ask_about_a_websocket(ada: Person, client: FlaskClient) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert client.get("/verify", headers={**bearer(ada.create_key()), **upgrade}).status_code == 204
    assert client.get("/verify", headers=upgrade).headers["WWW-Authenticate"] == CHALLENGE
