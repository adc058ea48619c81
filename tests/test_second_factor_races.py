"""Requests that meet, or are overtaken, where they have looked at an account and don’t have its lock yet."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pkgutil import resolve_name
from threading import Barrier, Event
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from spk.db import db, reading, writing
from spk.models import AuthenticatorApp, BrowserSession, Passkey, User
from spk.models.accounts import password
from spk.models.accounts.authenticator_app import new_secret
from spk.models.accounts.passkey import MOST
from spk.models.accounts.reset_link import make_reset_token
from spk.models.accounts.second_factors import SecondFactors
from tests.authenticator import Authenticator, asked
from tests.people import NEW_PASSWORD, PASSWORD, Browser, Person, code_of, password_hash
from tests.web.test_passkeys import NEW, add, assertion
from tests.web.test_two_factor import CODE, OFF, PAGE, SECOND, give_password
from tests.web.test_your_data import DELETE, rows

SECURITY, CONFIRM = "/user/security", "/user/confirm"
LOCKS = "spk.web.writing"  # where every form of somebody who is signed in enters its unit of work
MANY = 5
numbers = count()
T = TypeVar("T")
Meet = Callable[..., Callable[[], None]]
Overtake = Callable[..., Event]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Nobody is kept waiting: how often one may try is tested elsewhere."""
    return {**environ, "SPK_LOGIN_LIMIT": "1000/minute"}


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Have the first of those who call something by one of these names wait until they are so many.

    Returns what somebody calls who is to meet them, and calls nothing of these.
    """

    def arrange(number: int, *names: str) -> Callable[[], None]:
        together, arrivals = Barrier(number), count()

        def wait() -> None:
            if next(arrivals) < number:
                together.wait(30)

        for name in names:
            do_before(monkeypatch, name, wait)
        return wait

    return arrange


@pytest.fixture
def overtake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Overtake]:
    """Have something happen just before something is called by this name, the first time or a later one.

    Returns what tells whether it has.
    """
    with ThreadPoolExecutor(1) as others:

        def arrange(name: str, act: Callable[[], object], call: int = 1) -> Event:
            calls, is_overtaken = count(1), Event()

            def overtake() -> None:
                if next(calls) == call:
                    is_overtaken.set()
                    others.submit(act).result()

            do_before(monkeypatch, name, overtake)
            return is_overtaken

        yield arrange


def do_before(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], None]) -> None:
    called: Callable[..., object] = resolve_name(name)

    def act_and_call(*args: object, **kwargs: object) -> object:
        act()
        return called(*args, **kwargs)

    monkeypatch.setattr(name, act_and_call)


@dataclass
class Form:
    """One that is filled in, and has only to be sent."""

    browser: Browser
    path: str
    fields: dict[str, str]

    def send(self) -> TestResponse:
        return self.browser.client.post(self.path, data=self.fields)


def fill_in(browser: Browser, path: str, page: str = SECURITY, **fields: str) -> Form:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found
    return Form(browser, path, {"csrf_token": found[1], **fields})


def send(*forms: Form) -> list[TestResponse]:
    """Send all at the same moment."""
    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(Form.send, forms))


def statuses(answers: list[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def is_let_in(browser: Browser) -> bool:
    answer = browser.get(SECURITY)
    assert answer.status_code == 200 or answer.headers["Location"].startswith("/login")
    return answer.status_code == 200


def the_user(person: Person) -> User:
    user = User.find(person.email)
    assert user
    return user


def in_account(person: Person, find: Callable[[User], T]) -> T:
    with person.app.app_context(), reading():
        return find(the_user(person))


def sessions(person: Person) -> int:
    return in_account(person, lambda user: len(BrowserSession.of(user)))


def codes_left(person: Person) -> int:
    return in_account(person, lambda user: SecondFactors(user).codes_left)


def who_gave_the_password(person: Person, number: int) -> list[Browser]:
    browsers = [Browser(person.app.test_client()) for _ in range(number)]
    for browser in browsers:
        give_password(browser, person.email)
    return browsers


# Of many at the same moment, one


@pytest.mark.parametrize("kind", ["code", "recovery code", "passkey"])
def test_of_many_who_show_the_same_second_factor_one_is_signed_in(kind: str, ada: Person, meet: Meet) -> None:
    laptop = Authenticator()
    add(ada.browser(), laptop)
    secret, codes = ada.add_app()
    before, browsers = sessions(ada), who_gave_the_password(ada, MANY)
    if kind == "passkey":
        fields = assertion(browsers[0], laptop, SECOND)
    else:
        fields = {"code": code_of(secret) if kind == "code" else codes[0]}
    forms = [fill_in(browser, SECOND, SECOND, **fields) for browser in browsers]
    meet(MANY, "spk.web.second_factor.writing")
    assert statuses(send(*forms)) == {302: 1, 422: MANY - 1}
    assert sessions(ada) == before + 1
    assert sum(map(is_let_in, browsers)) == 1


def test_of_many_who_send_the_answer_of_a_passkey_one_is_signed_in(
    ada: Person, app: Flask, meet: Meet
) -> None:
    laptop = Authenticator()
    add(ada.browser(), laptop)
    browsers = [Browser(app.test_client()) for _ in range(MANY)]
    fields = assertion(browsers[0], laptop)
    forms = [fill_in(browser, "/login/passkey", "/login", **fields) for browser in browsers]
    meet(MANY, "spk.web.sign_in.writing")
    assert statuses(send(*forms)) == {302: 1, 422: MANY - 1}
    assert sum(map(is_let_in, browsers)) == 1


def test_a_code_that_is_shown_at_three_doors_opens_one(ada: Person, meet: Meet) -> None:
    """To sign in, to say who one is, and to turn two-factor off."""
    secret, _ = ada.add_app()
    (waiting,), code = who_gave_the_password(ada, 1), code_of(secret)
    forms = [fill_in(waiting, SECOND, SECOND, code=code)]
    forms += [fill_in(ada.browser(), path, path, code=code) for path in (CONFIRM, OFF)]
    meet(3, LOCKS, "spk.web.second_factor.writing")
    answers = statuses(send(*forms))
    assert answers.pop(422) == 2
    assert list(answers.values()) == [1]


def test_a_waiting_sign_in_makes_one_session(ada: Person, meet: Meet) -> None:
    """Its cookie is copied, and each copy has a code of its own."""
    _, codes = ada.add_app()
    (browser,) = who_gave_the_password(ada, 1)
    forms = [fill_in(browser, SECOND, SECOND, code=code) for code in codes[:MANY]]
    copies = [Form(copy_of(browser), form.path, form.fields) for form in forms]
    meet(MANY, "spk.web.second_factor.writing")
    assert [answer.headers.get("Location") for answer in send(*copies)].count(SECURITY) == 1
    assert (sessions(ada), codes_left(ada)) == (1, 9)


def copy_of(browser: Browser) -> Browser:
    app, copy = browser.client.application, browser.client.application.test_client()
    cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    copy.set_cookie(cookie.key, cookie.value)
    return Browser(copy)


def test_of_many_who_open_a_reset_link_one_sets_the_password(ada: Person, app: Flask, meet: Meet) -> None:
    with app.app_context(), writing():
        token = make_reset_token(the_user(ada))
    wanted = [f"{NEW_PASSWORD} {number}" for number in range(MANY)]
    browsers = [Browser(app.test_client()) for _ in wanted]
    forms = [
        fill_in(browser, "/reset", "/login", token=token, password=words)
        for browser, words in zip(browsers, wanted, strict=True)
    ]
    meet(MANY, "spk.web.reset.writing")
    answers = send(*forms)
    assert statuses(answers) == {303: 1, 404: MANY - 1}
    kept = in_account(ada, lambda user: user.password_hash)
    assert [password.verify(kept, words) for words in wanted] == [each.status_code == 303 for each in answers]


def test_of_many_apps_one_is_set_up(ada: Person, app: Flask, meet: Meet) -> None:
    secrets = [new_secret() for _ in range(MANY)]
    forms = [
        fill_in(ada.browser(), PAGE, SECURITY, secret=secret, first_code=code_of(secret))
        for secret in secrets
    ]
    meet(MANY, LOCKS)
    answers = send(*forms)
    assert statuses(answers) == {201: 1, 422: MANY - 1}
    (chosen,) = [number for number, answer in enumerate(answers) if answer.status_code == 201]
    shown = CODE.findall(answers[chosen].text)
    with app.app_context(), writing():
        kept = db.session.scalars(select(AuthenticatorApp)).one()
        assert kept.accepts(code_of(secrets[chosen], 1))
        assert all(SecondFactors(the_user(ada)).accept(code) for code in shown)


def test_two_first_factors_come_with_recovery_codes_once(ada: Person, meet: Meet) -> None:
    secret, browser = new_secret(), ada.browser()
    an_app = fill_in(browser, PAGE, SECURITY, secret=secret, first_code=code_of(secret))
    meet(2, LOCKS)
    answers = send(an_app, new_passkey(ada))
    assert statuses(answers) == {201: 1, 303: 1}
    shown = [code for answer in answers for code in CODE.findall(answer.text)]
    assert (len(shown), codes_left(ada)) == (10, 10)


@pytest.mark.parametrize("other", ["app", "passkey"])
def test_of_the_last_two_factors_one_stays(other: str, ada: Person, app: Flask, meet: Meet) -> None:
    ada.add_passkey()
    ada.add_passkey() if other == "passkey" else ada.add_app()
    with app.app_context(), reading():
        found = list(db.session.scalars(select(Passkey.id)))
    paths = [f"/user/security/passkeys/{number}/remove" for number in found]
    paths += ["/user/security/two-factor/app/remove"] * (other == "app")
    forms = [fill_in(ada.browser(), path) for path in paths]
    meet(2, LOCKS)
    assert statuses(send(*forms)) == {303: 1, 409: 1}
    assert in_account(ada, lambda user: SecondFactors(user).are_on)


def test_passkeys_that_are_added_at_once_keep_to_their_limit(ada: Person, meet: Meet) -> None:
    for _ in range(MOST - 2):
        ada.add_passkey()
    forms = [new_passkey(ada) for _ in range(MANY)]
    meet(MANY, LOCKS)
    assert statuses(send(*forms)) == {303: 2, 422: MANY - 2}
    assert in_account(ada, lambda user: len(SecondFactors(user).passkeys)) == MOST


def test_an_address_that_two_accounts_want_goes_to_one(ada: Person, eve: Person, meet: Meet) -> None:
    forms = [fill_in(each.browser(), "/user/security/email", email="new@example.com") for each in (ada, eve)]
    meet(2, LOCKS)
    assert statuses(send(*forms)) == {303: 1, 409: 1}


def test_of_two_who_change_the_password_one_does_and_signs_out_the_other(ada: Person, meet: Meet) -> None:
    wanted = [f"{NEW_PASSWORD} {number}" for number in range(2)]
    browsers = [ada.browser() for _ in wanted]
    path, given = "/user/security/password", {"current_password": PASSWORD}
    forms = [
        fill_in(browser, path, new_password=words, **given)
        for browser, words in zip(browsers, wanted, strict=True)
    ]
    meet(2, "spk.models.accounts.password.hash")
    send(*forms)
    kept = in_account(ada, lambda user: user.password_hash)
    let_in = [is_let_in(browser) for browser in browsers]
    assert sum(let_in) == 1
    assert [password.verify(kept, words) for words in wanted] == let_in


# Forms of one person

Fill = Callable[[Person], Form]


def give(person: Person) -> Form:
    fields = {"email": person.email, "password": PASSWORD}
    return fill_in(Browser(person.app.test_client()), "/login", "/login", **fields)


def show_code(person: Person) -> Form:
    _, codes = person.add_app()
    (browser,) = who_gave_the_password(person, 1)
    return fill_in(browser, SECOND, SECOND, code=codes[0])


def show_passkey(person: Person) -> Form:
    laptop, browser = Authenticator(), Browser(person.app.test_client())
    add(person.browser(), laptop)
    return fill_in(browser, "/login/passkey", "/login", **assertion(browser, laptop))


def new_passkey(person: Person) -> Form:
    browser = person.browser()
    options, challenge = asked(browser.get(NEW).text, "create")
    made = Authenticator().register(options)
    return fill_in(browser, NEW, SECURITY, name="Laptop", registration=challenge, attestation=made)


def new_app(person: Person) -> Form:
    secret = new_secret()
    return fill_in(person.browser(), PAGE, SECURITY, secret=secret, first_code=code_of(secret))


def new_password(person: Person) -> Form:
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return fill_in(person.browser(), "/user/security/password", **fields)


def new_key(person: Person) -> Form:
    return fill_in(person.browser(), "/user/security/api-keys", name="CI")


def new_page(person: Person) -> Form:
    return fill_in(person.browser(), "/user/pages", name="Acme")


def confirm(person: Person) -> Form:
    return fill_in(person.browser(), CONFIRM, password=PASSWORD)


def confirm_by_code(person: Person) -> Form:
    _, codes = person.add_app()
    return fill_in(person.browser(), CONFIRM, code=codes[0])


def end_others(person: Person) -> Form:
    return fill_in(person.browser(), "/user/security/sessions/end-others")


def sign_out(person: Person) -> Form:
    return fill_in(person.browser(), "/logout")


def reset(person: Person) -> Form:
    with person.app.app_context(), writing():
        token = make_reset_token(the_user(person))
    browser = Browser(person.app.test_client())
    return fill_in(browser, "/reset", "/login", token=token, password=NEW_PASSWORD)


def delete(person: Person) -> Form:
    return fill_in(person.browser(), DELETE, DELETE, email=person.email)


# Who is disabled, signed out, or has other factors meanwhile

SIGN_INS = [
    (give, "spk.web.sign_in.start_session"),
    (show_code, "spk.web.second_factor.writing"),
    (show_passkey, "spk.web.sign_in.writing"),
]


@pytest.mark.parametrize(("fill", "place"), SIGN_INS)
def test_nobody_stays_who_signs_in_while_the_account_is_disabled(
    fill: Fill, place: str, ada: Person, app: Flask, meet: Meet
) -> None:
    form, wait = fill(ada), meet(2, place)

    def disable() -> None:
        wait()
        ada.disable()

    with ThreadPoolExecutor(1) as operator:
        disabled = operator.submit(disable)
        assert form.send().status_code in (302, 422)
        disabled.result()
    with app.app_context(), writing():
        the_user(ada).enable()
    assert (is_let_in(form.browser), sessions(ada)) == (False, 0)


@pytest.mark.parametrize(("fill", "place"), SIGN_INS)
def test_nobody_is_signed_in_once_the_account_is_disabled(
    fill: Fill, place: str, ada: Person, overtake: Overtake
) -> None:
    form = fill(ada)
    overtake(place, ada.disable)
    assert form.send().status_code == 422
    assert (is_let_in(form.browser), sessions(ada)) == (False, 0)


@pytest.mark.parametrize(("fill", "place"), SIGN_INS)
def test_nobody_is_signed_in_once_the_password_is_another(
    fill: Fill, place: str, ada: Person, overtake: Overtake
) -> None:
    form, new = fill(ada), password_hash(NEW_PASSWORD)

    def change() -> None:
        with ada.app.app_context(), writing():
            user = the_user(ada)
            user.set_password(new)
            BrowserSession.end_all(user)

    overtake(place, change)
    assert form.send().status_code == 422
    assert (is_let_in(form.browser), sessions(ada)) == (False, 0)


def test_a_factor_that_is_added_while_the_password_is_verified_is_asked_for(
    ada: Person, overtake: Overtake
) -> None:
    form = give(ada)
    overtake("spk.web.sign_in.start_session", ada.add_app)
    assert form.send().headers["Location"] == SECOND
    assert not is_let_in(form.browser)


def test_where_a_factor_is_added_meanwhile_the_password_proves_nothing(
    ada: Person, overtake: Overtake
) -> None:
    form = confirm(ada)
    ada.forget_proof()
    overtake(LOCKS, ada.add_app, 2)
    assert form.send().status_code == 422
    assert form.browser.get(PAGE).status_code == 403


@pytest.mark.parametrize(("fill", "place"), SIGN_INS[1:])
def test_a_factor_that_is_removed_meanwhile_signs_nobody_in(
    fill: Fill, place: str, ada: Person, overtake: Overtake
) -> None:
    def remove() -> None:
        with ada.app.app_context(), writing():
            user = the_user(ada)
            user.lock()
            SecondFactors(user).turn_off()

    form = fill(ada)
    overtake(place, remove)
    assert form.send().status_code == 422
    assert not is_let_in(form.browser)


@pytest.mark.parametrize(("fill", "call"), [(confirm, 1), (confirm, 2), (confirm_by_code, 1)])
def test_a_session_that_has_ended_proves_nothing(
    fill: Fill, call: int, ada: Person, overtake: Overtake
) -> None:
    form, left = fill(ada), codes_left(ada)
    overtake(LOCKS, end_others(ada).send, call)
    assert form.send().headers["Location"].startswith("/login")
    assert (is_let_in(form.browser), sessions(ada), codes_left(ada)) == (False, 1, left)


@pytest.mark.parametrize("fill", [confirm, confirm_by_code])
def test_a_session_that_ends_while_it_proves_something_has_ended(fill: Fill, ada: Person, meet: Meet) -> None:
    form, end = fill(ada), end_others(ada)
    meet(2, LOCKS)
    send(form, end)
    assert (is_let_in(form.browser), is_let_in(end.browser), sessions(ada)) == (False, True, 1)


# An account that is deleted meanwhile

# None that changes what deleting takes: the session, or the address that is typed.
WRITERS = [
    *SIGN_INS,
    *((fill, LOCKS) for fill in (new_passkey, new_app, new_key, new_page)),
    *((fill, LOCKS) for fill in (confirm, confirm_by_code, delete)),
]
FORMS = [*(fill for fill, _ in WRITERS if fill != delete), new_password, reset, sign_out]


@pytest.mark.parametrize(("fill", "place"), WRITERS)
def test_an_account_that_is_deleted_at_the_same_moment_leaves_nothing(
    fill: Fill, place: str, app: Flask, meet: Meet
) -> None:
    before = rows(app)
    carl = new_person(app)
    form, end = fill(carl), delete(carl)
    meet(2, *{place, LOCKS})
    assert all(answer.status_code < 500 for answer in send(form, end))
    assert rows(app) == before
    assert not is_let_in(form.browser)


@pytest.mark.parametrize("fill", FORMS)
def test_an_account_that_is_deleted_between_two_steps_leaves_nothing(
    fill: Fill, app: Flask, overtake: Overtake
) -> None:
    """Before each unit of work of a request in turn."""
    before = rows(app)
    for step in count(1):
        carl = new_person(app)
        form, end = fill(carl), delete(carl)
        is_overtaken = overtake("spk.db._begin_unit", end.send, step)
        assert form.send().status_code < 500
        if not is_overtaken.is_set():
            break
        assert rows(app) == before
        assert not is_let_in(form.browser)
    assert step > 1


def new_person(app: Flask) -> Person:
    with app.app_context(), writing():
        return Person(app, User.create(f"{next(numbers)}@example.com", password_hash(), "pro").email)


def test_an_account_that_is_deleted_before_a_refusal_is_shown_is_asked_to_sign_in(
    eve: Person, app: Flask, overtake: Overtake
) -> None:
    carl = new_person(app)
    form, end = fill_in(carl.browser(), f"{SECURITY}/email", email=eve.email), delete(carl)
    is_overtaken = overtake("spk.web.security.reading", end.send)
    answer = form.send()
    assert (is_overtaken.is_set(), answer.status_code) == (True, 302)
    assert answer.headers["Location"].startswith("/login")


def test_signing_out_ends_a_session_whose_secret_is_renewed_meanwhile(
    ada: Person, app: Flask, overtake: Overtake
) -> None:
    browser = ada.browser()
    leave = fill_in(browser, "/logout")
    proof = fill_in(browser, CONFIRM, CONFIRM, password=PASSWORD)
    is_overtaken = overtake("spk.web.sign_in.writing", proof.send)
    leave.send()
    assert is_overtaken.is_set()
    with app.app_context(), reading():
        assert db.session.scalars(select(BrowserSession.id)).all() == []
