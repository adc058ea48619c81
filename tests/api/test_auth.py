"""The error table of the bearer hook, row by row."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, session
from flask.sessions import NullSession
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from spk import create_app
from spk.models.accounts import token as codec
from tests.data_dirs import lose_database
from tests.people import Person, bearer, body

UNKNOWN = codec.generate()


def whoami(client: FlaskClient, authorization: str | None = None, query: str = "") -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.get(f"/api/v1/whoami{query}", headers=headers)


def challenge(response: TestResponse) -> str:
    return response.headers["WWW-Authenticate"]


def test_a_key_opens_the_api(ada: Person, client: FlaskClient) -> None:
    assert client.get("/api/v1/whoami", headers=bearer(ada.create_key())).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "OAuth", "oauth"])
def test_the_scheme_is_bearer_or_its_alias_oauth_in_any_case(
    scheme: str, ada: Person, client: FlaskClient
) -> None:
    assert whoami(client, f"{scheme} {ada.create_key()}").status_code == 200


@pytest.mark.parametrize(
    "authorization", [None, "Basic YWRhOnNlY3JldA==", "Digest username=ada", "spk_token"]
)
def test_without_a_bearer_token_the_challenge_names_no_error(
    authorization: str | None, client: FlaskClient
) -> None:
    response = whoami(client, authorization)
    assert (response.status_code, challenge(response)) == (401, 'Bearer realm="spk"')
    assert body(response)["code"] == "credentials_required"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer {token} {token}",
        "Bearer {token},Bearer {token}",
        "Basic YWRhOnNlY3JldA==,Bearer {token}",
        "Bearer {token}, OAuth {token}",
        "Bearer a=b",
        "Bearer\t{token}",
        'Bearer "{token}"',
        "Bearer: {token}",
        "Bearer spk_é",
    ],
)
def test_a_malformed_header_is_an_invalid_request(authorization: str, client: FlaskClient) -> None:
    response = whoami(client, authorization.format(token=UNKNOWN))
    assert (response.status_code, challenge(response)) == (400, 'Bearer realm="spk", error="invalid_request"')


@pytest.mark.parametrize("name", ["access_token", "api_key"])
def test_a_token_in_the_query_is_refused_even_beside_a_good_header(
    name: str, ada: Person, client: FlaskClient
) -> None:
    token = ada.create_key()
    response = whoami(client, f"Bearer {token}", f"?{name}={token}")
    assert (response.status_code, body(response)["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("query", ["?", "?page=2", "?token=x&key=x"])
def test_a_query_that_names_no_token_is_no_matter(query: str, ada: Person, client: FlaskClient) -> None:
    assert whoami(client, f"Bearer {ada.create_key()}", query).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "query", "words"),
    [
        (None, "", "This needs an API key: send it as “Authorization: Bearer spk_…”."),
        ("Bearer\ta", "", "Send one Authorization header: “Bearer”, one space and the token."),
        (None, "?api_key=x", "Send the token in the Authorization header; in a URL it ends up in logs."),
    ],
)
def test_a_refusal_says_how_to_send_a_token(
    authorization: str | None, query: str, words: str, client: FlaskClient
) -> None:
    assert body(whoami(client, authorization, query))["detail"] == words


def test_no_cookie_carries_a_token(ada: Person, client: FlaskClient) -> None:
    cookie = f"token={ada.create_key()}"
    assert client.get("/api/v1/whoami", headers={"Cookie": cookie}).status_code == 401


def test_a_token_is_taken_from_x_api_key_too(ada: Person, client: FlaskClient) -> None:
    assert client.get("/api/v1/whoami", headers={"X-API-Key": ada.create_key()}).status_code == 200


def test_two_headers_with_different_tokens_are_refused(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    both = {**bearer(token), "X-API-Key": ada.create_key()}
    assert client.get("/api/v1/whoami", headers=both).status_code == 400
    assert client.get("/api/v1/whoami", headers={**both, "X-API-Key": token}).status_code == 200


@pytest.mark.parametrize(
    "token",
    ["abc", UNKNOWN[:-1], UNKNOWN + "a", UNKNOWN.swapcase(), "spk_" + "0" * 46],
    ids=["short", "cut off", "too long", "in the wrong case", "without its checksum"],
)
def test_a_wrong_shape_or_checksum_looks_mistyped(token: str, client: FlaskClient) -> None:
    response = whoami(client, f"Bearer {token}")
    assert response.status_code == 401
    assert "truncated or mistyped" in body(response)["detail"]


def test_an_unknown_prefix_and_a_wrong_secret_are_not_told_apart(ada: Person, client: FlaskClient) -> None:
    random = ada.create_key()[4:12] + UNKNOWN[12:44]
    wrong_secret = f"spk_{random}{codec.checksum(random)}"
    answers = [whoami(client, f"Bearer {token}") for token in (UNKNOWN, wrong_secret)]
    assert answers[0].status_code == 401
    assert answers[0].data == answers[1].data


def test_a_revoked_key_is_refused_at_once(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert whoami(client, f"Bearer {token}").status_code == 200
    ada.revoke(token)
    assert_refused(whoami(client, f"Bearer {token}"), "revoked")


def test_an_expired_key_is_refused(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key(lifetime=timedelta(days=7))
    ada.age(token, expires_at=timedelta(seconds=1))
    assert_refused(whoami(client, f"Bearer {token}"), "expired")


def test_a_key_of_a_disabled_owner_is_refused(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.disable()
    assert_refused(whoami(client, f"Bearer {token}"), "disabled")


def assert_refused(response: TestResponse, why: str) -> None:
    assert response.status_code == 401
    assert body(response)["code"] == "invalid_token"
    assert why in body(response)["detail"]
    assert challenge(response) == 'Bearer realm="spk", error="invalid_token"'


def test_a_plan_without_the_feature_is_forbidden_until_an_upgrade(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.set_plan("free")
    refused = whoami(client, f"Bearer {token}")
    assert (refused.status_code, body(refused)["code"]) == (403, "plan_required")
    assert challenge(refused) == 'Bearer realm="spk", error="insufficient_scope"'
    whose = "The plan of this key’s owner decides (api_access)."
    assert body(refused)["detail"] == f"API access isn’t included in this plan. {whose}"
    ada.set_plan("pro")
    assert whoami(client, f"Bearer {token}").status_code == 200


@pytest.fixture
def two_a_minute(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The settings where a plan allows two requests a minute."""
    plans = tmp_path / "plans.toml"
    plans.write_text('[free]\n[pro]\nfeatures = ["api_access"]\nactive_keys = 9\nrequests_per_minute = 2\n')
    return {**environ, "SPK_PLANS_FILE": str(plans)}


def test_too_many_requests_are_told_when_to_come_back(two_a_minute: dict[str, str]) -> None:
    app = create_app(two_a_minute)
    client, ada, eve = app.test_client(), Person(app, "ada@example.com"), Person(app, "eve@example.com")
    token = ada.create_key()
    answers = [whoami(client, f"Bearer {token}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[2]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"key";q=2;w=60'
    assert refused.headers["RateLimit"] == f'"key";r=0;t={refused.headers["Retry-After"]}'
    assert body(refused)["code"] == "too_many_requests"
    assert whoami(client, f"Bearer {eve.create_key()}").status_code == 200


def test_who_is_at_a_wrong_address_uses_up_their_own_tries_not_the_keys(two_a_minute: dict[str, str]) -> None:
    app = create_app({**two_a_minute, "SPK_FAILURE_LIMIT": "2/minute"})
    token = Person(app, "ada@example.com").create_key(networks=("10.0.0.0/8",))

    def ask(address: str) -> int:
        client, overrides = app.test_client(), {"REMOTE_ADDR": address}
        return client.get("/api/v1/whoami", headers=bearer(token), environ_overrides=overrides).status_code

    assert [ask("203.0.113.7") for _ in range(4)] == [403, 403, 429, 429]
    assert ask("10.1.1.1") == 200


def test_an_unreachable_database_is_unavailable_never_a_decision(
    ada: Person, app: Flask, client: FlaskClient
) -> None:
    token = ada.create_key()
    lose_database(app)
    response = whoami(client, f"Bearer {token}")
    assert (response.status_code, body(response)["code"]) == (503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api//v1/whoami", 404, "not_found"),
        ("GET", "/api/v1/whoami/99999999999999999999", 404, "not_found"),
        ("POST", "/api/v1/whoami", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/whoami", 405, "method_not_allowed"),
    ],
)
def test_unknown_addresses_and_methods_answer_problem_json(
    method: str, path: str, status: int, code: str, client: FlaskClient
) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert body(response)["code"] == code


def test_a_wrong_host_is_told_in_problem_json(client: FlaskClient) -> None:
    response = client.get("/api/v1/whoami", base_url="http://evil.example")
    assert (response.status_code, response.content_type) == (400, "application/problem+json")


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    assert "GET" in client.post("/api/v1/whoami").headers["Allow"]


def test_a_problem_has_the_members_of_rfc_9457_and_repeats_its_detail_as_error(client: FlaskClient) -> None:
    problem = body(whoami(client))
    assert set(problem) == {"type", "title", "status", "detail", "code", "error"}
    assert (problem["title"], problem["status"], problem["error"]) == ("Unauthorized", 401, problem["detail"])


def test_a_crash_in_a_view_is_a_problem_without_a_traceback(environ: dict[str, str], ada: Person) -> None:
    def crash() -> str:
        raise RuntimeError("secret detail")

    app = create_app(environ)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/api/v1/crash", "crash", crash)
    response = app.test_client().get("/api/v1/crash", headers=bearer(ada.create_key()))
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "secret detail" not in response.text


def test_the_api_answers_without_cookie_redirect_or_caching(ada: Person, client: FlaskClient) -> None:
    for response in (
        whoami(client),
        whoami(client, f"Bearer {ada.create_key()}"),
        client.get("/api/v1/nothing"),
    ):
        assert "Set-Cookie" not in response.headers
        assert "Location" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"


def test_a_signed_in_browser_does_not_open_the_api(ada: Person) -> None:
    response = ada.browser().get("/api/v1/whoami")
    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/api/v1/whoami", "/api/v1/nothing", "/verify"])
def test_where_a_key_opens_the_door_a_cookie_is_not_even_read(path: str, client: FlaskClient) -> None:
    with client:
        client.get(path)
        assert isinstance(session, NullSession)


def test_a_cookie_beside_a_token_changes_neither_who_it_is_nor_the_cookie(ada: Person, eve: Person) -> None:
    client = eve.browser().client
    response = client.get("/api/v1/whoami", headers=bearer(ada.create_key()))
    assert body(response)["user"]["email"] == "ada@example.com"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/user/security", "/user/plan", "/user/security/api-keys"])
def test_a_token_opens_no_page(path: str, ada: Person, client: FlaskClient) -> None:
    response = client.get(path, headers=bearer(ada.create_key()))
    assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/login")


def test_a_key_cannot_create_keys(ada: Person, client: FlaskClient) -> None:
    headers = bearer(ada.create_key())
    client.post("/user/security/api-keys", headers=headers, data={"name": "another"})
    assert len(ada.keys()) == 1


def test_wrong_tokens_from_one_address_are_slowed_down_and_its_working_keys_are_not(
    environ: dict[str, str],
) -> None:
    app = create_app({**environ, "SPK_FAILURE_LIMIT": "2/minute"})
    client, token = app.test_client(), Person(app, "ada@example.com").create_key()
    wrong = [whoami(client, f"Bearer {guess}") for guess in (UNKNOWN, "spk_mistyped", UNKNOWN, UNKNOWN)]
    assert [answer.status_code for answer in wrong] == [401, 401, 429, 429]
    assert wrong[1].headers["RateLimit-Policy"] == '"failures";q=2;w=60'
    assert wrong[1].headers["RateLimit"].startswith('"failures";r=0;t=')
    assert 1 <= int(wrong[2].headers["Retry-After"]) <= 60
    assert whoami(client, f"Bearer {token}").status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/api/v1/whoami", headers=bearer(UNKNOWN), environ_base=elsewhere).status_code == 401


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
def test_failures_are_counted_for_a_subscriber(
    first: str, second: str, is_one: bool, environ: dict[str, str]
) -> None:
    client = create_app({**environ, "SPK_FAILURE_LIMIT": "1/minute"}).test_client()
    statuses = [
        client.get(
            "/api/v1/whoami", headers=bearer(UNKNOWN), environ_overrides={"REMOTE_ADDR": address}
        ).status_code
        for address in (first, second)
    ]
    assert statuses == [401, 429 if is_one else 401]


def test_a_key_that_works_no_more_is_told_so_however_often_it_asks(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_FAILURE_LIMIT": "1/minute"})
    ada = Person(app, "ada@example.com")
    token = ada.create_key()
    ada.revoke(token)
    answers = [whoami(app.test_client(), f"Bearer {token}") for _ in range(3)]
    assert ["revoked on" in body(answer)["detail"] for answer in answers] == [True, True, True]
