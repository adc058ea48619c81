"""All that belongs to an account: as a file, and its end."""

import json
import os
import pty
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from spk.cli import main
from spk.db import Base, db, reading, writing
from spk.models import Event, User
from tests.authenticator import Authenticator
from tests.people import PASSWORD, Api, Browser, Person, bearer
from tests.test_migrations import counts
from tests.web.test_accounts import is_signed_in
from tests.web.test_passkeys import add

DELETE = "/user/security/delete"
NOBODYS = {"pepper_canary", "sweeps", "sign_in_attempts", "former_slugs"}


def rows(app: Flask) -> dict[str, int]:
    """How many rows each table has that can have one of somebody’s."""
    return {name: count for name, count in counts(app).items() if name not in NOBODYS}


@pytest.fixture
def full(ada: Person, acme: Api) -> Person:
    """Ada, with a row in every table that can have one of hers."""
    browser = ada.browser()
    add(browser, Authenticator())
    ada.add_app()
    ada.create_key("Deploy")
    acme.post("/incidents", name="Slow", body="We look.", component_ids=["web"])
    return ada


def export(browser: Browser) -> dict[str, list[dict[str, object]]]:
    answer = browser.submit("/user/security/export")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=spk-")
    assert answer.mimetype == "application/json"
    found = json.loads(answer.data)
    answer.close()
    assert isinstance(found, dict)
    return found


def test_the_file_has_everything_and_no_secret(full: Person, app: Flask) -> None:
    found = export(full.browser())
    assert [row["email"] for row in found["users"]] == [full.email]
    assert [row["name"] for row in found["api_keys"]][-1] == "Deploy"
    assert [row["body"] for row in found["incident_updates"]] == ["We look."]
    text = json.dumps(found)
    assert not re.search("[0-9a-f]{64}|argon2|spk_[0-9A-Za-z]{46}", text)
    with app.app_context():
        tables = set(Base.metadata.tables) - NOBODYS
    assert set(found) == tables


def test_the_file_has_nothing_of_others(full: Person, eve: Person) -> None:
    found = export(eve.browser())
    assert [row["email"] for row in found["users"]] == [eve.email]
    assert {name for name, rows in found.items() if rows} <= {"users", "sessions", "events"}


def test_the_file_asks_for_a_proof_first(ada: Person) -> None:
    browser = ada.browser()
    ada.forget_proof()
    assert browser.submit("/user/security/export").status_code == 403


def test_an_account_is_deleted_with_all_that_is_its_own(full: Person, app: Flask, browser: Browser) -> None:
    owner, token = full.browser(), full.create_key()
    with app.app_context(), reading():
        others = len(User.all()) - 1
    page = owner.get(DELETE).text
    assert "<li>1 status page</li>" in page
    assert re.search(r"<li>\d API keys</li>", page)
    answer = owner.submit(DELETE, page=DELETE, email=f" {full.email.upper()} ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "Your account was deleted" in owner.get("/login").text
    assert app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 401
    assert app.test_client().get("/p/acme").status_code == 404
    assert not is_signed_in(owner)
    assert browser.submit("/login", page="/login", email=full.email, password=PASSWORD).status_code == 422
    assert {name: count for name, count in rows(app).items() if count} == {"users": others}


@pytest.mark.parametrize("typed", ["", "eve@example.com", "x" * 5_000])
def test_another_address_deletes_nothing(typed: str, ada: Person, eve: Person) -> None:
    browser = ada.browser()
    answer = browser.submit(DELETE, page=DELETE, email=typed)
    assert (answer.status_code, f"type {ada.email}." in answer.text) == (422, True)
    assert is_signed_in(browser)


def test_deleting_asks_for_a_proof_first(ada: Person) -> None:
    browser = ada.browser()
    ada.forget_proof()
    assert browser.submit(DELETE, email=ada.email).status_code == 403
    assert browser.get(DELETE).status_code == 403


def test_others_lose_nothing(full: Person, eve: Person, app: Flask) -> None:
    token, slug = eve.create_key("Hers"), eve.create_page("Umbrella")
    owner = full.browser()
    owner.submit(DELETE, page=DELETE, email=full.email)
    assert app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200
    assert app.test_client().get(f"/p/{slug}").status_code == 200


def test_the_next_account_is_not_taken_for_the_deleted_one(full: Person, app: Flask) -> None:
    """Programs behind the gate know accounts by their number; feeds and known browsers, too."""
    with app.app_context(), writing():
        User.create("last@example.com", "hash", "pro")
    last = Person(app, "last@example.com")
    last.create_key("Hers", timedelta(days=3))
    browser = last.browser()
    feed = re.search(r"/keys\.atom\?secret=[\w.-]+", browser.get("/user/security").text)
    assert feed
    browser.submit(DELETE, page=DELETE, email="last@example.com")
    with app.app_context(), writing():
        User.create("next@example.com", "hash", "pro")
    Person(app, "next@example.com").create_key("His", timedelta(days=3))
    assert app.test_client().get(feed[0]).status_code == 404


def test_the_address_of_a_deleted_accounts_page_is_given_to_nobody(full: Person, eve: Person) -> None:
    full.browser().submit(DELETE, page=DELETE, email=full.email)
    assert eve.create_page("Acme") != "acme"


@pytest.fixture
def many_events(ada: Person) -> None:
    """More than are deleted in one transaction."""
    with ada.app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        db.session.add_all(Event(user_id=user.id, action="user:sign_in") for _ in range(1_100))


def test_much_is_deleted_in_parts(
    many_events: None, ada: Person, app: Flask, environ: dict[str, str]
) -> None:
    result = CliRunner().invoke(main, ["user", "delete", ada.email], env=environ)
    assert (result.exit_code, result.stderr) == (0, f"{ada.email} is deleted.\n")
    assert rows(app)["events"] == 0


def test_the_operator_is_asked_before_an_account_is_deleted(ada: Person, environ: dict[str, str]) -> None:
    """At a terminal; a script isn’t."""
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")
    spk = str(Path(sys.executable).with_name("spk"))
    ended = subprocess.run([spk, "user", "delete", ada.email], env=environ, stdin=theirs, capture_output=True)
    os.close(ours)
    os.close(theirs)
    assert (ended.returncode, b"Delete the account" in ended.stderr) == (1, True)
    assert is_signed_in(ada.browser())
