"""The Sessions section: where an account is signed in, and ending that."""

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, update

from spk.db import db, now, reading, writing
from spk.models import BrowserSession
from tests.people import PASSWORD, Browser, Person
from tests.web.test_accounts import is_signed_in

ENDS = re.compile(r"/user/security/sessions/\d+/end(?=\")")


def count(app: Flask) -> int:
    with app.app_context(), reading():
        return db.session.scalar(select(func.count(BrowserSession.id))) or 0


def test_one_session_is_ended_and_the_others_stay(ada: Person) -> None:
    first, second, third = ada.browser(), ada.browser(), ada.browser()
    ends = ENDS.findall(third.get("/user/security").text)
    assert len(ends) == 2  # not the one that asks
    with ada.app.app_context(), reading():
        oldest = db.session.scalar(select(func.min(BrowserSession.id)))
    answer = third.submit(f"/user/security/sessions/{oldest}/end")
    assert answer.headers["Location"] == "/user/security#sessions"
    assert "That browser was signed out." in third.get("/user/security").text
    assert [is_signed_in(each) for each in (first, second, third)] == [False, True, True]


def test_nobody_ends_the_session_of_somebody_else(ada: Person, eve: Person) -> None:
    hers = ada.browser()
    with ada.app.app_context(), reading():
        (session_id,) = db.session.scalars(select(BrowserSession.id)).all()
    eve.browser().submit(f"/user/security/sessions/{session_id}/end")
    assert is_signed_in(hers)


def test_a_number_that_no_session_has_ends_nothing(ada: Person) -> None:
    browser = ada.browser()
    for number in (0, 10**6, 2**31, 2**63, 10**30):
        assert browser.submit(f"/user/security/sessions/{number}/end").status_code in (303, 404)
    assert is_signed_in(browser)


def test_signing_in_again_ends_the_session_that_the_browser_had(ada: Person, app: Flask) -> None:
    browser = ada.browser()
    before = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert before
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/user/security").text)
    assert csrf
    fields = {"email": ada.email, "password": PASSWORD, "csrf_token": csrf[1]}
    assert browser.client.post("/login", data=fields).status_code == 302
    assert (count(app), is_signed_in(browser)) == (1, True)
    thief = Browser(app.test_client())
    thief.client.set_cookie(before.key, before.value)
    assert not is_signed_in(thief)


def test_sessions_say_where_and_when(ada: Person, browser: Browser, app: Flask) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser.client.environ_base.update(REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT=agent)
    browser.submit("/login", page="/login", email=ada.email, password=PASSWORD)
    with app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(created_at=now() - timedelta(days=3)))
    page = ada.browser().get("/user/security").text
    assert "Signed in with 2 browsers." in page
    day = f"{now() - timedelta(days=3):%-d %b %Y}"
    assert f"From 203.0.113.7, first seen {day}, last seen " in page


def test_the_address_is_that_of_the_last_visit(ada: Person, app: Flask) -> None:
    browser = ada.browser()
    with app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(last_seen_at=now() - timedelta(minutes=6)))
    browser.client.environ_base["REMOTE_ADDR"] = "203.0.113.8"
    browser.get("/user/security")
    assert "From 203.0.113.8" in browser.get("/user/security").text


def test_the_most_sessions_are_told(ada: Person) -> None:
    assert "At most 50: one more signs out the oldest." in ada.browser().get("/user/security").text
