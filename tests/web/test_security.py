"""The Security page and its sections above API Keys."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from spk import create_app
from spk.db import db, reading, writing
from spk.models import BrowserSession, User
from spk.models.accounts import password
from tests.people import PASSWORD, Browser, Person, password_hash

NEW = "a quite different phrase"


def change(browser: Browser, current: str = PASSWORD, new: str = NEW) -> str:
    answer = browser.submit("/user/security/password", current_password=current, new_password=new)
    return browser.get("/user/security").text if answer.status_code == 302 else answer.text


def can_sign_in(app: Flask, email: str, password: str) -> bool:
    browser = Browser(app.test_client())
    return browser.submit("/login", page="/login", email=email, password=password).status_code == 302


def can_try(app: Flask, email: str, password: str) -> bool:
    browser = Browser(app.test_client())
    return browser.submit("/login", page="/login", email=email, password=password).status_code != 429


def test_other_sections_stand_above_the_api_keys(ada: Person) -> None:
    page = ada.browser().get("/user/security").text
    assert re.findall(r'<section id="([^"]+)"', page) == [
        "first-steps",
        *("plan", "email", "password", "two-factor", "passkeys", "sessions", "api-keys"),
        *("activity", "your-data"),
    ]


def test_the_plan_section_tells_the_plan_and_its_limit(ada: Person) -> None:
    assert (
        "<strong>Pro.</strong> API access is included, with up to 20 active keys."
        in ada.browser().get("/user/security").text
    )


def test_a_changed_password_signs_in_and_the_old_one_does_not(ada: Person, app: Flask) -> None:
    assert "Your password was changed." in change(ada.browser())
    assert can_sign_in(app, ada.email, NEW)
    assert not can_sign_in(app, ada.email, PASSWORD)


def test_a_changed_password_ends_every_other_session(ada: Person) -> None:
    here, elsewhere = ada.browser(), ada.browser()
    change(here)
    assert here.get("/user/security").status_code == 200
    assert elsewhere.get("/user/security").status_code == 302


def test_a_changed_password_leaves_the_sessions_of_others(ada: Person, eve: Person) -> None:
    other = eve.browser()
    change(ada.browser())
    assert other.get("/user/security").status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("wrong password", NEW, "This isn’t your current password."),
        (PASSWORD, "short", "Use 8 characters or more."),
        (PASSWORD, PASSWORD, "Choose a password that differs from your current one."),
        (PASSWORD, "x" * 1025, "Use 1,024 characters or fewer."),
    ],
)
def test_a_password_that_does_not_fit_changes_nothing(
    current: str, new: str, words: str, ada: Person, app: Flask
) -> None:
    assert words in change(ada.browser(), current, new)
    assert can_sign_in(app, ada.email, PASSWORD)


def test_guessing_the_current_password_is_throttled(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "2/minute"})
    browser = Person(app, "ada@example.com").browser()
    answers = [change(browser, current="wrong password") for _ in range(3)]
    assert "Too many attempts. Wait a minute and try again." in answers[2]
    assert "Too many attempts. Wait a minute and try again." in change(browser)


def test_a_new_password_that_is_too_short_is_no_failed_try(ada: Person) -> None:
    browser = ada.browser()
    assert "Use 8 characters or more." in change(browser, new="short")
    assert "failed attempt" not in browser.get("/user/security").text


def during_the_hash(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> None:
    """Let something else happen while a new password is hashed."""
    hash_ = password.hash

    def hash_meanwhile(words: str) -> str:
        monkeypatch.setattr(password, "hash", hash_)
        do()
        return hash_(words)

    monkeypatch.setattr(password, "hash", hash_meanwhile)


def test_a_password_that_was_reset_meanwhile_is_not_changed_back(
    ada: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset() -> None:
        with app.app_context(), writing():
            user = User.find(ada.email)
            assert user
            user.set_password(password_hash("what the operator set"))

    browser = ada.browser()
    during_the_hash(monkeypatch, reset)
    assert "Your password was changed from somewhere else just now." in change(browser)
    assert can_sign_in(app, ada.email, "what the operator set")
    assert not can_sign_in(app, ada.email, NEW)


def end_sessions(person: Person) -> None:
    with person.app.app_context(), writing():
        user = User.find(person.email)
        assert user
        BrowserSession.end_all(user)


@pytest.mark.parametrize("what", [Person.disable, end_sessions])
def test_a_session_that_ended_meanwhile_changes_no_password(
    what: Callable[[Person], None], ada: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = ada.browser()
    during_the_hash(monkeypatch, lambda: what(ada))
    answer = browser.submit("/user/security/password", current_password=PASSWORD, new_password=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/user/security")
    with app.app_context(), reading():
        user = User.find(ada.email)
        assert user
        assert password.verify(user.password_hash, PASSWORD)


def test_a_strangers_guesses_do_not_keep_the_owner_from_changing_the_password(
    ada: Person, app: Flask
) -> None:
    owner = ada.browser()
    while can_try(app, ada.email, "a guess"):
        pass
    assert "Your password was changed." in change(owner)


def test_no_password_comes_back_in_a_page(ada: Person) -> None:
    page = change(ada.browser(), current="wrong password")
    assert "wrong password" not in page
    assert NEW not in page


def test_the_sessions_are_listed_with_this_browser_marked(ada: Person) -> None:
    browser = ada.browser()
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    ada.session_cookie(agent)
    page = browser.get("/user/security").text
    assert "Firefox on Linux" in page
    assert page.count("This browser") == 1


def test_other_sessions_can_be_signed_out(ada: Person) -> None:
    here, elsewhere = ada.browser(), ada.browser()
    answer = here.submit("/user/security/sessions/end-others")
    assert answer.headers["Location"] == "/user/security#sessions"
    assert "Every other session was signed out." in here.get("/user/security").text
    assert elsewhere.get("/user/security").status_code == 302


def test_a_single_session_offers_no_signing_out_of_others(ada: Person) -> None:
    assert "Sign out other sessions" not in ada.browser().get("/user/security").text


def test_what_happened_is_listed_newest_first(ada: Person) -> None:
    browser = ada.browser()
    token = ada.create_key()
    browser.submit(f"/user/security/api-keys/{token[:12]}/revoke")
    browser.submit("/user/security/sessions/end-others")
    change(browser)
    events = re.findall(r"<li><span>([^<]+)", browser.get("/user/security").text.split('id="activity"')[1])
    assert events == [
        "Changed the password",
        "Signed out every other session",
        "Revoked the API key “CI” ",
        "Created the API key “CI” ",
    ]


def test_htmx_gets_the_new_activity_with_the_keys(ada: Person) -> None:
    fragment = ada.browser().create_key(htmx=True).text
    assert "Created the API key" in fragment.split('<hx-partial hx-target="#activity"')[1]


def test_the_plan_page_shows_every_plan_and_whom_to_ask(ben: Person) -> None:
    page = ben.browser().get("/user/plan").text
    for words in ("Free", "Pro", "Business", "Up to 20", "Up to 100", "ask your administrator", "Your plan"):
        assert words in page


def test_the_first_account_is_told_what_to_type(ada: Person) -> None:
    page = ada.browser().get("/user/plan").text
    assert '<code id="set-plan">spk user set-plan ada@example.com business</code>' in page
    assert "ask your administrator" not in page


@pytest.mark.parametrize(
    ("email", "words"),
    [("-x@example.com", "-- -x@example.com"), ("a'b@example.com", "'a'&#34;'&#34;'b@example.com'")],
)
def test_what_to_type_works_with_any_address(ada: Person, email: str, words: str) -> None:
    with ada.app.app_context(), writing():
        db.session.execute(update(User).where(User.id == 1).values(email=email))
    ada.email = email
    page = ada.browser().get("/user/plan").text
    assert f"spk user set-plan {words} business" in page.replace("&#39;", "'")


def test_a_plan_that_is_gone_from_the_file_opens_nothing_and_breaks_nothing(
    ada: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(app.config["PLANS"], "pro")
    page = ada.browser().get("/user/security")
    assert page.status_code == 200
    assert 'id="api-keys"' not in page.text


def test_recent_activity_tells_of_pages_by_their_name(ada: Person) -> None:
    ada.create_page("Acme")
    assert "Created the status page “Acme”</span>" in ada.browser().get("/user/security").text


@pytest.mark.parametrize("path", ["/user/security", "/user/plan", "/user/pages", "/help/api-keys"])
def test_every_page_offers_to_sign_out(path: str, ada: Person) -> None:
    assert re.search(
        r'<form method="post" action="/logout">.*?<button[^>]*>Sign out</button>',
        ada.browser().get(path).text,
        re.DOTALL,
    )
