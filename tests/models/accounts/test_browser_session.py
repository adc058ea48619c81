import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from spk.db import db, now, reading, writing
from spk.models import BrowserSession, User
from tests.people import Person

DAY = timedelta(days=1)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"


@contextmanager
def as_page(app: Flask, email: str = "ada@example.com") -> Iterator[User]:
    """A person within a request, as a page finds them."""
    with app.test_request_context("/user/security"), writing():
        user = User.find(email)
        assert user is not None
        yield user


def start(app: Flask, user_agent: str = "Firefox", email: str = "ada@example.com") -> str:
    """Open a session and return what its cookie holds."""
    with app.app_context(), writing():
        user = User.find(email)
        assert user is not None
        BrowserSession.start(user, user_agent)
        return user.session_secret


def owner(app: Flask, secret: str) -> str | None:
    """Whom a cookie lets in."""
    with app.app_context(), reading():
        session = BrowserSession.find(secret)
        return session.user.email if session else None


def age(app: Flask, **columns: timedelta) -> None:
    with app.app_context(), writing():
        db.session.execute(
            update(BrowserSession).values({name: now() - since for name, since in columns.items()})
        )


def test_a_cookie_finds_its_session(app: Flask) -> None:
    assert owner(app, start(app)) == "ada@example.com"


@pytest.mark.parametrize("secret", ["", "unknown", "x" * 5000])
def test_an_unknown_cookie_finds_no_session(app: Flask, secret: str) -> None:
    start(app)
    assert owner(app, secret) is None


def test_only_a_hash_of_the_cookie_is_stored(app: Flask) -> None:
    secret = start(app)
    with app.app_context(), reading():
        row = db.session.execute(select(BrowserSession.__table__)).one()
    assert hashlib.sha256(secret.encode()).hexdigest() in row
    assert secret not in row


def test_no_two_sessions_share_a_cookie(app: Flask) -> None:
    assert len({start(app) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("idle", "old", "lives"),
    [
        (13 * DAY, 13 * DAY, True),
        (15 * DAY, 15 * DAY, False),
        (timedelta(0), 89 * DAY, True),
        (timedelta(0), 91 * DAY, False),
    ],
)
def test_a_session_ends_after_14_idle_days_or_90_days(
    app: Flask, idle: timedelta, old: timedelta, lives: bool
) -> None:
    secret = start(app)
    age(app, last_seen_at=idle, created_at=old)
    assert (owner(app, secret) is not None) is lives


def test_a_disabled_person_has_no_session(app: Flask, ada: Person) -> None:
    secret = start(app)
    ada.disable()
    assert owner(app, secret) is None


def test_ending_a_session_leaves_the_others(app: Flask) -> None:
    here, there = start(app), start(app)
    with as_page(app) as ada:
        ada.session_secret = here
        BrowserSession.end(ada.session_secret)
        db.session.commit()
    assert (owner(app, here), owner(app, there)) == (None, "ada@example.com")


def test_ending_the_others_leaves_this_one_and_other_peoples(app: Flask) -> None:
    here, there, eves = start(app), start(app), start(app, email="eve@example.com")
    with as_page(app) as ada:
        ada.session_secret = here
        BrowserSession.end_others(ada)
        db.session.commit()
    assert [owner(app, secret) for secret in (here, there, eves)] == [
        "ada@example.com",
        None,
        "eve@example.com",
    ]


def test_sessions_are_listed_the_one_last_seen_first(app: Flask) -> None:
    start(app, "older")
    age(app, last_seen_at=DAY)
    start(app, "newer")
    start(app, email="eve@example.com")
    with as_page(app) as ada:
        assert [session.user_agent for session in BrowserSession.of(ada)] == ["newer", "older"]


def test_a_session_that_has_ended_is_not_listed(app: Flask) -> None:
    start(app)
    age(app, last_seen_at=15 * DAY)
    with as_page(app) as ada:
        assert BrowserSession.of(ada) == []


def test_the_session_of_this_browser_is_marked(app: Flask) -> None:
    start(app, "elsewhere")
    here = start(app, "here")
    with as_page(app) as ada:
        ada.session_secret = here
        assert [session.user_agent for session in BrowserSession.of(ada) if session.is_current] == ["here"]


def test_a_browser_seen_five_minutes_ago_is_stamped_again(app: Flask) -> None:
    assert seen_after_touch(app, timedelta(minutes=6)) < timedelta(minutes=1)


def test_a_browser_seen_just_now_is_not_stamped(app: Flask) -> None:
    assert seen_after_touch(app, timedelta(minutes=4)) > timedelta(minutes=3)


def seen_after_touch(app: Flask, since: timedelta) -> timedelta:
    """How long ago a session was seen, once it has been touched."""
    secret = start(app)
    age(app, last_seen_at=since)
    with app.app_context():
        with reading():
            session = BrowserSession.find(secret)
        assert session is not None
        session.touch("192.0.2.1")
    with app.app_context(), reading():
        last_seen_at = db.session.scalars(select(BrowserSession.last_seen_at)).one()
        return now() - last_seen_at


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{WINDOWS} Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} Safari/537.36 Edg/126.0.0.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
    ],
)
def test_a_browser_is_called_by_its_name(user_agent: str, words: str) -> None:
    assert BrowserSession(user_agent=user_agent).browser == words


def test_an_endless_user_agent_is_cut(app: Flask) -> None:
    start(app, "x" * 10_000)
    with as_page(app) as ada:
        assert [len(session.user_agent) for session in BrowserSession.of(ada)] == [300]


def test_a_cookie_holds_256_random_bits(app: Flask) -> None:
    assert {len(urlsafe_b64decode(f"{start(app)}=")) for _ in range(5)} == {256 // 8}
