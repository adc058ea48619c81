"""Signing in as a state machine: in whatever order things happen, proofs let in, and each only once."""

import itertools
import re
from collections.abc import Callable, Sized
from dataclasses import dataclass, field, replace

import pyotp
import pytest
from fido2.utils import websafe_encode
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from werkzeug.test import TestResponse

from spk.db import reading, writing
from spk.models import BrowserSession, Passkey, User
from spk.models.accounts import authenticator_app
from spk.models.accounts.authenticator_app import STEP, new_secret
from spk.models.accounts.passkey import MOST
from spk.models.accounts.reset_link import make_reset_token
from spk.models.accounts.second_factors import SecondFactors
from tests.authenticator import Authenticator, asked
from tests.people import PASSWORD, Browser, Person, password_hash
from tests.web.test_two_factor import CODE, OFF, PAGE, SECOND

SECURITY, PASSKEYS = "/user/security", "/user/security/passkeys"
CONFIRM, PLAN = "/user/confirm", "/user/plan"
STEPS = {"code": 0, "early code": 1, "late code": -1}  # from now
# Where there is none of a kind, another one is shown.
RIGHT = [*STEPS, "recovery code", "passkey", "unverified passkey"]
WRONG = ["spent code", "spent answer", "wrong code", "code of a removed app", "removed passkey"]
WRONG += ["answer to another question", "password", "nothing"]
WAYS = {"password", "passkey alone", "confirm", "turn off"}
DOORS = ["sign_in", "sign_in", "sign_in_by_passkey", "show_second_factor", "confirm", "turn_off"]
CHANGES = ["set_up_app", "add_passkey", "remove_all_but_app", "remove_all_but_passkey", "renew_codes"]
ENDS = ["sign_out", "end_other_session", "end_other_sessions", "change_password", "open_reset_link"]
ENDS += ["disable", "reset_two_factor"]
OTHERS = ["give_password", "give_wrong_password", "confirm_by_password"]
numbers = itertools.count()
seats = st.integers(0, 3)  # 2 and 3 stand for whoever is signed in


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Nobody is kept waiting: how often one may try is tested elsewhere."""
    return {**environ, "SPK_LOGIN_LIMIT": "1000/minute"}


class Clock:
    """For authenticator apps in place of the module `time`: their codes don’t take half a minute to come."""

    step = 60_000_000

    def time(self) -> float:
        return self.step * STEP


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(authenticator_app, "time", clock := Clock())
    return clock


@dataclass
class Seat:
    """A browser, and what must hold of it."""

    browser: Browser
    is_signed_in: bool = False
    is_proved: bool = False  # a short time ago
    waits: bool = False  # for a second factor

    def let_in(self) -> None:
        self.is_signed_in, self.is_proved, self.waits = True, True, False

    @property
    def page(self) -> str:
        """A small one with a form."""
        return PLAN if self.is_signed_in else "/login"


@dataclass
class Proof:
    """What is sent, whether it must be accepted, and what to note if it was."""

    kind: str
    fields: dict[str, str]
    is_right: bool = False
    spend: Callable[[], None] = lambda: None


@dataclass
class Expected:
    """What the account must be, by what was done with it."""

    password: int = 0  # its number
    is_disabled: bool = False
    secret: str = ""  # of the app
    last_step: int = 0
    passkeys: list[Authenticator] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # for recovery
    removed_secrets: list[str] = field(default_factory=lambda: [new_secret()])
    removed_passkeys: list[Authenticator] = field(default_factory=lambda: [Authenticator()])
    spent_codes: list[str] = field(default_factory=lambda: ["000000"])
    spent_answers: list[dict[str, str]] = field(
        default_factory=lambda: [{"challenge": "", "assertion": "{}"}]
    )

    @property
    def has_factor(self) -> bool:
        return bool(self.secret or self.passkeys)

    def remove_app(self) -> None:
        if self.secret:
            self.removed_secrets.append(self.secret)
        self.secret = ""

    def use_step(self, step: int, code: str) -> None:
        self.last_step = step
        self.spent_codes.append(code)

    def use_code(self, code: str) -> None:
        self.codes.remove(code)
        self.spent_codes.append(code)

    def renew_codes(self, codes: list[str]) -> None:
        self.spent_codes += self.codes
        self.codes = codes

    def turn_off(self) -> None:
        self.remove_app()
        self.renew_codes([])
        self.removed_passkeys += self.passkeys
        self.passkeys = []


class SignIn(RuleBasedStateMachine):
    """One account, two browsers of its owner, and a stranger’s."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        super().__init__()
        self.app, self.clock, self.opened = app, clock, set[str]()
        app.extensions["rate_limits"].reset()
        self.email = f"machine{next(numbers)}@example.com"
        with app.app_context(), writing():
            User.create(self.email, password_hash(), "pro")
        self.account = Expected()
        self.seats = [Seat(Browser(app.test_client())) for _ in range(2)]
        self.stranger = Browser(app.test_client())
        self.pages = [SECURITY, PLAN]

    @initialize(factors=st.sampled_from(["app and passkey", "app", "passkey"]), stays=st.booleans())
    def begin(self, factors: str, stays: bool) -> None:
        self.give_password(0)
        if "app" in factors:
            self.set_up_app(0)
        if "passkey" in factors:
            self.add_passkey(0)
        if not stays:
            self.sign_out(0)

    @rule(
        what=st.sampled_from(DOORS + CHANGES + ENDS + OTHERS),
        seat=seats,
        first=st.sampled_from(WRONG),
        then=st.sampled_from(RIGHT),
        pause=st.sampled_from([0, 0, 0, 1, 120]),
    )
    def go_on(self, what: str, seat: int, first: str, then: str, pause: int) -> None:
        """One rule for everything: of several, Hypothesis leaves out half in each run."""
        self.wait(pause)
        if what not in DOORS and not any(place.is_signed_in for place in self.seats):
            self.sign_in(seat, then)
        if what in DOORS:
            getattr(self, what)(seat, first)
            getattr(self, what)(seat, then)
        else:
            getattr(self, what)(seat)

    def wait(self, steps: int) -> None:
        """So many times half a minute; after long ones everybody is asked again who they are."""
        self.clock.step += steps
        if steps > 100:
            Person(self.app, self.email).forget_proof()
            for place in self.seats:
                place.is_proved = False

    # Signing in

    def give_password(self, seat: int) -> None:
        place, account = self.place(seat), self.account
        answer = self.send(place, "/login", email=self.email, password=words(account.password))
        if account.is_disabled:
            assert answer.status_code == 422
        elif account.has_factor:
            assert goes_to(answer, SECOND)
            place.waits = True
        else:
            assert goes_to(answer, SECURITY)
            place.let_in()
            self.opened.add("password")

    def give_wrong_password(self, seat: int) -> None:
        for number in (self.account.password - 1, self.account.password + 1):
            answer = self.send(self.place(seat), "/login", email=self.email, password=words(number))
            assert answer.status_code == 422

    def show_second_factor(self, seat: int, kind: str) -> None:
        place = self.place(seat)
        answer, proof = self.prove(place, SECOND, kind, SECOND if place.waits else place.page)
        if not place.waits:
            assert goes_to(answer, "/login")
        elif proof.is_right:
            assert goes_to(answer, SECURITY)
            place.let_in()
            self.has_opened(place, proof, "second factor")
        else:
            assert answer.status_code == 422

    def sign_in(self, seat: int, kind: str) -> None:
        self.give_password(seat)
        self.show_second_factor(seat, kind)

    def sign_in_by_passkey(self, seat: int, kind: str) -> None:
        place = self.place(seat)
        proof = self.proof(kind, self.read(self.stranger, "/login"), "/login/passkey")
        answer = self.send(place, "/login/passkey", **proof.fields)
        if proof.is_right and proof.kind == "passkey" and not self.account.is_disabled:
            assert goes_to(answer, SECURITY)
            place.let_in()
            self.has_opened(place, proof, "passkey alone", "/login/passkey")
        else:
            assert answer.status_code == 422

    def has_opened(self, place: Seat, proof: Proof, what: str, path: str = OFF) -> None:
        """No proof works twice."""
        proof.spend()
        assert self.send(place, path, **proof.fields).status_code == 422
        self.opened |= {what, proof.kind}

    # What is for whoever is signed in

    def confirm(self, seat: int, kind: str) -> None:
        place = self.place(seat)
        answer, proof = self.prove(place, CONFIRM, kind, CONFIRM if place.is_signed_in else "/login")
        is_right = proof.is_right if self.account.has_factor else kind == "password"
        if not place.is_signed_in:
            assert goes_to(answer, "/login")
        elif is_right:
            assert goes_to(answer, SECURITY)
            place.is_proved = True
            self.has_opened(place, proof, "confirm")
        else:
            assert answer.status_code == 422

    def confirm_by_password(self, seat: int) -> None:
        self.confirm(seat, "password")

    def turn_off(self, seat: int, kind: str) -> None:
        """It asks for a factor however short ago the last proof was."""
        place = self.place(seat)
        answer, proof = self.prove(place, OFF, kind, OFF if self.account.has_factor else place.page)
        if not place.is_signed_in:
            assert goes_to(answer, "/login")
        elif proof.is_right:
            assert goes_to(answer, SECURITY)
            self.account.turn_off()
            self.has_opened(place, proof, "turn off")
        else:
            assert answer.status_code == 422

    def set_up_app(self, seat: int) -> None:
        """With a wrong code first."""
        place, account = self.place(seat), self.account
        page = self.read(place.browser, PAGE)
        found = re.search(r'name="secret"[^>]*value="([A-Z2-7]{32})"', page)
        assert bool(found) is (place.is_signed_in and place.is_proved)
        secret = found[1] if found else new_secret()
        code = self.code_of(secret)
        answer = self.change(place, PAGE, page, secret=secret, first_code=code[:5])
        assert answer is None or answer.status_code == 422
        answer = self.change(place, PAGE, page, secret=secret, first_code=code)
        if answer and account.secret:
            assert answer.status_code == 422
        elif answer:
            self.has_added(answer)
            account.secret = secret
            account.use_step(self.clock.step, code)
            self.confirm(seat, "spent code")

    def add_passkey(self, seat: int) -> None:
        place, made = self.place(seat), Authenticator()
        page = self.read(place.browser, f"{PASSKEYS}/new")
        is_asked = 'data-passkey="create"' in page
        assert is_asked is (place.is_signed_in and place.is_proved)
        options, challenge = asked(page, "create") if is_asked else ({"challenge": ""}, "")
        answer = self.change(
            place,
            f"{PASSKEYS}/new",
            page,
            name="Laptop",
            registration=challenge,
            attestation=made.register(options),
        )
        if answer and len(self.account.passkeys) == MOST:
            assert answer.status_code == 422
        elif answer:
            self.has_added(answer)
            self.account.passkeys.append(made)

    def has_added(self, answer: TestResponse) -> None:
        """The first factor comes with recovery codes, and no other does."""
        codes = CODE.findall(answer.text)
        assert (answer.status_code, len(codes)) == ((303, 0) if self.account.has_factor else (201, 10))
        self.account.codes += codes

    def remove_all_but_app(self, seat: int) -> None:
        for passkey in [*self.account.passkeys, self.account.removed_passkeys[0]]:
            self.remove_passkey(seat, passkey)
        self.remove_app(seat)

    def remove_all_but_passkey(self, seat: int) -> None:
        self.remove_app(seat)
        for passkey in [*self.account.passkeys]:
            self.remove_passkey(seat, passkey)

    def remove_passkey(self, seat: int, passkey: Authenticator) -> None:
        account = self.account
        answer = self.change(self.place(seat), f"{PASSKEYS}/{self.id_of(passkey)}/remove")
        if answer and passkey not in account.passkeys:
            assert answer.status_code == 404
        elif answer and not account.secret and len(account.passkeys) == 1:
            assert answer.status_code == 409
        elif answer:
            assert goes_to(answer, SECURITY)
            account.passkeys.remove(passkey)
            account.removed_passkeys.append(passkey)
            self.turn_off(seat, "removed passkey")

    def remove_app(self, seat: int) -> None:
        answer = self.change(self.place(seat), "/user/security/two-factor/app/remove")
        if answer and self.account.secret and self.account.passkeys:
            assert goes_to(answer, SECURITY)
            self.account.remove_app()
            self.turn_off(seat, "code of a removed app")
        elif answer:
            assert answer.status_code == 409

    def renew_codes(self, seat: int) -> None:
        if answer := self.change(self.place(seat), "/user/security/two-factor/codes"):
            codes = CODE.findall(answer.text)
            assert (answer.status_code, len(codes)) == ((201, 10) if self.account.has_factor else (409, 0))
            self.account.renew_codes(codes)
            self.turn_off(seat, "spent code")

    # What ends access

    def sign_out(self, seat: int) -> None:
        place = self.place(seat)
        assert goes_to(self.send(place, "/logout"), "/login")
        place.is_signed_in, place.waits = False, False

    def end_other_session(self, seat: int) -> None:
        """Where there is another one: whoever waits for a second factor goes on."""
        place = self.place(seat)
        found = re.search(r"/user/security/sessions/\d+/end\b", self.read(place.browser, SECURITY))
        waits = [each.waits for each in self.seats]
        self.end_other_sessions(seat, found[0] if found else "/user/security/sessions/0/end")
        for each, waited in zip(self.seats, waits, strict=True):
            each.waits = waited

    def end_other_sessions(self, seat: int, path: str = "/user/security/sessions/end-others") -> None:
        place = self.place(seat)
        if answer := self.change(place, path):
            assert goes_to(answer, SECURITY)
            self.end_all_but(place)

    def change_password(self, seat: int) -> None:
        """With a wrong one first; the other browser is signed in, and waits to be so once more."""
        place, account = self.place(seat), self.account
        other = 1 - self.seats.index(place)
        self.sign_in(other, "recovery code")
        self.give_password(other)
        for number, status in ((99, 422), (account.password, 302)):
            answer = self.change(
                place,
                "/user/security/password",
                asks=account.has_factor,
                current_password=words(number),
                new_password=words(account.password + 1),
            )
            assert answer is None or answer.status_code == status
        if answer:
            self.has_new_password(place)

    def open_reset_link(self, seat: int) -> None:
        """Twice: it works once, and lets nobody in."""
        self.give_password(seat)
        with self.app.app_context(), writing():
            token = make_reset_token(self.user())
        fields = {"token": token, "password": words(self.account.password + 1)}
        answers = [self.stranger.submit("/reset", "/login", htmx=False, **fields) for _ in range(2)]
        assert [answer.status_code for answer in answers] == (
            [404, 404] if self.account.is_disabled else [303, 404]
        )
        if not self.account.is_disabled:
            self.has_new_password(None)

    def has_new_password(self, kept: Seat | None) -> None:
        """Whoever waits for a second factor has given another one, and waits no more."""
        self.account.password += 1
        self.end_all_but(kept)
        for seat in range(2):
            self.show_second_factor(seat, "recovery code")

    def disable(self, seat: int) -> None:
        """For a while: every door is shut, and nothing is used up that is shown there."""
        self.give_password(seat)
        with self.app.app_context(), writing():
            self.user().disable()
        self.account.is_disabled = True
        self.end_all_but(None)
        self.show_second_factor(seat, "recovery code")
        self.sign_in(seat, "code")
        self.sign_in_by_passkey(seat, "passkey")
        self.open_reset_link(seat)
        self.who_is_signed_in_sees_the_page_and_nobody_else_does()
        with self.app.app_context(), writing():
            self.user().enable()
        self.account.is_disabled = False

    def reset_two_factor(self, _seat: int) -> None:
        """As `spk user reset-two-factor` does."""
        with self.app.app_context(), writing():
            user = self.user()
            user.lock()
            SecondFactors(user).turn_off("second_factors:reset")
        self.account.turn_off()

    # What must hold

    @invariant()
    def who_is_signed_in_sees_the_page_and_nobody_else_does(self) -> None:
        self.pages.reverse()  # in turns, as the other one for the same people takes a fifth of the time
        for place, path in zip(self.seats, self.pages, strict=True):
            answer = place.browser.get(path)
            assert (answer.status_code == 200) is place.is_signed_in
            assert place.is_signed_in or goes_to(answer, "/login")

    @invariant()
    def no_stranger_is_signed_in(self) -> None:
        assert goes_to(self.stranger.get(SECURITY), "/login")

    @invariant()
    def there_are_the_factors_codes_and_sessions_that_there_must_be(self) -> None:
        with self.app.app_context(), reading():
            user = self.user()
            factors, sessions = SecondFactors(user), BrowserSession.of(user)
            found = factors.are_on, len(factors.passkeys), factors.codes_left, len(sessions)
        account, signed_in = self.account, sum(place.is_signed_in for place in self.seats)
        assert found == (account.has_factor, len(account.passkeys), len(account.codes), signed_in)

    # How it is done

    def place(self, seat: int) -> Seat:
        return self.seats[seat] if seat < 2 else max(self.seats, key=lambda place: place.is_signed_in)

    def user(self) -> User:
        user = User.find(self.email)
        assert user
        return user

    def read(self, browser: Browser, path: str) -> str:
        answer = browser.get(path)
        assert answer.status_code < 500
        return answer.text

    def send(self, place: Seat, path: str, page: str = "", **fields: str) -> TestResponse:
        """Submit a form with the CSRF token of this page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', page or self.read(place.browser, place.page))
        answer = place.browser.client.post(path, data={"csrf_token": token[1] if token else "", **fields})
        assert answer.status_code < 500
        return answer

    def change(
        self, place: Seat, path: str, page: str = "", asks: bool = True, **fields: str
    ) -> TestResponse | None:
        """The answer to a form of the Security page; nothing where it asks to sign in, or who it is."""
        answer = self.send(place, path, page, **fields)
        if not place.is_signed_in:
            assert goes_to(answer, "/login")
            return None
        if asks and not place.is_proved:
            assert (answer.status_code, "Confirm it’s you" in answer.text) == (403, True)
            return None
        return answer

    def prove(self, place: Seat, path: str, kind: str, where: str) -> tuple[TestResponse, Proof]:
        """Show a proof at a door, by its page."""
        page = self.read(place.browser, where)
        proof = self.proof(kind, page, path)
        return self.send(place, path, page, **proof.fields), proof

    def end_all_but(self, kept: Seat | None) -> None:
        """Whoever waits for a second factor waits no more, in that browser neither."""
        for place in self.seats:
            place.is_signed_in, place.waits = place.is_signed_in and place is kept, False

    def id_of(self, authenticator: Authenticator) -> int:
        """Its number, or one that was never given."""
        with self.app.app_context(), reading():
            found = Passkey.find(websafe_encode(authenticator.id))
            return found.id if found else 2**31 - 1

    def code_of(self, secret: str, steps: int = 0) -> str:
        return pyotp.TOTP(secret).generate_otp(self.clock.step + steps)

    def proof(self, kind: str, page: str, door: str) -> Proof:
        """One of this kind for a door and its page, or another one where there is none of the kind."""
        account = self.account
        passkeys = account.passkeys if 'data-passkey="get"' in page else []
        right: dict[str, Sized] = {**dict.fromkeys(STEPS, account.secret), "recovery code": account.codes}
        right |= dict.fromkeys(["passkey", "unverified passkey"], passkeys)
        have = [name for name, found in right.items() if found]
        if kind in RIGHT and have:
            return self.right_proof(kind if kind in have else have[-1], page)
        wrong = {
            "spent answer": account.spent_answers[-1],
            "spent code": {"code": account.spent_codes[-1]},
            "code of a removed app": {"code": self.code_of(account.removed_secrets[-1])},
            "wrong code": {"code": self.wrong_code()},
            "password": {"password": words(account.password)},
        }
        if kind == "removed passkey":
            wrong[kind] = sign(account.removed_passkeys[-1], page)
        if passkeys and kind == "answer to another question":
            asking = (self.place(2).browser, OFF) if door == "/login/passkey" else (self.stranger, "/login")
            wrong[kind] = sign(passkeys[-1], self.read(*asking))
        return Proof(kind, wrong.get(kind, {"code": ""}))

    def right_proof(self, kind: str, page: str) -> Proof:
        account = self.account
        if "passkey" in kind:  # an unverified one is none to sign in with alone
            fields = sign(replace(account.passkeys[-1], verifies=kind == "passkey"), page)
            return Proof(kind, fields, True, lambda: account.spent_answers.append(fields))
        if kind == "recovery code":
            code = account.codes[-1]
            return Proof(kind, {"code": code}, True, lambda: account.use_code(code))
        self.clock.step += 2 * (kind == "code")  # as for somebody who waits for a new one
        step = self.clock.step + STEPS[kind]
        code = self.code_of(account.secret, STEPS[kind])
        return Proof(kind, {"code": code}, step > account.last_step, lambda: account.use_step(step, code))

    def wrong_code(self) -> str:
        secret = self.account.secret or self.account.removed_secrets[-1]
        near = [self.code_of(secret, steps) for steps in STEPS.values()]
        return next(code for code in ("100000", "100001", "100002", "100003") if code not in near)


def sign(authenticator: Authenticator, page: str) -> dict[str, str]:
    """What it answers to the question of a page, if that has one."""
    if 'data-passkey="get"' not in page:
        return {"code": ""}
    options, challenge = asked(page)
    return {"challenge": challenge, "assertion": authenticator.sign(options)}


def words(number: int) -> str:
    """The account’s password after so many changes."""
    return f"{PASSWORD} {number}" if number else PASSWORD


def goes_to(answer: TestResponse, path: str) -> bool:
    where = re.split("[?#]", answer.headers.get("Location", ""))[0]
    return answer.status_code in (302, 303) and where == path


def test_only_proofs_let_anybody_in_whatever_is_done_in_whatever_order(app: Flask, clock: Clock) -> None:
    run_state_machine_as_test(
        lambda: SignIn(app, clock),  # type: ignore[arg-type]  # whatever makes one will do
        settings=settings(max_examples=4, stateful_step_count=20, deadline=None, derandomize=True),
    )


def test_each_proof_opens_its_doors(app: Flask, clock: Clock) -> None:
    """Otherwise nothing that is done above would say much."""
    machine = SignIn(app, clock)
    machine.begin("app and passkey", stays=True)
    for kind in RIGHT:
        machine.sign_in(1, kind)
    machine.sign_in_by_passkey(1, "passkey")
    machine.wait(120)
    machine.confirm(0, "recovery code")
    machine.turn_off(0, "code")
    machine.who_is_signed_in_sees_the_page_and_nobody_else_does()
    assert machine.opened >= WAYS | set(RIGHT) - {"late code"}
