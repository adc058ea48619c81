"""A new password by a link that the operator makes."""

import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask

from spk.cli import main
from spk.db import now, writing
from spk.models import User
from spk.models.accounts import reset_link
from tests.people import NEW_PASSWORD, PASSWORD, Browser, Person, bearer, code_of
from tests.web.test_accounts import is_signed_in
from tests.web.test_two_factor import SECOND


@pytest.fixture
def link(ada: Person, environ: dict[str, str]) -> str:
    """What `spk user reset-link` prints for Ada, less the host."""
    result = CliRunner().invoke(main, ["user", "reset-link", ada.email], env=environ)
    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/reset\?token=[\w.-]+\n", result.stdout)
    return result.stdout.strip().removeprefix("http://127.0.0.1:8000")


def reset(browser: Browser, link: str, new: str = NEW_PASSWORD, **more: str) -> int:
    fields = {"token": link.partition("=")[2], "password": new, **more}
    return browser.submit("/reset", page=link, htmx=False, **fields).status_code


def sign_in(browser: Browser, new: str) -> str:
    answer = browser.submit("/login", page="/login", email="ada@example.com", password=new)
    return answer.headers.get("Location", "")


def test_a_reset_link_works_once_and_for_an_hour(
    link: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser.get(link).status_code == 200
    with monkeypatch.context() as later:
        later.setattr(reset_link, "now", lambda: now() + timedelta(hours=1))
        assert browser.get(link).status_code == 404
    assert reset(browser, link) == 303
    assert "Your new password is set. Sign in with it." in browser.get("/login").text
    again = browser.get(link)
    assert (again.status_code, "was used, or is older than an hour" in again.text) == (404, True)
    assert sign_in(browser, NEW_PASSWORD) == "/user/security"


def test_a_reset_ends_every_session_and_revokes_keys_if_asked(
    link: str, ada: Person, browser: Browser
) -> None:
    signed_in, token = ada.browser(), ada.create_key()
    page = browser.get(link).text
    assert "API keys keep working: 1 of them is not revoked." in page
    assert reset(browser, link, revoke_keys="y") == 303
    assert not is_signed_in(signed_in)
    answer = ada.app.test_client().get("/api/v1/whoami", headers=bearer(token))
    assert answer.status_code == 401


def test_keys_go_on_working_unless_asked(link: str, ada: Person, browser: Browser) -> None:
    token = ada.create_key()
    reset(browser, link)
    assert ada.app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_a_reset_does_not_pass_by_the_second_factor(link: str, ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    reset(browser, link)
    assert sign_in(browser, NEW_PASSWORD) == SECOND
    assert browser.submit(SECOND, page=SECOND, code=code_of(secret)).status_code == 302


@pytest.mark.parametrize("new", ["short", "password1", "x" * 1025, "ada@example.com"])
def test_a_password_that_does_not_fit_keeps_the_link(new: str, link: str, browser: Browser) -> None:
    assert reset(browser, link, new) == 422
    assert reset(browser, link) == 303


def test_a_password_set_meanwhile_ends_the_link(link: str, ada: Person, browser: Browser) -> None:
    with ada.app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        user.set_password("another hash")
    assert browser.get(link).status_code == 404


def test_a_disabled_account_has_no_link(
    link: str, ada: Person, browser: Browser, environ: dict[str, str]
) -> None:
    ada.disable()
    assert browser.get(link).status_code == 404
    result = CliRunner().invoke(main, ["user", "reset-link", ada.email], env=environ)
    assert (result.exit_code, result.stdout) == (1, "")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "x" * 5_000, "%00"])
def test_a_token_that_is_none_of_ours_opens_nothing(token: str, browser: Browser) -> None:
    answer = browser.get(f"/reset?token={token}")
    assert (answer.status_code, "Ask the administrator" in answer.text) == (404, True)


def test_the_owner_is_told(link: str, ada: Person) -> None:
    page = ada.browser().get("/user/security").text
    assert "The administrator made a link to set a new password" in page


def test_no_page_carries_the_password_back(link: str, browser: Browser) -> None:
    answer = browser.submit("/reset", page=link, token=link.partition("=")[2], password="password1")
    assert "password1" not in answer.text
    assert PASSWORD not in answer.text


def test_a_link_leads_to_no_other_account(link: str, eve: Person, browser: Browser, app: Flask) -> None:
    reset(browser, link)
    answer = Browser(app.test_client()).submit(
        "/login", page="/login", email=eve.email, password=NEW_PASSWORD
    )
    assert answer.status_code == 422
