from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from spk.db import db, now, reading, writing
from spk.models import SignInAttempt
from spk.models.accounts.sign_in_attempt import TooManyAttempts

LIMIT = 5


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"SPK_LOGIN_LIMIT": f"{LIMIT}/minute"}


def attempt(app: Flask, *subjects: str) -> bool:
    """Whether a try is allowed."""
    with app.app_context(), writing():
        try:
            SignInAttempt.record(*subjects)
        except TooManyAttempts:
            return False
        return True


def use_up(app: Flask, subject: str) -> None:
    for _ in range(LIMIT):
        assert attempt(app, subject)


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


def test_one_account_does_not_use_up_the_limit_of_another(app: Flask) -> None:
    use_up(app, "ada")
    assert attempt(app, "eve")


@pytest.mark.parametrize(
    "subjects", [("account eve", "address 192.0.2.1"), ("address 192.0.2.1", "account eve")]
)
def test_a_try_is_refused_when_either_account_or_address_has_used_up_the_limit(
    app: Flask, subjects: tuple[str, str]
) -> None:
    use_up(app, "address 192.0.2.1")
    assert not attempt(app, *subjects)


def test_a_refused_try_counts_for_nobody(app: Flask) -> None:
    use_up(app, "address 192.0.2.1")
    attempt(app, "account eve", "address 192.0.2.1")
    assert rows(app) == LIMIT


def test_tries_are_allowed_again_once_the_minute_has_passed(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=61))
    assert attempt(app, "ada")


def test_tries_are_refused_until_the_minute_has_passed(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=50))
    assert not attempt(app, "ada")


def test_old_tries_are_removed(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=61))
    attempt(app, "eve")
    assert rows(app) == 1


def test_a_refusal_says_when_to_try_again(app: Flask) -> None:
    use_up(app, "ada")
    age(app, timedelta(seconds=20))
    with (
        app.app_context(),
        pytest.raises(TooManyAttempts, match=r"^Too many attempts\. Wait") as refusal,
        writing(),
    ):
        SignInAttempt.record("ada")
    assert 35 <= refusal.value.retry_after <= 40


def test_a_right_try_is_taken_back(app: Flask) -> None:
    for _ in range(2 * LIMIT):
        with app.app_context():
            with writing():
                attempts = SignInAttempt.record("account ada", "address 192.0.2.1")
            with writing():
                SignInAttempt.discard(attempts)
    assert rows(app) == 0


def test_what_somebody_typed_is_not_stored(app: Flask) -> None:
    attempt(app, "a password typed as an email")
    with app.app_context(), reading():
        stored = db.session.scalars(select(SignInAttempt.who)).one()
    assert len(stored) == 64
    assert "password" not in stored
