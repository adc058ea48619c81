from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from spk.db import db, now, reading, writing
from spk.models import SignInAttempt
from spk.models.accounts.sign_in_attempt import ALL_OF_ACCOUNT, WRONG_A_DAY, TooManyAttempts

LIMIT = 5
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"SPK_LOGIN_LIMIT": f"{LIMIT}/minute"}


def attempt(app: Flask, email: str, address: str = HERE, place: str = "", *, right: bool = False) -> bool:
    """Whether a try is allowed."""
    with app.app_context(), writing():
        try:
            ids = SignInAttempt.record(email, address, place)
        except TooManyAttempts:
            return False
        if right:
            SignInAttempt.forgive(ids)
        return True


def use_up(app: Flask, email: str, address: str = HERE) -> None:
    for _ in range(LIMIT):
        assert attempt(app, email, address)


def use_up_address(app: Flask, address: str = HERE) -> None:
    for number in range(LIMIT):
        assert attempt(app, f"person{number}", address)


def age(app: Flask, since: timedelta) -> None:
    with app.app_context(), writing():
        db.session.execute(update(SignInAttempt).values(created_at=now() - since))


def rows(app: Flask) -> int:
    with app.app_context(), reading():
        return db.session.scalar(select(func.count()).select_from(SignInAttempt)) or 0


def test_as_many_tries_as_the_limit_are_allowed(app: Flask) -> None:
    assert [attempt(app, "ada") for _ in range(LIMIT + 2)] == [True] * LIMIT + [False] * 2


def test_the_limit_holds_for_tries_at_the_same_moment(app: Flask) -> None:
    together = Barrier(4 * LIMIT)

    def go(_number: int) -> bool:
        together.wait(30)
        return attempt(app, "ada")

    with ThreadPoolExecutor(4 * LIMIT) as pool:
        allowed = list(pool.map(go, range(4 * LIMIT)))
    assert allowed.count(True) == LIMIT


def test_the_limit_holds_whatever_address_the_tries_come_from(app: Flask) -> None:
    use_up(app, "ada", HERE)
    assert not attempt(app, "ada", THERE)


def test_an_address_may_try_as_many_accounts_as_the_limit(app: Flask) -> None:
    use_up_address(app)
    assert not attempt(app, "eve")
    assert attempt(app, "eve", THERE)


def test_a_colleague_who_forgot_a_password_locks_out_nobody_else(app: Flask) -> None:
    use_up(app, "ada")
    assert not attempt(app, "ada")
    assert attempt(app, "eve")


def test_the_tries_from_a_known_place_are_counted_by_themselves(app: Flask) -> None:
    use_up(app, "ada", THERE)
    use_up_address(app, HERE)
    assert [attempt(app, "ada", HERE, "browser 1") for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]
    assert attempt(app, "ada", HERE, "browser 2")


def test_a_refused_try_counts_for_nobody(app: Flask) -> None:
    use_up_address(app)
    before = rows(app)
    assert not attempt(app, "eve")
    assert rows(app) == before


def test_tries_are_allowed_again_once_the_minute_has_passed(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=61))
    assert attempt(app, "ada")


def test_tries_are_refused_until_the_minute_has_passed(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=50))
    assert not attempt(app, "ada")


def test_guessing_slowly_ends_for_the_day(app: Flask) -> None:
    for _ in range(WRONG_A_DAY):
        use_up(app, "ada")
        age(app, timedelta(minutes=5))
    assert not attempt(app, "ada")
    age(app, timedelta(days=1, seconds=1))
    assert attempt(app, "ada")


def test_right_tries_have_a_limit_too_and_a_higher_one(app: Flask) -> None:
    most = LIMIT * ALL_OF_ACCOUNT
    allowed = [attempt(app, "ada", right=True) for _ in range(most + 1)]
    assert allowed == [True] * most + [False]


def test_a_refusal_says_when_to_try_again(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=20))
    with (
        app.app_context(),
        pytest.raises(TooManyAttempts, match=r"^Too many attempts\. Wait a minute and") as refusal,
        writing(),
    ):
        SignInAttempt.record("ada", HERE)
    assert 35 <= refusal.value.retry_after <= 40


def test_wrong_tries_of_an_account_are_told_with_the_last_address(app: Flask) -> None:
    attempt(app, "ada", HERE)
    attempt(app, "ada", THERE)
    attempt(app, "ada", HERE, right=True)
    attempt(app, "eve", HERE)
    with app.app_context(), reading():
        failed = SignInAttempt.failed("ada")
        assert SignInAttempt.failed("ben") is None
    assert failed
    assert (failed.count, failed.address) == (2, THERE)


def test_what_somebody_typed_is_not_stored(app: Flask) -> None:
    attempt(app, "a password typed as an email")
    with app.app_context(), reading():
        stored = list(db.session.execute(select(SignInAttempt.who, SignInAttempt.account)))
    assert len(stored) == 2
    assert "password" not in str(stored)
    assert {len(column) for row in stored for column in row} == {64}
