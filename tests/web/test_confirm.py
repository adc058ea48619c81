"""Asking again who it is, once the last proof is old."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from spk import create_app
from spk.db import db, now, reading, writing
from spk.models import BrowserSession, User
from spk.models.accounts.authenticator_app import new_secret
from tests.authenticator import Authenticator, asked
from tests.people import NEW_PASSWORD, PASSWORD, Browser, Person, code_of, token_in
from tests.web.test_accounts import is_signed_in
from tests.web.test_passkeys import add

ASKED = "Confirm it’s you"
CONFIRM = "/user/confirm"
WRONG = "not it"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def kept(page: str) -> dict[str, str]:
    """The fields that the page which asks would send along with a password or a code."""
    form = re.search(r'<form method="post" action="/user/confirm" class="stack".*?</form>', page, re.S)
    assert form
    return dict(HIDDEN.findall(form[0]))


def prove(browser: Browser, page: TestResponse, **proof: str) -> TestResponse:
    """Send the form that a page asks with, and what was interrupted along."""
    return browser.client.post(CONFIRM, data=kept(page.text) | proof)


def follow(browser: Browser, page: TestResponse, **proof: str) -> TestResponse:
    """The same, and then what the browser does where 307 sends it: the same form once more."""
    answer = prove(browser, page, **proof)
    assert answer.status_code == 307
    return browser.client.post(answer.headers["Location"], data=kept(page.text) | proof)


def age(person: Person, since: timedelta) -> None:
    with person.app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(confirmed_at=now() - since))


def email(person: Person) -> str:
    with person.app.app_context(), reading():
        user = User.find("new@example.com")
        return user.email if user else person.email


def change_email(browser: Browser) -> TestResponse:
    return browser.submit("/user/security/email", email="new@example.com")


def test_an_old_session_is_asked_again(ada: Person) -> None:
    browser = ada.browser()
    age(ada, timedelta(minutes=16))
    answer = change_email(browser)
    assert (answer.status_code, ASKED in answer.text, email(ada)) == (403, True, ada.email)


@pytest.mark.parametrize(("minutes", "status"), [(14, 303), (15, 403)])
def test_a_proof_lasts_fifteen_minutes(minutes: int, status: int, ada: Person) -> None:
    browser = ada.browser()
    age(ada, timedelta(minutes=minutes))
    assert change_email(browser).status_code == status


def test_the_operator_says_how_long_a_proof_lasts(environ: dict[str, str]) -> None:
    ada = Person(create_app({**environ, "SPK_CONFIRM_AFTER": "60"}), "ada@example.com")
    browser = ada.browser()
    age(ada, timedelta(minutes=59))
    assert change_email(browser).status_code == 303


def test_a_proof_of_the_future_is_none(ada: Person) -> None:
    """As after a clock that ran ahead was set right."""
    browser = ada.browser()
    age(ada, timedelta(minutes=-30))
    assert change_email(browser).status_code == 403


def test_a_session_from_before_there_were_proofs_is_asked(ada: Person) -> None:
    browser = ada.browser()
    with ada.app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(confirmed_at=None))
    assert change_email(browser).status_code == 403


def test_the_interrupted_form_goes_on_by_itself(ada: Person) -> None:
    browser = ada.browser()
    ada.forget_proof()
    answer = follow(browser, change_email(browser), password=PASSWORD)
    assert (answer.status_code, email(ada)) == (303, "new@example.com")


def test_the_next_change_isnt_asked_for(ada: Person) -> None:
    browser = ada.browser()
    ada.forget_proof()
    follow(browser, change_email(browser), password=PASSWORD)
    assert browser.submit("/user/security/sessions/end-others").status_code == 303


def test_a_proof_in_one_browser_is_none_in_another(ada: Person) -> None:
    browser, other = ada.browser(), ada.browser()
    ada.forget_proof()
    follow(browser, change_email(browser), password=PASSWORD)
    assert other.submit("/user/security/sessions/end-others").status_code == 403


@pytest.mark.parametrize("wrong", ["", WRONG, "x" * 5_000])
def test_a_wrong_proof_changes_nothing(wrong: str, ada: Person) -> None:
    browser = ada.browser()
    ada.forget_proof()
    page = change_email(browser)
    answer = prove(browser, page, password=wrong)
    assert (answer.status_code, "That isn’t right. Try again." in answer.text) == (422, True)
    assert kept(answer.text)["email"] == "new@example.com"  # nothing is lost
    assert change_email(browser).status_code == 403


def test_an_interrupted_set_up_of_an_app_goes_on(ada: Person) -> None:
    browser, secret = ada.browser(), new_secret()
    ada.forget_proof()
    fields = {"secret": secret, "first_code": code_of(secret)}
    page = browser.submit("/user/security/two-factor/app", page=CONFIRM, htmx=False, **fields)
    assert follow(browser, page, password=PASSWORD).status_code == 201


def test_whoever_has_a_copy_of_the_cookie_is_out_after_a_proof(ada: Person, app: Flask) -> None:
    browser, thief = ada.browser(), Browser(app.test_client())
    cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    thief.client.set_cookie(cookie.key, cookie.value)
    assert is_signed_in(thief)
    ada.forget_proof()
    follow(browser, change_email(browser), password=PASSWORD)
    assert (is_signed_in(browser), is_signed_in(thief)) == (True, False)


def test_a_page_that_is_asked_for_is_opened_after_the_proof(ada: Person) -> None:
    browser = ada.browser()
    ada.forget_proof()
    page = browser.get("/user/security/delete")
    assert (page.status_code, ASKED in page.text) == (403, True)
    answer = prove(browser, page, password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/security/delete")


def test_an_account_without_a_factor_is_not_asked_before_it_makes_a_key(ada: Person) -> None:
    """The five steps of the article stay five."""
    browser = ada.browser()
    ada.forget_proof()
    assert browser.create_key("CI").status_code == 201


def test_an_account_with_a_factor_is_asked_for_it_before_it_makes_a_key(ada: Person) -> None:
    secret, _ = ada.add_app()
    browser = ada.browser()
    ada.forget_proof()
    page = browser.create_key("CI", access="choose", scopes="components:read")
    assert (page.status_code, ada.keys()) == (403, [])
    assert prove(browser, page, password=PASSWORD).status_code == 422
    answer = follow(browser, page, code=code_of(secret))
    assert answer.status_code == 201
    key = ada.key(token_in(answer.text))
    assert (key.name, key.scopes) == ("CI", ("components:read",))


def test_replacing_a_key_asks_likewise(ada: Person) -> None:
    secret, _ = ada.add_app()
    browser, token = ada.browser(), ada.create_key()
    ada.forget_proof()
    page = browser.submit(f"/user/security/api-keys/{token[:12]}/replace", ends="day")
    assert page.status_code == 403
    assert follow(browser, page, code=code_of(secret)).status_code == 201


def test_revoking_never_asks(ada: Person) -> None:
    ada.add_app()
    browser, token = ada.browser(), ada.create_key()
    ada.forget_proof()
    assert browser.submit(f"/user/security/api-keys/{token[:12]}/revoke").status_code == 303


def test_the_operator_may_want_every_key_confirmed(environ: dict[str, str]) -> None:
    ada = Person(create_app({**environ, "SPK_CONFIRM_KEYS": "1"}), "ada@example.com")
    browser = ada.browser()
    assert browser.create_key("CI").status_code == 201
    ada.forget_proof()
    assert browser.create_key("CI").status_code == 403


def test_a_new_password_asks_for_the_factor_where_there_is_one(ada: Person) -> None:
    """Where there is none, the form asks for the present password itself."""
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    browser = ada.browser()
    secret, _ = ada.add_app()
    ada.forget_proof()
    page = browser.submit("/user/security/password", htmx=False, **fields)
    assert page.status_code == 403
    answer = follow(browser, page, code=code_of(secret))
    assert answer.headers["Location"] == "/user/security#password"


def test_a_passkey_proves_it(ada: Person) -> None:
    browser, laptop = ada.browser(), Authenticator()
    add(browser, laptop)
    ada.forget_proof()
    page = change_email(browser)
    options, challenge = asked(page.text)
    answer = follow(browser, page, challenge=challenge, assertion=laptop.sign(options))
    assert (answer.status_code, email(ada)) == (303, "new@example.com")


def test_a_passkey_that_fails_keeps_the_form(ada: Person) -> None:
    browser, laptop = ada.browser(), Authenticator()
    add(browser, laptop)
    ada.forget_proof()
    answer = prove(browser, change_email(browser), challenge="x", assertion="{}")
    assert (answer.status_code, kept(answer.text)["email"]) == (422, "new@example.com")


def test_htmx_is_asked_in_the_page(ada: Person) -> None:
    ada.add_app()
    browser = ada.browser()
    ada.forget_proof()
    answer = browser.create_key("CI", htmx=True)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (403, "#main")
    assert "<html" not in answer.text
    assert kept(answer.text)["name"] == "CI"


def test_wrong_passwords_are_limited_for_a_stolen_session(environ: dict[str, str]) -> None:
    ada = Person(create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"}), "ada@example.com")
    browser = ada.browser()
    ada.forget_proof()
    page = change_email(browser)
    answers = [prove(browser, page, password=WRONG) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert int(answers[3].headers["Retry-After"]) > 0
    assert kept(answers[3].text)["email"] == "new@example.com"
    assert prove(browser, page, password=PASSWORD).status_code == 429


@pytest.mark.parametrize(
    "then", ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a b", "javascript:alert(1)"]
)
def test_a_proof_leads_nowhere_else(then: str, ada: Person) -> None:
    answer = ada.browser().submit(CONFIRM, page=CONFIRM, password=PASSWORD, then=then, keeps_form="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/security")


def test_the_page_can_be_opened_by_itself(ada: Person) -> None:
    browser = ada.browser()
    page = browser.get(f"{CONFIRM}?next=/user/plan")
    assert page.status_code == 200
    assert prove(browser, page, password=PASSWORD).headers["Location"] == "/user/plan"


def test_the_page_is_for_whoever_is_signed_in(client: FlaskClient, app: Flask) -> None:
    assert client.get(CONFIRM).headers["Location"] == "/login?next=/user/confirm"
