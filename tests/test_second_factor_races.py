"""Two requests at the same moment, for everything about an account that may happen once."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from spk.cli import main
from spk.db import Base, db, reading, writing
from spk.models import BrowserSession, Passkey, User
from spk.models.account_data import delete_account
from spk.models.accounts.authenticator_app import new_secret
from spk.models.accounts.passkey import MOST
from tests.authenticator import Authenticator, asked
from tests.people import NEW_PASSWORD, PASSWORD, Browser, Person, code_of
from tests.test_db import at_once
from tests.web.test_passkeys import NEW, add
from tests.web.test_two_factor import SECOND, give_password

Post = Callable[[], int]
OFF = "/user/security/two-factor/off"


def prepared(browser: Browser, path: str, page: str, **fields: str) -> Post:
    """A form that is filled in and waits to be sent."""
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert csrf
    data = {"csrf_token": csrf[1], **fields}
    return lambda: browser.client.post(path, data=data).status_code


def statuses(posts: list[Post]) -> list[int]:
    """Send all of them at the same moment."""
    answers = dict.fromkeys(range(len(posts)), 0)

    def send(number: int) -> bool:
        answers[number] = posts[number]()
        return True

    assert at_once(len(posts), send) == len(posts)
    return sorted(answers.values())


def waiting(app: Flask, count: int = 2) -> list[Browser]:
    """Browsers in which the password was given."""
    browsers = [Browser(app.test_client()) for _ in range(count)]
    for browser in browsers:
        give_password(browser)
    return browsers


def count(app: Flask, model: type[Base]) -> int:
    with app.app_context(), reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def delete(person: Person) -> None:
    """As its owner's last click does."""
    with person.app.app_context():
        with writing(urgent=True):
            user = User.find(person.email)
            assert user
            user.disable()
            user_id = user.id
        assert sum(delete_account(user_id)) > 0


def test_a_code_signs_one_browser_in(ada: Person, app: Flask) -> None:
    secret, _ = ada.add_app()
    code = code_of(secret)
    assert statuses([prepared(each, SECOND, SECOND, code=code) for each in waiting(app)]) == [302, 422]


def test_a_recovery_code_signs_one_browser_in(ada: Person, app: Flask) -> None:
    _, codes = ada.add_app()
    assert statuses([prepared(each, SECOND, SECOND, code=codes[0]) for each in waiting(app)]) == [302, 422]


def test_an_answer_of_a_passkey_signs_one_browser_in(ada: Person, app: Flask) -> None:
    laptop = Authenticator()
    add(ada.browser(), laptop)
    browsers = [Browser(app.test_client()) for _ in range(2)]
    options, challenge = asked(browsers[0].get("/login").text)
    fields = {"challenge": challenge, "assertion": laptop.sign(options)}
    assert statuses([prepared(each, "/login/passkey", "/login", **fields) for each in browsers]) == [302, 422]


def test_one_of_two_codes_of_one_waiting_sign_in_is_enough(ada: Person, app: Flask) -> None:
    """The cookie of a browser that waits is copied: it makes one session, not two."""
    _, codes = ada.add_app()
    (browser,) = waiting(app, 1)
    posts = [prepared(browser, SECOND, SECOND, code=code) for code in codes[:2]]
    assert statuses(posts)[0] == 302
    assert count(app, BrowserSession) == 1


def test_a_reset_link_sets_one_password(ada: Person, app: Flask, environ: dict[str, str]) -> None:
    result = CliRunner().invoke(main, ["user", "reset-link", ada.email], env=environ)
    link = result.stdout.strip().removeprefix("http://127.0.0.1:8000")
    token = link.partition("=")[2]
    words = (NEW_PASSWORD, "four quite different words")
    posts = [
        prepared(Browser(app.test_client()), "/reset", link, token=token, password=each) for each in words
    ]
    assert statuses(posts) == [303, 404]


def test_one_of_two_apps_is_set_up(ada: Person, app: Flask) -> None:
    posts = []
    for browser, secret in [(ada.browser(), new_secret()) for _ in range(2)]:
        path = "/user/security/two-factor/app"
        posts.append(prepared(browser, path, path, secret=secret, first_code=code_of(secret)))
    assert statuses(posts) == [201, 422]


def test_the_last_two_factors_do_not_go_together(ada: Person, app: Flask) -> None:
    ada.add_app()
    ada.add_passkey()
    with app.app_context(), reading():
        passkey = db.session.scalars(select(Passkey.id)).one()
    paths = ("/user/security/two-factor/app/remove", f"/user/security/passkeys/{passkey}/remove")
    posts = [prepared(ada.browser(), path, "/user/security") for path in paths]
    assert statuses(posts) == [303, 409]


def test_passkeys_keep_to_their_limit(ada: Person, app: Flask) -> None:
    for number in range(MOST - 1):
        ada.add_passkey(f"Key {number}")
    posts = []
    for browser, key in [(ada.browser(), Authenticator()) for _ in range(3)]:
        options, challenge = asked(browser.get(NEW).text, "create")
        fields = {"name": "x", "registration": challenge, "attestation": key.register(options)}
        posts.append(prepared(browser, NEW, "/user/confirm", **fields))
    assert statuses(posts) == [303, 422, 422]
    assert count(app, Passkey) == MOST


def test_an_address_goes_to_one_of_two_accounts(ada: Person, eve: Person) -> None:
    fields = {"email": "new@example.com"}
    posts = [
        prepared(each.browser(), "/user/security/email", "/user/security", **fields) for each in (ada, eve)
    ]
    assert statuses(posts) == [303, 409]


def test_two_factor_is_turned_off_once(ada: Person) -> None:
    _, codes = ada.add_app()
    posts = [prepared(ada.browser(), OFF, OFF, code=codes[0]) for _ in range(2)]
    assert statuses(posts) == [303, 422]


def test_a_session_that_ends_while_it_proves_itself_changes_nothing(ada: Person, app: Flask) -> None:
    _, codes = ada.add_app()
    thief, owner = ada.browser(), ada.browser()
    send = prepared(thief, "/user/confirm", "/user/confirm", code=codes[0])
    end = prepared(owner, "/user/security/sessions/end-others", "/user/security")
    statuses([send, end])
    assert thief.get("/user/security").status_code == 302


@pytest.mark.parametrize("what", ["a key", "a password", "a passkey", "a sign-in", "a page", "a proof"])
def test_an_account_that_is_deleted_meanwhile_leaves_nothing(what: str, ada: Person, app: Flask) -> None:
    browser, others = ada.browser(), count(app, User) - 1
    if what == "a passkey":
        options, challenge = asked(browser.get(NEW).text, "create")
        attestation = Authenticator().register(options)
        fields = {"name": "x", "registration": challenge, "attestation": attestation}
        post = prepared(browser, NEW, "/user/security", **fields)
    elif what == "a sign-in":
        fields = {"email": ada.email, "password": PASSWORD}
        post = prepared(Browser(app.test_client()), "/login", "/login", **fields)
    else:
        path, fields = {
            "a key": ("/user/security/api-keys", {"name": "CI", "lifetime": "", "access": "everything"}),
            "a password": (
                "/user/security/password",
                {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
            ),
            "a page": ("/user/pages", {"name": "Acme"}),
            "a proof": ("/user/confirm", {"password": PASSWORD}),
        }[what]
        post = prepared(browser, path, "/user/security", **fields)

    def end() -> int:
        delete(ada)
        return 0

    assert statuses([post, end])[1] < 500
    with app.app_context(), reading():
        mine = {"users", "sessions", "api_keys", "passkeys", "status_pages", "events"}
        left = {
            name: db.session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
            for name in mine
        }
    assert left == dict.fromkeys(mine, 0) | {"users": others}
