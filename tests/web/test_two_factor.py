"""An authenticator app and recovery codes: setting up, signing in with them, turning them off."""

import re
import time
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from spk import create_app
from spk.cli import main
from spk.db import db, now, reading, writing
from spk.models import AuthenticatorApp, BrowserSession, Event, RecoveryCode, User
from spk.models.accounts import authenticator_app
from tests.people import NEW_PASSWORD, PASSWORD, Browser, Person, code_of
from tests.web.test_accounts import is_signed_in

PAGE = "/user/security/two-factor/app"
SECOND = "/login/second-factor"
CODE = re.compile("[a-z2-9]{7}(?:-[a-z2-9]{7}){3}")


def give_password(browser: Browser, email: str = "ada@example.com", query: str = "") -> str:
    """Sign in as far as a password goes, and return where that leads."""
    answer = browser.submit(f"/login{query}", page="/login", email=email, password=PASSWORD)
    return answer.headers["Location"]


def give_code(browser: Browser, code: str, query: str = "") -> int:
    return browser.submit(SECOND + query, page=SECOND, code=code).status_code


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Set up an app as a person does; the secret and the recovery codes."""
    found = re.search(r'name="secret"[^>]*value="([A-Z2-7]{32})"', browser.get(PAGE).text)
    assert found
    answer = browser.submit(PAGE, page=PAGE, secret=found[1], first_code=code_of(found[1]))
    assert answer.status_code == 201
    return found[1], CODE.findall(answer.text)


def actions(person: Person) -> list[str]:
    with person.app.app_context(), reading():
        user = User.find(person.email)
        assert user
        return [event.action for event in Event.recent(user)]


def test_setting_up_shows_a_secret_as_text_and_as_a_picture(ada: Person) -> None:
    page = ada.browser().get(PAGE).text
    secret = re.search(r'name="secret"[^>]*value="([A-Z2-7]{32})"', page)
    assert secret
    assert " ".join(re.findall("....", secret[1])) in page
    assert "<svg" in page


def test_the_first_factor_comes_with_ten_recovery_codes_shown_once(ada: Person) -> None:
    browser = ada.browser()
    _, codes = set_up(browser)
    assert len(set(codes)) == 10
    assert not CODE.search(browser.get("/user/security").text)
    assert actions(ada)[0] == "authenticator_app:add"


@pytest.mark.parametrize("typed", ["", "000000", "12345", "é" * 6, "1" * 5000, "\0", "\ud800"])
def test_an_app_that_shows_another_code_is_not_set_up(typed: str, ada: Person) -> None:
    browser = ada.browser()
    secret = authenticator_app.new_secret()
    code = typed.encode("utf-8", "replace").decode()
    answer = browser.submit(PAGE, page=PAGE, secret=secret, first_code=code)
    assert (answer.status_code, "This isn’t the code that the app shows now." in answer.text) == (422, True)
    assert secret in answer.text  # it was scanned already
    assert "Off. Signing in asks for your password alone." in browser.get("/user/security").text


@pytest.mark.parametrize("secret", ["", "short", "A" * 33, "a" * 32, "é" * 32])
def test_a_secret_that_is_none_of_ours_is_made_anew(secret: str, ada: Person) -> None:
    answer = ada.browser().submit(PAGE, page=PAGE, secret=secret, first_code="123456")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)


def test_a_second_app_is_refused(ada: Person) -> None:
    browser = ada.browser()
    set_up(browser)
    secret = authenticator_app.new_secret()
    answer = browser.submit(PAGE, page=PAGE, secret=secret, first_code=code_of(secret))
    assert (answer.status_code, "from somewhere else" in answer.text) == (422, True)


def test_signing_in_asks_for_a_code_on_a_page_of_its_own(ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    where = give_password(browser, query="?next=/user/plan")
    assert where == f"{SECOND}?next=/user/plan"
    assert not is_signed_in(browser)
    answer = browser.submit(where, page=where, code=code_of(secret))
    assert answer.headers["Location"] == "/user/plan"
    assert is_signed_in(browser)


def test_without_the_password_there_is_no_second_page(ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    assert browser.get(f"{SECOND}?next=/user/plan").headers["Location"] == "/login?next=/user/plan"
    assert browser.submit(SECOND, page="/login", code=code_of(secret)).headers["Location"] == "/login"
    assert not is_signed_in(browser)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_that_is_off_by_half_a_minute_is_forgiven(
    steps: int, ada: Person, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = time.time()  # else a step might end just here
    monkeypatch.setattr(time, "time", lambda: stopped)
    secret, _ = ada.add_app()
    give_password(browser)
    assert give_code(browser, code_of(secret, steps)) == 302


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_is_refused(steps: int, ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    give_password(browser)
    assert give_code(browser, code_of(secret, steps)) == 422
    assert not is_signed_in(browser)


def test_a_code_may_be_typed_with_spaces(ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    give_password(browser)
    code = code_of(secret)
    assert give_code(browser, f" {code[:3]} {code[3:]} ") == 302


def test_a_code_never_works_twice(ada: Person, app: Flask) -> None:
    secret, _ = ada.add_app()
    code = code_of(secret)
    first, second = Browser(app.test_client()), Browser(app.test_client())
    give_password(first)
    give_password(second)
    assert give_code(first, code) == 302
    assert give_code(second, code) == 422


def test_an_earlier_code_does_not_work_after_a_later_one(ada: Person, app: Flask) -> None:
    secret, _ = ada.add_app()
    earlier, later = code_of(secret), code_of(secret, 1)
    first, second = Browser(app.test_client()), Browser(app.test_client())
    give_password(first)
    give_password(second)
    assert (give_code(first, later), give_code(second, earlier)) == (302, 422)


def test_the_code_that_set_the_app_up_does_not_sign_in(ada: Person, browser: Browser, app: Flask) -> None:
    secret, _ = set_up(ada.browser())
    give_password(browser)
    assert give_code(browser, code_of(secret)) == 422


def test_a_recovery_code_signs_in_once(ada: Person, app: Flask) -> None:
    _, codes = ada.add_app()
    for expected in (302, 422):
        browser = Browser(app.test_client())
        give_password(browser)
        assert give_code(browser, codes[0].replace("-", " ").upper()) == expected
        assert is_signed_in(browser) is (expected == 302)
    assert "recovery_code:use" in actions(ada)


def test_few_recovery_codes_are_told(ada: Person, app: Flask) -> None:
    _, codes = ada.add_app()
    assert "make new ones" not in ada.browser().get("/user/security").text
    for code in codes[:7]:
        browser = Browser(app.test_client())
        give_password(browser)
        give_code(browser, code)
    assert "3 recovery codes left: make new ones." in browser.get("/user/security").text


def test_new_recovery_codes_replace_the_old_ones(ada: Person, browser: Browser) -> None:
    _, codes = ada.add_app()
    answer = ada.browser().submit("/user/security/two-factor/codes")
    new = CODE.findall(answer.text)
    assert (answer.status_code, len(new)) == (201, 10)
    give_password(browser)
    assert (give_code(browser, codes[0]), give_code(browser, new[0])) == (422, 302)


def test_there_are_no_recovery_codes_without_a_factor(ada: Person) -> None:
    answer = ada.browser().submit("/user/security/two-factor/codes")
    assert (answer.status_code, CODE.findall(answer.text)) == (409, [])


def test_only_hashes_of_recovery_codes_are_stored(ada: Person) -> None:
    _, codes = ada.add_app()
    with ada.app.app_context(), reading():
        stored = list(db.session.scalars(select(RecoveryCode.code_hash)))
    assert len(set(stored)) == 10
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in stored)
    assert not set(stored) & {code.replace("-", "") for code in codes}


def test_the_secret_is_stored_encrypted(ada: Person) -> None:
    secret, _ = ada.add_app()
    with ada.app.app_context(), reading():
        stored = db.session.scalars(select(AuthenticatorApp.sealed_secret)).one()
    assert secret not in stored


def test_a_secret_moves_to_the_first_pepper_with_its_next_use(
    ada: Person, environ: dict[str, str], app: Flask
) -> None:
    secret, _ = ada.add_app()
    old = (app.config["TOKEN_PEPPERS"])[0]
    new = {**environ, "SPK_TOKEN_PEPPER": "another pepper, random", "SPK_TOKEN_PEPPER_FALLBACKS": old}
    browser = Browser(create_app(new).test_client())
    give_password(browser)
    assert give_code(browser, code_of(secret)) == 302
    later = Browser(create_app({**new, "SPK_TOKEN_PEPPER_FALLBACKS": ""}).test_client())
    give_password(later)
    assert give_code(later, code_of(secret, 1)) == 302


def test_recovery_codes_outlive_a_pepper(ada: Person, environ: dict[str, str]) -> None:
    _, codes = ada.add_app()
    browser = Browser(create_app({**environ, "SPK_TOKEN_PEPPER": "another pepper, random"}).test_client())
    give_password(browser)
    assert give_code(browser, codes[0]) == 302


def test_a_secret_under_a_pepper_that_is_gone_is_no_proof_and_no_crash(
    ada: Person, environ: dict[str, str]
) -> None:
    secret, _ = ada.add_app()
    browser = Browser(create_app({**environ, "SPK_TOKEN_PEPPER": "another pepper, random"}).test_client())
    give_password(browser)
    assert give_code(browser, code_of(secret)) == 422


def test_wrong_codes_are_limited_as_passwords_are(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"})
    secret, _ = Person(app, "ada@example.com").add_app()
    browser = Browser(app.test_client())
    give_password(browser)
    assert [give_code(browser, "000000") for _ in range(3)] == [422] * 3
    answer = browser.submit(SECOND, page=SECOND, code=code_of(secret))
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)


def test_nobody_who_knows_the_password_keeps_the_owner_out(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"})
    owner, thief = Browser(app.test_client()), Browser(app.test_client())
    thief.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    give_password(owner)
    owner.submit("/logout")
    secret, _ = Person(app, "ada@example.com").add_app()
    give_password(thief)
    assert [give_code(thief, "000000") for _ in range(4)][-1] == 429
    give_password(owner)
    assert give_code(owner, code_of(secret)) == 302


def test_nobody_keeps_the_owner_out_by_right_passwords(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"})
    owner = Browser(app.test_client())
    give_password(owner)
    owner.submit("/logout")
    Person(app, "ada@example.com").add_app()
    for number in range(9):
        thief = Browser(app.test_client())
        thief.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        thief.submit("/login", page="/login", email="ada@example.com", password=PASSWORD)
    assert give_password(owner) == SECOND


def test_whoever_has_the_password_but_no_code_is_told_to_the_owner(ada: Person, browser: Browser) -> None:
    ada.add_app()
    give_password(browser)
    give_code(browser, "000000")
    assert "Somebody entered the password, but no valid code" in ada.browser().get("/user/security").text


def test_a_password_changed_meanwhile_ends_the_waiting(ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    give_password(browser)
    other = ada.browser()
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert other.submit("/user/security/password", htmx=False, **fields).status_code == 302
    answer = browser.submit(SECOND, page="/login", code=code_of(secret))
    assert (answer.headers["Location"], is_signed_in(browser)) == ("/login", False)


def test_the_waiting_ends_after_ten_minutes(ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    give_password(browser)
    with ada.app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(created_at=now() - timedelta(minutes=10)))
    assert browser.get(SECOND).headers["Location"] == "/login"
    browser.submit(SECOND, page="/login", code=code_of(secret))
    assert not is_signed_in(browser)


OFF = "/user/security/two-factor/off"


def test_turning_it_off_asks_for_a_factor(ada: Person, browser: Browser) -> None:
    secret, _ = ada.add_app()
    signed_in = ada.browser()  # a moment ago, so nothing else asks
    assert signed_in.submit(OFF, page=OFF, code="").status_code == 422
    assert signed_in.submit(OFF, page=OFF, code=code_of(secret)).status_code == 303
    assert give_password(browser) == "/user/security"
    assert is_signed_in(browser)


def test_turning_it_off_removes_its_codes(ada: Person) -> None:
    _, codes = ada.add_app()
    ada.browser().submit(OFF, page=OFF, code=codes[0])
    with ada.app.app_context(), reading():
        assert db.session.scalars(select(RecoveryCode.id)).all() == []
    assert actions(ada)[:2] == ["second_factors:turn_off", "recovery_code:use"]


def test_guessing_there_is_limited_too(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_LOGIN_LIMIT": "3/minute"})
    ada = Person(app, "ada@example.com")
    secret, _ = ada.add_app()
    browser = ada.browser()
    assert [browser.submit(OFF, page=OFF, code="000000").status_code for _ in range(4)] == [422] * 3 + [429]
    assert browser.submit(OFF, page=OFF, code=code_of(secret)).status_code == 429


def test_the_only_factor_is_not_removed_by_itself(ada: Person) -> None:
    ada.add_app()
    answer = ada.browser().submit("/user/security/two-factor/app/remove")
    assert (answer.status_code, "This is your only second factor." in answer.text) == (409, True)


def test_the_operator_resets_it(ada: Person, browser: Browser, environ: dict[str, str]) -> None:
    ada.add_app()
    assert CliRunner().invoke(main, ["user", "reset-two-factor", ada.email], env=environ).exit_code == 0
    assert give_password(browser) == "/user/security"
    assert "The administrator turned two-factor off" in browser.get("/user/security").text
