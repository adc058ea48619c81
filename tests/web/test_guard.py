"""What stands before every form: sign-in, CSRF token, origin, host, size."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from typing_extensions import Buffer

from spk import create_app
from tests.locks import others_can_write
from tests.people import Browser, Person

SIGN_IN_FORMS = ["/login", "/login/second-factor", "/login/passkey"]
TOO_OLD = "This page was open too long. Reload it and try again."


def posts(app: Flask) -> list[str]:
    """Every address of a page that takes a POST."""
    return [
        re.sub("<int[^>]+>", "1", rule.rule.replace("<prefix>", "spk_AbCd1234"))
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    ]


def test_no_form_is_taken_without_its_csrf_token(app: Flask, ada: Person) -> None:
    browser = ada.browser()
    assert len(posts(app)) >= 8
    # Whoever signs in once more has done so in another tab.
    expected = dict.fromkeys(posts(app), 400) | dict.fromkeys(SIGN_IN_FORMS, 302)
    assert {path: browser.client.post(path).status_code for path in posts(app)} == expected


@pytest.mark.parametrize("path", SIGN_IN_FORMS)
def test_a_form_to_sign_in_that_was_opened_before_another_tab_did_leads_on(path: str, ada: Person) -> None:
    browser = ada.browser()
    answer = browser.client.post(f"{path}?next=/user/pages", data={"csrf_token": "of no session"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/user/pages")
    assert browser.get("/user/pages").status_code == 200


@pytest.mark.parametrize("path", SIGN_IN_FORMS)
def test_nobody_is_led_on_who_has_not_signed_in(path: str, app: Flask) -> None:
    answer = app.test_client().post(f"{path}?next=/user/pages", data={"csrf_token": "of no session"})
    assert (answer.status_code, TOO_OLD in answer.text) == (400, True)


@pytest.fixture
def nas(environ: dict[str, str]) -> FlaskClient:
    """It is set up for https, opened by a port that isn’t: its cookie is Secure, so no browser has one."""
    settings = {"SPK_BASE_URL": "https://nas.lan"}
    return create_app({**environ, **settings}).test_client(use_cookies=False)


@pytest.mark.parametrize("path", ["/login", "/register", "/setup", "/login?next=/user/pages"])
def test_a_form_at_another_address_than_spks_own_is_told_where_to_go(
    path: str, nas: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    here = "http://nas.lan:8114"
    answer = nas.post(path, base_url=here, headers={"Origin": here}, data={"email": "a@example.com"})
    assert answer.status_code == 400
    assert "spk is set up for https://nas.lan, and this works only there." in answer.text
    assert f'href="https://nas.lan{path}"' in answer.text
    assert "a form came from http://nas.lan:8114, but SPK_BASE_URL is https://nas.lan" in caplog.messages


def test_an_old_form_at_the_right_address_is_an_old_one(nas: FlaskClient) -> None:
    answer = nas.post("/login", base_url="https://nas.lan", headers={"Origin": "https://nas.lan"})
    assert TOO_OLD in answer.text


def test_no_form_is_taken_from_another_origin(app: Flask, ada: Person) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        client = ada.browser().client
        assert {client.post(path, headers=headers).status_code for path in posts(app)} == {403}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_a_form_of_ours_is_taken(headers: dict[str, str], ada: Person) -> None:
    browser = ada.browser()
    browser.client.environ_base.update({f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()})
    assert browser.create_key().status_code == 201


def test_behind_a_proxy_the_origin_is_that_of_the_base_url(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_BASE_URL": "https://status.example.com"})
    client = app.test_client()
    page = client.get("/login", base_url="http://status.example.com")
    assert page.status_code == 200
    headers = {"Origin": "https://status.example.com", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/login", base_url="http://status.example.com", headers=headers)
    assert answer.status_code == 400  # past the origin check, stopped by the missing CSRF token


def test_a_stale_csrf_token_answers_htmx_in_the_status_line(ada: Person) -> None:
    response = ada.browser().client.post(
        "/user/security/api-keys", data={"name": "x"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 400
    assert (response.headers["HX-Retarget"], response.headers["HX-Reswap"]) == ("#key-status", "innerHTML")
    assert TOO_OLD in response.text
    assert "<html" not in response.text


def test_a_stale_csrf_token_answers_a_plain_form_with_a_page(ada: Person) -> None:
    response = ada.browser().client.post("/user/security/api-keys", data={"name": "x"})
    assert TOO_OLD in response.text
    assert "<html" in response.text


def test_who_is_signed_out_is_sent_to_sign_in_before_the_csrf_token_is_missed(client: FlaskClient) -> None:
    assert client.post("/user/security/api-keys").status_code == 302
    answer = client.post("/user/security/api-keys", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/user/security")


def test_a_form_works_for_as_long_as_its_page_is_open(app: Flask) -> None:
    assert app.config["WTF_CSRF_TIME_LIMIT"] is None


def test_a_csrf_token_does_not_survive_signing_in(browser: Browser, ada: Person) -> None:
    browser.get("/login")
    with browser.client.session_transaction() as session:
        before = session["csrf_token"]
    browser.submit("/login", page="/login", email=ada.email, password=ada.password)
    browser.get("/user/security")
    with browser.client.session_transaction() as session:
        assert session["csrf_token"] != before


@pytest.mark.parametrize("path", ["/", "/login", "/api/v1/whoami"])
def test_a_host_that_is_not_ours_is_refused(path: str, client: FlaskClient) -> None:
    response = client.get(path, base_url="http://evil.example")
    assert response.status_code == 400
    assert "SPK_BASE_URL" in response.text


@pytest.mark.parametrize("path", ["/login", "/api/v1/whoami", "/nothing"])
def test_a_body_that_is_too_large_is_refused(path: str, client: FlaskClient) -> None:
    assert client.post(path, data=b"x" * (512 * 1024 + 1)).status_code == 413


def test_a_body_without_a_length_is_refused(client: FlaskClient) -> None:
    response = client.post("/login", headers={"Transfer-Encoding": "chunked"})
    assert response.status_code == 411


def test_a_slow_body_holds_no_lock(ada: Person, app: Flask) -> None:
    """The body is read before the first query of the request, however long it takes to come."""
    locks = []

    class SlowBody(io.BytesIO):
        def readinto(self, buffer: Buffer) -> int:
            locks.append("free" if others_can_write(app) else "held")
            return super().readinto(buffer)

    body = {"wsgi.input": SlowBody(b"name=CI"), "CONTENT_LENGTH": "7"}
    form = "application/x-www-form-urlencoded"
    client = ada.browser().client
    client.post("/user/security/api-keys", environ_overrides=body, content_type=form)
    assert set(locks) == {"free"}


def test_changes_are_limited_for_each_account(ada: Person, eve: Person) -> None:
    browser = ada.browser()
    answers = [browser.client.post("/user/security/api-keys").status_code for _ in range(121)]
    assert answers[119:] == [400, 429]
    assert eve.browser().create_key().status_code == 201


def test_the_429_of_an_htmx_form_goes_to_the_status_line(ada: Person) -> None:
    browser = ada.browser()
    for _ in range(120):
        browser.client.post("/user/security/api-keys")
    answer = browser.create_key(htmx=True)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (429, "#key-status")
    assert "Too many attempts. Wait a minute and try again." in answer.text
    assert int(answer.headers["Retry-After"]) > 0


@pytest.fixture
def on_https(environ: dict[str, str]) -> FlaskClient:
    return create_app({**environ, "SPK_BASE_URL": "https://status.example.com"}).test_client()


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Origin": "https://status.example.com"}, TOO_OLD),  # past the check, without a CSRF token
        ({"Origin": "https://STATUS.example.com"}, TOO_OLD),
        ({"Referer": "https://status.example.com/login?next=/"}, TOO_OLD),
        ({"Referer": "https://status.example.com.evil.example/"}, "This form was sent from another site"),
        ({"Origin": "https://evil.example", "Referer": "https://status.example.com/"}, "another site"),
        ({}, "Your browser sends neither Origin nor Referer"),
    ],
)
def test_a_referer_is_asked_for_only_where_there_is_no_origin(
    headers: dict[str, str], words: str, on_https: FlaskClient
) -> None:
    answer = on_https.post("/login", base_url="https://status.example.com", headers=headers)
    assert words in answer.text


def test_a_host_is_known_in_any_case(on_https: FlaskClient) -> None:
    assert on_https.get("/login", headers={"Host": "Status.Example.COM"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_answered_by_any_name(path: str, client: FlaskClient) -> None:
    assert client.get(path, headers={"Host": "172.17.0.2:8000"}).status_code == 200
