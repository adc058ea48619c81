"""A clock once ran ahead, and is right again: what it wrote holds nobody up and freezes nothing."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from spk.cli.checks import clock
from spk.column_types import UtcDateTime
from spk.db import Base, db, now, reading, writing
from spk.models import ApiKey, AuthenticatorApp, BrowserSession
from spk.models.accounts.authenticator_app import STEP
from spk.models.accounts.caller import Caller
from spk.models.accounts.sign_in_attempt import SignInAttempt
from spk.models.sweep import Sweep
from spk.models.tables import PLANNED
from tests.people import NEW_PASSWORD, Api, Browser, Person, bearer, code_of

YEAR = timedelta(days=365)
TABLES = Base.metadata.sorted_tables
STAMPS = [
    column
    for table in TABLES
    for column in table.columns
    if isinstance(column.type, UtcDateTime) and str(column) not in PLANNED
]


def set_ahead(app: Flask, table: type[Base], *columns: str) -> None:
    with app.app_context(), writing():
        db.session.execute(update(table).values(dict.fromkeys(columns, now() + YEAR)))


def test_a_use_of_a_key_is_recorded(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    set_ahead(app, ApiKey, "last_used_at")
    assert app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200
    last = ada.key(token).last_used_at
    assert last
    assert timedelta() <= now() - last < timedelta(minutes=1)
    with app.app_context(), reading():
        assert not Caller.authenticate(token).is_touch_due


def test_a_session_lasts_no_longer_for_it(app: Flask, ada: Person) -> None:
    browser = ada.browser()
    set_ahead(app, BrowserSession, "created_at", "last_seen_at")
    assert browser.get("/user/security").status_code == 302


def test_that_a_browser_was_seen_is_recorded(app: Flask, ada: Person) -> None:
    browser = ada.browser()
    with app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(last_seen_at=now() + timedelta(days=1)))
    assert browser.get("/user/security").status_code == 200
    with app.app_context(), reading():
        seen = db.session.scalar(select(BrowserSession.last_seen_at))
        assert seen
        assert seen <= now()


def test_wrong_tries_lock_nobody_out(app: Flask, ada: Person) -> None:
    browser = Browser(app.test_client())
    for _ in range(12):
        browser.submit("/login", page="/login", email=ada.email, password=NEW_PASSWORD)
    set_ahead(app, SignInAttempt, "created_at")
    assert browser.submit("/login", page="/login", email=ada.email, password=ada.password).status_code == 302


def test_a_code_of_an_app_is_accepted_once(app: Flask, ada: Person) -> None:
    secret, _ = ada.add_app()
    with app.app_context():
        with writing():
            db.session.execute(
                update(AuthenticatorApp).values(last_step=int((now() + YEAR).timestamp()) // STEP)
            )
        with writing():
            theirs = db.session.scalars(select(AuthenticatorApp)).one()
            code = code_of(secret)
            assert (theirs.accepts(code), theirs.accepts(code)) == (True, False)


def test_old_rows_are_swept(app: Flask) -> None:
    set_ahead(app, Sweep, "started_at")
    with app.app_context():
        with writing():
            assert Sweep.claim()
        with writing():
            assert not Sweep.claim()


def test_the_doctor_looks_at_every_stamp(app: Flask, acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Down", component_ids=["web"])
    ada.create_key()
    ada.session_cookie()
    ada.add_passkey()
    ada.add_app()
    with app.app_context():
        with writing():
            SignInAttempt.record(ada.email, "192.0.2.7", "somewhere")
            filled = {table: db.session.execute(table.select()).all() != [] for table in TABLES}
            for column in STAMPS:
                db.session.execute(update(column.table).values({column: now() + YEAR}))
        told = {words.split(" ")[0] for _, words in clock()}
    expected = {str(column) for column in STAMPS if filled[column.table]}
    assert {"api_keys.last_used_at", "sessions.created_at", "passkeys.challenged_at"} <= expected
    assert told == expected
