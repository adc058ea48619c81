"""The box that says what happened since the last visit."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from spk.db import db, now, writing
from spk.models import ApiKey, User
from tests.people import PASSWORD, Browser, Person

TITLE = "Since your last visit"
WRONG = "not it"


def sign_in(app: Flask, address: str = "203.0.113.7", password: str = PASSWORD) -> Browser:
    browser = Browser(app.test_client())
    browser.client.environ_base["REMOTE_ADDR"] = address
    browser.submit("/login", page="/login", email="ada@example.com", password=password)
    return browser


def news(browser: Browser) -> str:
    """What the box says, as text."""
    box = re.search(r'<aside id="news".*?</aside>', browser.get("/user/security").text, re.S)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", box[0])) if box else ""


def dismiss(browser: Browser) -> None:
    page = browser.get("/user/security").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until
    assert browser.submit("/user/security/news", until=until[1]).status_code == 303


def test_a_sign_in_from_a_new_browser_is_told_once(ada: Person, app: Flask) -> None:
    owner = ada.browser()
    assert news(owner) == ""
    sign_in(app)
    assert "A new browser: Signed in with Unknown browser from 203.0.113.7" in news(owner)
    dismiss(owner)
    assert news(owner) == ""


def test_it_stays_dismissed_in_another_session(ada: Person, app: Flask) -> None:
    sign_in(app)
    dismiss(ada.browser())
    assert news(ada.browser()) == ""


def test_ones_own_sign_in_is_no_news(ada: Person, app: Flask) -> None:
    assert news(sign_in(app)) == ""


def test_a_browser_that_was_there_before_is_no_news(ada: Person, app: Flask) -> None:
    known = sign_in(app)
    dismiss(ada.browser())
    known.submit("/logout")
    known.submit("/login", page="/login", email=ada.email, password=PASSWORD)
    assert news(ada.browser()) == ""


def test_failed_tries_are_told(ada: Person, app: Flask) -> None:
    owner = ada.browser()
    for _ in range(2):
        sign_in(app, password=WRONG)
    assert "2 failed attempts to enter your password" in news(owner)
    dismiss(owner)
    assert news(owner) == ""


def test_what_this_browser_did_is_no_news_to_it(ada: Person) -> None:
    owner, other = ada.browser(), ada.browser()
    owner.create_key("CI")
    assert news(owner) == ""
    assert "Created the API key" in news(other)


def test_a_key_made_by_a_command_is_told(ada: Person) -> None:
    ada.create_key()
    assert "Created the API key" in news(ada.browser())


def test_tries_without_a_code_are_one_line_and_hide_nothing(ada: Person, app: Flask) -> None:
    ada.add_app()
    ada.create_key("Planted")
    thief = sign_in(app)
    for _ in range(9):
        thief.submit("/login/second-factor", page="/login/second-factor", code="000000")
    told = news(ada.browser())
    assert "9 times somebody entered your password, but no valid code" in told
    assert "Created the API key" in told


def test_of_much_the_newest_is_told_and_how_much_more_there_is(ada: Person) -> None:
    prefixes = [ada.create_key()[:12] for _ in range(12)]
    told = news(ada.browser())
    assert "and 2 more in Recent activity" in told
    assert (prefixes[11] in told, prefixes[1] in told) == (True, False)


@pytest.mark.parametrize(
    ("ends_in", "words"), [(timedelta(days=3), "ends on"), (timedelta(seconds=-5), "ended on")]
)
def test_a_key_that_ends_is_told_once(ends_in: timedelta, words: str, ada: Person) -> None:
    token = ada.create_key("Deploy", timedelta(days=60))
    owner = ada.browser()
    dismiss(owner)
    with ada.app.app_context(), writing():
        db.session.execute(update(ApiKey).values(expires_at=now() + ends_in))
        db.session.execute(update(User).values(reviewed_at=now() - timedelta(days=30)))
    assert f"The API key “Deploy” {token[:12]}… {words}" in news(owner)
    dismiss(owner)
    assert f"{words}" not in news(owner)


def test_what_comes_after_the_box_was_shown_is_kept(ada: Person, app: Flask) -> None:
    owner = ada.browser()
    sign_in(app)
    page = owner.get("/user/security").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until
    sign_in(app, "203.0.113.8")
    owner.submit("/user/security/news", until=until[1])
    assert "203.0.113.8" in news(owner)
    assert "203.0.113.7" not in news(owner)


@pytest.mark.parametrize(
    "until", ["", "tomorrow", "9999-12-31T23:59:59", "2999-01-01T00:00:00+00:00", "x" * 999]
)
def test_nothing_to_come_is_dismissed(until: str, ada: Person, app: Flask) -> None:
    owner = ada.browser()
    assert owner.submit("/user/security/news", until=until).status_code == 303
    sign_in(app)
    assert TITLE in news(owner)


def test_an_earlier_page_brings_nothing_back(ada: Person, app: Flask) -> None:
    owner = ada.browser()
    sign_in(app)
    dismiss(owner)
    owner.submit("/user/security/news", until="2020-01-01T00:00:00+00:00")
    assert news(owner) == ""
