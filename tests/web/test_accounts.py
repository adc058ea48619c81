"""Making accounts, signing in and out."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from spk import create_app, setup_token
from spk.config import ConfigError
from spk.db import db, reading, writing
from spk.models import User
from spk.models.accounts import password
from tests.disk import no_room
from tests.people import PASSWORD, Browser, Person, bearer


@pytest.fixture
def token(app: Flask) -> str:
    """The setup token of a server that has no account yet."""
    with app.app_context(), writing():
        db.session.execute(delete(User))
        return setup_token.issue()


GUESS = "not it"


def set_up(
    browser: Browser, token: str, email: str = "first@example.com", password: str = PASSWORD
) -> TestResponse:
    return browser.submit("/setup", page="/setup", token=token, email=email, password=password)


def sign_in(
    browser: Browser, email: str = "ada@example.com", password: str = PASSWORD, query: str = ""
) -> TestResponse:
    return browser.submit(f"/login{query}", page="/login", email=email, password=password)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/user/security").status_code == 200


def test_a_new_server_leads_to_its_setup(token: str, browser: Browser) -> None:
    assert token
    assert browser.get("/").headers["Location"] == "/setup"


def test_the_first_account_is_signed_in_on_the_business_plan(token: str, browser: Browser) -> None:
    assert set_up(browser, token).headers["Location"] == "/user/security"
    assert "Business" in browser.get("/user/security").text


@pytest.mark.parametrize("wrong", ["", "guess", "é"])
def test_setup_needs_the_token_that_the_server_printed(wrong: str, token: str, browser: Browser) -> None:
    assert token != wrong
    assert set_up(browser, wrong).status_code == 422
    assert not is_signed_in(browser)


@pytest.mark.parametrize("left", [None, b"", b" \n", bytes(23), b"half of it"])
def test_without_a_whole_setup_token_no_form_makes_an_account(
    left: bytes | None, token: str, browser: Browser, app: Flask
) -> None:
    """As where none was printed, or where the disk was full when it was."""
    file = Path(app.config["DATA_DIR"], "setup_token")
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    for sent in ({}, {"token": ""}, {"token": " "}, {"token": (left or b"").decode()}):
        fields = {"email": "first@example.com", "password": PASSWORD, **sent}
        answer = browser.submit("/setup", "/setup", htmx=False, **fields)
        assert (answer.status_code, "This isn’t the setup token." in answer.text) == (422, True)
    assert browser.get("/setup").status_code == 200
    with app.app_context(), reading():
        assert not User.exists()


@pytest.mark.parametrize("left", [b"", b"\n", bytes(23), b"half of it"])
def test_what_is_left_of_a_setup_token_is_replaced_by_a_whole_one(
    left: bytes, token: str, browser: Browser, app: Flask
) -> None:
    Path(app.config["DATA_DIR"], "setup_token").write_bytes(left)
    with app.app_context():
        new = setup_token.issue()
        assert setup_token.issue() == new
    assert len(new) == 22
    assert set_up(browser, new).status_code == 302


def test_a_setup_token_that_finds_no_room_is_none(token: str, browser: Browser, app: Flask) -> None:
    file = Path(app.config["DATA_DIR"], "setup_token")
    file.unlink()
    with no_room(), app.app_context(), pytest.raises(ConfigError, match=f"{file} can’t be written"):
        setup_token.issue()
    assert not file.exists()
    assert set_up(browser, "").status_code == 422


def test_setup_keeps_what_was_typed_when_something_is_wrong(token: str, browser: Browser) -> None:
    page = set_up(browser, token, password="short")
    assert page.status_code == 422
    assert "Use 8 characters or more." in page.text
    assert 'value="first@example.com"' in page.text
    assert "short" not in page.text


def test_setup_is_closed_once_there_is_an_account(browser: Browser) -> None:
    assert browser.get("/setup").status_code == 404
    assert (
        browser.submit("/setup", page="/login", token="x", email="a@b", password=PASSWORD).status_code == 404
    )


def test_the_setup_token_is_gone_after_its_use(token: str, browser: Browser, app: Flask) -> None:
    set_up(browser, token)
    assert not Path(app.config["DATA_DIR"], "setup_token").exists()


def test_signing_in_leads_to_the_security_page(browser: Browser) -> None:
    assert sign_in(browser).headers["Location"] == "/user/security"
    assert is_signed_in(browser)


def test_the_email_may_be_written_in_any_case(browser: Browser) -> None:
    assert sign_in(browser, email=" Ada@Example.COM ").status_code == 302


def test_an_unknown_account_and_a_wrong_password_look_the_same(browser: Browser) -> None:
    wrong = sign_in(browser, password="wrong password")
    unknown = sign_in(browser, email="who@example.com")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    for page in (wrong, unknown):
        assert "Email or password is wrong." in page.text


def test_a_disabled_account_looks_like_a_wrong_password(ada: Person, browser: Browser) -> None:
    ada.disable()
    assert "Email or password is wrong." in sign_in(browser).text


def test_disabling_an_account_ends_its_sessions_at_once(ada: Person) -> None:
    browser = ada.browser()
    ada.disable()
    assert not is_signed_in(browser)


@pytest.mark.parametrize("page", ["/user/plan", "/user/security", "/help/api-keys?x=1"])
def test_next_leads_to_a_page_of_ours(page: str, browser: Browser) -> None:
    assert sign_in(browser, query=f"?next={page}").headers["Location"] == page


@pytest.mark.parametrize(
    "page",
    [
        "//evil",
        "/\\evil",
        "https:evil",
        "https://evil",
        "/%09/evil",
        "/%0A/evil",
        "\\/evil",
        "evil",
        "javascript:x",
        "",
    ],
)
def test_next_stays_at_home(page: str, browser: Browser) -> None:
    assert sign_in(browser, query=f"?next={page}").headers["Location"] == "/user/security"


def test_failed_sign_ins_are_throttled_for_an_account(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"})
    for number in range(3):
        client = app.test_client()
        page = sign_in(address(client, f"192.0.2.{number}"), password="wrong password")
        assert page.status_code == 422
    refused = sign_in(address(app.test_client(), "192.0.2.9"))
    assert refused.status_code == 429
    assert "Too many attempts. Wait a minute and try again." in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_failed_sign_ins_are_throttled_for_an_address(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"})
    browser = Browser(app.test_client())
    for number in range(3):
        sign_in(browser, email=f"guess{number}@example.com")
    assert sign_in(browser).status_code == 429


def test_signing_in_rightly_uses_up_no_attempts(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "1/minute"})
    assert [sign_in(Browser(app.test_client())).status_code for _ in range(3)] == [302, 302, 302]


def address(client: FlaskClient, remote: str) -> Browser:
    """A browser at an address of its own."""
    browser = Browser(client)
    browser.client.environ_base["REMOTE_ADDR"] = remote
    return browser


def test_signing_in_drops_what_the_cookie_held_before(browser: Browser) -> None:
    browser.get("/login")
    with browser.client.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign_in(browser)
    with browser.client.session_transaction() as session:
        assert "planted" not in session


def test_signing_out_ends_the_session_and_not_only_the_cookie(browser: Browser, app: Flask) -> None:
    sign_in(browser)
    cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    assert browser.submit("/logout").headers["Location"] == "/login"
    replay = Browser(app.test_client())
    replay.client.set_cookie(cookie.key, cookie.value)
    assert not is_signed_in(replay)


def test_a_forwarded_address_changes_nothing_about_a_session(browser: Browser) -> None:
    sign_in(browser)
    browser.get("/user/security")
    answer = browser.client.get("/user/security", headers={"X-Forwarded-For": "192.0.2.1"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_signing_out_by_a_link_is_not_possible(ada: Person) -> None:
    browser = ada.browser()
    assert browser.get("/logout").status_code == 405
    assert is_signed_in(browser)


def test_no_cookie_outlives_the_session_as_a_remember_me(browser: Browser) -> None:
    sign_in(browser)
    browser.client.delete_cookie("spk")
    assert browser.client.get_cookie("spk-browser", path="/login")
    assert not is_signed_in(browser)


def lock_out(app: Flask, remote: str = "192.0.2.66") -> None:
    """Use up the tries of Ada’s account as a stranger."""
    while sign_in(address(app.test_client(), remote), password=GUESS).status_code != 429:
        pass


@pytest.mark.parametrize("remote", ["192.0.2.66", "192.0.2.7"])
def test_no_stranger_keeps_a_browser_out_that_has_signed_in_before(app: Flask, remote: str) -> None:
    browser = address(app.test_client(), "192.0.2.66")
    sign_in(browser)
    browser.submit("/logout")
    lock_out(app)
    browser.client.environ_base["REMOTE_ADDR"] = remote
    assert sign_in(browser).status_code == 302


def test_no_stranger_keeps_an_address_out_that_has_signed_in_before(app: Flask) -> None:
    sign_in(address(app.test_client(), "192.0.2.1"))
    lock_out(app)
    assert sign_in(address(app.test_client(), "192.0.2.1")).status_code == 302
    assert sign_in(address(app.test_client(), "192.0.2.2")).status_code == 429


@pytest.mark.parametrize("cookie", ["", "x" * 4000, "[1]", "WzEsIngiXQ.made-up"])
def test_a_made_up_cookie_is_no_known_browser(app: Flask, cookie: str) -> None:
    lock_out(app)
    browser = Browser(app.test_client())
    browser.client.set_cookie("spk-browser", cookie, path="/login")
    assert sign_in(browser).status_code == 429


def test_a_browser_that_is_known_to_one_account_is_a_stranger_to_others(app: Flask) -> None:
    browser = Browser(app.test_client())
    sign_in(browser, email="eve@example.com")
    browser.submit("/logout")
    lock_out(app)
    assert sign_in(browser).status_code == 429


def test_a_known_browser_may_not_guess_for_ever(environ: dict[str, str]) -> None:
    browser = Browser(create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"}).test_client())
    sign_in(browser)
    browser.submit("/logout")
    statuses = [sign_in(browser, password=GUESS).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]


def test_signing_in_over_and_over_has_a_limit(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "1/minute"})
    statuses = [sign_in(Browser(app.test_client())).status_code for _ in range(5)]
    assert statuses == [302, 302, 302, 302, 429]  # the first one was from an address that wasn't known


def test_an_account_has_fifty_sessions_at_most(ada: Person) -> None:
    first, second = ada.browser(), ada.browser()
    for _ in range(49):
        ada.session_cookie()
    assert not is_signed_in(first)
    assert is_signed_in(second)


def test_a_sign_in_is_listed_with_its_address_and_browser(app: Flask) -> None:
    browser = address(app.test_client(), "192.0.2.9")
    browser.client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )
    sign_in(browser)
    assert "Signed in with Firefox on Linux from 192.0.2.9" in browser.get("/user/security").text


def test_failed_tries_are_told_to_the_owner_alone(app: Flask, ada: Person, eve: Person) -> None:
    for _ in range(2):
        sign_in(address(app.test_client(), "192.0.2.66"), password=GUESS)
    assert "2 failed attempts to enter your password" in ada.browser().get("/user/security").text
    assert "192.0.2.66" in ada.browser().get("/user/security").text
    assert "failed attempt" not in eve.browser().get("/user/security").text


def test_of_two_who_set_up_at_once_one_makes_an_account(token: str, app: Flask) -> None:
    browsers = [Browser(app.test_client()) for _ in range(2)]
    together = Barrier(2)

    def go(number: int) -> int:
        together.wait(30)
        return set_up(browsers[number], token, f"first{number}@example.com").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, range(2))) in ([302, 404], [302, 422])
    with app.app_context(), reading():
        assert len(User.all()) == 1


def test_a_signed_in_person_skips_the_sign_in_page(ada: Person) -> None:
    assert ada.browser().get("/login?next=/user/plan").headers["Location"] == "/user/plan"


def test_registration_is_closed_by_default(browser: Browser) -> None:
    assert browser.get("/register").status_code == 404
    refused = browser.submit("/register", page="/login", email="new@example.com", password=PASSWORD)
    assert refused.status_code == 404


def test_open_registration_makes_an_account_on_the_default_plan(environ: dict[str, str]) -> None:
    browser = Browser(create_app({**environ, "SPK_REGISTRATION": "open"}).test_client())
    answer = browser.submit("/register", page="/register", email="new@example.com", password=PASSWORD)
    assert answer.status_code == 302
    assert "Free" in browser.get("/user/security").text


@pytest.mark.parametrize("path", ["/register", "/setup", "/login"])
def test_a_form_without_its_fields_is_sent_back(path: str, environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_REGISTRATION": "open"})
    if path == "/setup":
        with app.app_context(), writing():
            db.session.execute(delete(User))
    assert Browser(app.test_client()).submit(path, page=path).status_code == 422


def test_the_first_account_gets_the_largest_of_the_plans(environ: dict[str, str], tmp_path: Path) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text('[free]\n[team]\ntitle = "Team"\nfeatures = ["api_access"]\nactive_keys = 5\n')
    app = create_app({**environ, "SPK_PLANS_FILE": str(plans)})
    with app.app_context(), writing():
        db.session.execute(delete(User))
        token = setup_token.issue()
    browser = Browser(app.test_client())
    assert set_up(browser, token).status_code == 302
    assert "<strong>Team.</strong>" in browser.get("/user/security").text


def test_a_setup_token_makes_one_account(token: str, browser: Browser, app: Flask) -> None:
    with app.app_context(), reading():
        assert [setup_token.consume(), setup_token.consume()] == [True, False]
    assert set_up(browser, token).status_code == 422


def test_a_password_changed_while_it_was_verified_opens_no_session(
    ada: Person, app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = password.verify

    def verify_while_it_changes(password_hash: str | None, given: str) -> bool:
        with app.app_context(), writing():
            changed = User.find(ada.email)
            assert changed
            changed.password_hash = password.hash("a quite different phrase")
        return verify(password_hash, given)

    monkeypatch.setattr(password, "verify", verify_while_it_changes)
    assert sign_in(browser).status_code == 422
    assert not is_signed_in(browser)


def test_an_account_that_is_enabled_again_signs_in_anew(ada: Person, app: Flask) -> None:
    browser = ada.browser()
    ada.disable()
    with app.app_context(), writing():
        enabled = User.find(ada.email)
        assert enabled
        enabled.enable()
    assert not is_signed_in(browser)


def test_registering_an_email_twice_says_so(environ: dict[str, str]) -> None:
    browser = Browser(create_app({**environ, "SPK_REGISTRATION": "open"}).test_client())
    page = browser.submit("/register", page="/register", email="ADA@example.com", password=PASSWORD)
    assert page.status_code == 422
    assert "There is an account with this email already." in page.text


def test_each_signed_out_page_leads_to_the_sign_in_and_back(browser: Browser) -> None:
    assert browser.get("/user/plan").headers["Location"] == "/login?next=/user/plan"


def test_htmx_is_told_to_open_the_sign_in_page(browser: Browser) -> None:
    response = browser.get("/user/security/api-keys/spk_AbCd1234/revoke", htmx=True)
    assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/login?next=/user/security")


@pytest.mark.parametrize("typed", [f"{PASSWORD} ", f" {PASSWORD}", PASSWORD.title(), PASSWORD[:-1]])
def test_a_password_is_compared_exactly_as_it_was_typed(typed: str, browser: Browser) -> None:
    assert sign_in(browser, password=typed).status_code == 422


@pytest.mark.parametrize(
    ("path", "purposes"),
    [
        ("/login", ["current-password"]),
        ("/register", ["new-password"]),
        ("/user/security", ["current-password", "new-password"]),
    ],
)
def test_password_fields_are_masked_and_open_to_password_managers(
    path: str, purposes: list[str], environ: dict[str, str]
) -> None:
    app = create_app({**environ, "SPK_REGISTRATION": "open"})
    browser = (
        Person(app, "ada@example.com").browser() if path.startswith("/user") else Browser(app.test_client())
    )
    fields = re.findall(r"<input[^>]*password[^>]*>", browser.get(path).text)
    assert [re.findall(r'autocomplete="([^"]+)"', field) for field in fields] == [[each] for each in purposes]
    assert all('type="password"' in field for field in fields)


def test_an_account_whose_password_others_guess_keeps_its_sessions_and_keys(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "1/minute"})
    ada = Person(app, "ada@example.com")
    signed_in, token = ada.browser(), ada.create_key()
    sign_in(Browser(app.test_client()), password=PASSWORD.upper())
    assert sign_in(address(app.test_client(), "192.0.2.9")).status_code == 429
    assert is_signed_in(signed_in)
    assert app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_registrations_are_limited_for_an_address(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_REGISTRATION": "open"})
    browser, other = Browser(app.test_client()), address(app.test_client(), "192.0.2.9")
    answers = [browser.submit("/register", page="/register").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert other.submit("/register", page="/register").status_code == 422


def test_a_password_is_hashed_anew_when_parameters_rise(
    ada: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> str:
        with app.app_context(), reading():
            user = User.find(ada.email)
            assert user
            return user.password_hash

    before = stored()
    assert sign_in(Browser(app.test_client())).status_code == 302
    assert stored() == before
    monkeypatch.setattr(password, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert sign_in(Browser(app.test_client()), password=GUESS).status_code == 422
    assert stored() == before
    assert sign_in(Browser(app.test_client())).status_code == 302
    assert "m=16,t=2" in stored()
    assert sign_in(Browser(app.test_client())).status_code == 302
