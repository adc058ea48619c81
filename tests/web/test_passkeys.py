"""Passkeys: making them, and signing in with them alone or after the password."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from fido2.utils import websafe_decode
from flask import Flask
from sqlalchemy import select, update

from spk import create_app
from spk.db import db, now, reading, writing
from spk.models import Passkey
from spk.models.accounts import webauthn
from spk.models.accounts.passkey import MOST
from tests.authenticator import Authenticator, asked
from tests.people import Browser, Person
from tests.web.test_accounts import is_signed_in
from tests.web.test_two_factor import CODE, SECOND, give_password

NEW = "/user/security/passkeys/new"


def add(browser: Browser, authenticator: Authenticator, name: str = "Laptop") -> int:
    """Add a passkey as a person does; the status of the answer."""
    options, challenge = asked(browser.get(NEW).text, "create")
    fields = {"name": name, "registration": challenge, "attestation": authenticator.register(options)}
    return browser.submit(NEW, page=NEW, htmx=False, **fields).status_code


def assertion(browser: Browser, authenticator: Authenticator, page: str = "/login") -> dict[str, str]:
    """The fields that answer what a page asks."""
    options, challenge = asked(browser.get(page).text)
    return {"challenge": challenge, "assertion": authenticator.sign(options)}


def sign_in(browser: Browser, authenticator: Authenticator) -> int:
    fields = assertion(browser, authenticator)
    return browser.submit("/login/passkey", page="/login", htmx=False, **fields).status_code


@pytest.fixture
def laptop(ada: Person) -> Authenticator:
    """Ada’s passkey."""
    authenticator = Authenticator()
    assert add(ada.browser(), authenticator) == 201
    return authenticator


def test_the_first_passkey_comes_with_recovery_codes_and_the_next_does_not(ada: Person) -> None:
    browser = ada.browser()
    assert (add(browser, Authenticator()), add(browser, Authenticator(), "Phone")) == (201, 303)
    page = browser.get("/user/security").text
    assert "<strong>On</strong>, with 2 passkeys." in page
    assert "<strong>Laptop</strong>" in page
    assert "never used" in page


def test_a_passkey_signs_in_without_a_password(laptop: Authenticator, browser: Browser) -> None:
    fields = assertion(browser, laptop)
    answer = browser.submit("/login/passkey?next=/user/plan", page="/login", htmx=False, **fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/user/plan")
    assert "last used" in browser.get("/user/security").text


def test_a_passkey_is_a_second_factor(laptop: Authenticator, browser: Browser) -> None:
    assert give_password(browser) == SECOND
    assert not is_signed_in(browser)
    answer = browser.submit(SECOND, page=SECOND, htmx=False, **assertion(browser, laptop, SECOND))
    assert (answer.status_code, is_signed_in(browser)) == (302, True)


def test_a_key_that_only_proves_presence_is_a_second_factor(ada: Person, browser: Browser) -> None:
    """As security keys without a PIN do."""
    key = Authenticator(verifies=False)
    add(ada.browser(), key)
    give_password(browser)
    answer = browser.submit(SECOND, page=SECOND, htmx=False, **assertion(browser, key, SECOND))
    assert answer.status_code == 302


def test_a_passkey_that_did_not_ask_its_owner_does_not_sign_in_alone(
    laptop: Authenticator, browser: Browser
) -> None:
    laptop.verifies = False
    assert (sign_in(browser, laptop), is_signed_in(browser)) == (422, False)


def test_an_answer_works_once(laptop: Authenticator, browser: Browser, app: Flask) -> None:
    fields = assertion(browser, laptop)
    thief = Browser(app.test_client())
    assert browser.submit("/login/passkey", page="/login", htmx=False, **fields).status_code == 302
    assert thief.submit("/login/passkey", page="/login", htmx=False, **fields).status_code == 422
    assert not is_signed_in(thief)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:81", "https://localhost"])
def test_an_answer_for_another_origin_is_refused(
    origin: str, laptop: Authenticator, browser: Browser
) -> None:
    laptop.origin = origin
    assert (sign_in(browser, laptop), is_signed_in(browser)) == (422, False)


def test_an_answer_for_another_server_is_refused(laptop: Authenticator, browser: Browser) -> None:
    laptop.rp_id = "evil.example"
    assert (sign_in(browser, laptop), is_signed_in(browser)) == (422, False)


def test_a_signature_of_another_key_is_refused(laptop: Authenticator, browser: Browser) -> None:
    laptop.key = Authenticator().key
    assert (sign_in(browser, laptop), is_signed_in(browser)) == (422, False)


def test_a_passkey_that_nobody_registered_is_refused(browser: Browser) -> None:
    answer = browser.submit(
        "/login/passkey", page="/login", htmx=False, **assertion(browser, Authenticator())
    )
    assert (answer.status_code, "This passkey didn’t work." in answer.text) == (422, True)


def test_a_copied_passkey_is_refused(ada: Person, browser: Browser, app: Flask) -> None:
    """Its count of signatures falls behind that of the original."""
    original = Authenticator(count=7)
    add(ada.browser(), original)
    original.count = 8
    assert sign_in(browser, original) == 302
    assert sign_in(Browser(app.test_client()), original) == 422


def test_a_synced_passkey_counts_nothing_and_works_again(laptop: Authenticator, app: Flask) -> None:
    assert [sign_in(Browser(app.test_client()), laptop) for _ in range(2)] == [302, 302]


def test_the_passkey_of_somebody_else_is_no_second_factor(
    laptop: Authenticator, eve: Person, browser: Browser
) -> None:
    hers = Authenticator()
    add(eve.browser(), hers)
    give_password(browser)
    answer = browser.submit(SECOND, page=SECOND, htmx=False, **assertion(browser, hers, SECOND))
    assert (answer.status_code, is_signed_in(browser)) == (422, False)


def test_an_answer_to_one_question_is_none_to_another(
    laptop: Authenticator, ada: Person, browser: Browser
) -> None:
    signing_in = assertion(browser, laptop)
    give_password(browser)
    assert browser.submit(SECOND, page=SECOND, htmx=False, **signing_in).status_code == 422


def test_a_challenge_lasts_ten_minutes(
    laptop: Authenticator, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = assertion(browser, laptop)
    monkeypatch.setattr(webauthn, "now", lambda: now() + timedelta(minutes=10))
    answer = browser.submit("/login/passkey", page="/login", htmx=False, **fields)
    assert (answer.status_code, "This page was open too long." in answer.text) == (422, True)


def test_a_removed_passkey_signs_nobody_in(laptop: Authenticator, ada: Person, browser: Browser) -> None:
    ada.add_app()
    owner = ada.browser()
    assert owner.submit("/user/security/passkeys/1/remove").status_code == 303
    assert "“Laptop” was removed." in owner.get("/user/security").text
    assert sign_in(browser, laptop) == 422


def test_the_only_factor_is_not_removed_by_itself(laptop: Authenticator, ada: Person) -> None:
    answer = ada.browser().submit("/user/security/passkeys/1/remove")
    assert (answer.status_code, "This is your only second factor." in answer.text) == (409, True)


def test_a_strangers_passkey_is_not_found(laptop: Authenticator, eve: Person, ada: Person) -> None:
    ada.add_app()
    answer = eve.browser().submit("/user/security/passkeys/1/remove")
    assert (answer.status_code, "That passkey isn’t in your account." in answer.text) == (404, True)


def test_two_factor_is_turned_off_with_a_passkey(laptop: Authenticator, ada: Person) -> None:
    browser, page = ada.browser(), "/user/security/two-factor/off"
    assert browser.submit(page, page=page, htmx=False, **assertion(browser, laptop, page)).status_code == 303
    assert "Off. Signing in asks for your password alone." in browser.get("/user/security").text


def test_a_disabled_account_has_no_passkeys_that_work(
    laptop: Authenticator, ada: Person, browser: Browser
) -> None:
    ada.disable()
    assert (sign_in(browser, laptop), is_signed_in(browser)) == (422, False)


def test_twenty_passkeys_are_the_most(ada: Person) -> None:
    browser, first = ada.browser(), Authenticator()
    add(browser, first)
    with ada.app.app_context(), writing():
        known = db.session.scalars(select(Passkey)).one()
        for number in range(MOST - 1):
            copy = Passkey(user_id=known.user_id, name="x", public_data=known.public_data, sign_count=0)
            copy.credential_id, copy.challenged_at = f"AA{number}", now()
            db.session.add(copy)
    assert add(browser, Authenticator()) == 422


def test_the_same_passkey_is_registered_once(laptop: Authenticator, eve: Person) -> None:
    """Not even for another account: it would sign in only one of them."""
    assert add(eve.browser(), laptop) == 422


@pytest.mark.parametrize(("length", "status"), [(1023, 201), (1024, 422), (1100, 422)])
def test_an_id_has_at_most_1023_bytes(length: int, status: int, ada: Person) -> None:
    assert add(ada.browser(), Authenticator(id=bytes(length))) == status


def test_an_algorithm_that_nobody_offered_is_refused(ada: Person) -> None:
    """It would never verify, and two-factor would be on with recovery codes alone."""
    assert add(ada.browser(), Authenticator(algorithm=-9999)) == 422


def test_a_name_that_does_not_fit_is_sent_back(ada: Person) -> None:
    assert add(ada.browser(), Authenticator(), "") == 422
    assert add(ada.browser(), Authenticator(), "x" * 61) == 422


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"id": 1}',
        '{"id": "\\u0000"}',
        '{"id": "\\ud800"}',
        "[" * 4_000,
        '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}}',
    ],
)
def test_what_is_no_answer_of_a_passkey_is_refused(answer: str, ada: Person, browser: Browser) -> None:
    _, challenge = asked(browser.get("/login").text)
    assert (
        browser.submit("/login/passkey", "/login", challenge=challenge, assertion=answer).status_code == 422
    )
    owner = ada.browser()
    _, challenge = asked(owner.get(NEW).text, "create")
    fields = {"name": "Laptop", "registration": challenge, "attestation": answer}
    assert owner.submit(NEW, page=NEW, htmx=False, **fields).status_code == 422


@pytest.mark.parametrize("challenge", ["", "x", "a.b", "é", "x" * 5_000])
def test_a_challenge_that_is_none_of_ours_is_refused(
    challenge: str, laptop: Authenticator, browser: Browser
) -> None:
    fields = assertion(browser, laptop) | {"challenge": challenge}
    assert browser.submit("/login/passkey", page="/login", htmx=False, **fields).status_code == 422


def test_no_private_half_of_a_passkey_is_known(laptop: Authenticator, ada: Person) -> None:
    with ada.app.app_context(), reading():
        stored = db.session.scalars(select(Passkey)).one()
        private = laptop.key.private_numbers().private_value.to_bytes(32, "big")
    assert private not in websafe_decode(stored.public_data)


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("http://127.0.0.1:8000", "Open http://localhost:8000 instead."),
        ("http://nas.lan", "Passkeys need https, and this page was opened by plain http."),
        ("https://192.0.2.1", "Passkeys need a host name, and this page was opened by an IP address."),
    ],
)
def test_where_passkeys_cannot_work_the_page_says_why(
    base_url: str, words: str, environ: dict[str, str]
) -> None:
    app = create_app({**environ, "SPK_BASE_URL": base_url})
    client, cookie = app.test_client(), Person(app, "ada@example.com").session_cookie()
    assert "data-passkey" not in client.get("/login", base_url=base_url).text
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie, domain=urlsplit(base_url).hostname or "")
    page = client.get("/user/security", base_url=base_url).text
    assert words in page
    assert "Add a passkey" not in page
    assert client.get(NEW, base_url=base_url).status_code == 409


def test_passkeys_are_tried_a_number_of_times_a_minute(browser: Browser) -> None:
    wrong = {"challenge": "x", "assertion": "{}"}
    answers = [
        browser.submit("/login/passkey", page="/login", htmx=False, **wrong).status_code for _ in range(61)
    ]
    assert answers[59:] == [422, 429]


def test_a_passkey_whose_challenge_is_older_than_its_last_is_refused(
    laptop: Authenticator, ada: Person, browser: Browser
) -> None:
    fields = assertion(browser, laptop)
    with ada.app.app_context(), writing():
        db.session.execute(update(Passkey).values(challenged_at=now()))
    assert browser.submit("/login/passkey", page="/login", htmx=False, **fields).status_code == 422


def test_recovery_codes_help_without_the_passkey(ada: Person, browser: Browser) -> None:
    owner = ada.browser()
    options, challenge = asked(owner.get(NEW).text, "create")
    fields = {"name": "Laptop", "registration": challenge, "attestation": Authenticator().register(options)}
    codes = CODE.findall(owner.submit(NEW, page=NEW, htmx=False, **fields).text)
    give_password(browser)
    assert browser.submit(SECOND, page=SECOND, code=codes[3]).status_code == 302
