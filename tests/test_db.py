import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from spk.db import db, now, stamp
from spk.models import ApiKey, Event, Session, User
from spk.models.api_key import KeyLimitReached, NonceUsed
from tests.cast import Person, bearer
from tests.locks import others_can_write, write_lock

MOMENT = datetime(2026, 11, 11, 9, 41, 7, 123456, UTC)


def at_once(times: int, work: Callable[[int], bool]) -> int:
    """Run `work` in as many threads at the same moment; how many of them answered yes."""
    together = Barrier(times)

    def go(number: int) -> bool:
        together.wait(30)
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(go, range(times))).count(True)


@pytest.mark.only_sqlite(
    "PostgreSQL has no pragmas: it is durable and checks foreign keys unless told otherwise"
)
@pytest.mark.parametrize("engine", [None, "autocommit"])
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_every_connection_is_durable_and_checks_foreign_keys(
    app: Flask, engine: str | None, pragma: str, value: object
) -> None:
    with app.app_context(), db.engines[engine].connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize(("engine", "milliseconds"), [(None, 5000), ("autocommit", 250)])
def test_a_connection_waits_for_a_lock_as_long_as_its_work_is_worth(
    app: Flask, engine: str | None, milliseconds: int
) -> None:
    with app.app_context(), db.engines[engine].connect() as connection:
        ask = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SELECT current_setting('lock_timeout')"}
        answer = connection.exec_driver_sql(ask[connection.dialect.name]).scalar()
    assert answer in (milliseconds, f"{milliseconds}ms", f"{milliseconds // 1000}s")


def test_a_key_without_its_owner_is_refused(app: Flask) -> None:
    orphan = text("INSERT INTO events (user_id, action, subject, created_at) VALUES (99, 'x', '', :now)")
    with app.app_context(), pytest.raises(IntegrityError):
        db.session.execute(orphan, {"now": "2026-11-11 09:41:07"})


def test_what_an_account_owns_goes_with_it(app: Flask, ada: Person, eve: Person) -> None:
    ada.create_key()
    eve.create_key("hers")
    with app.app_context():
        db.session.execute(text("DELETE FROM users WHERE email = 'ada@example.com'"))
        assert [key.name for key in ApiKey.all()] == ["hers"]


@pytest.mark.parametrize(
    "moment",
    [
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45))),
        MOMENT.astimezone(timezone(timedelta(hours=-12))),
    ],
)
def test_a_time_comes_back_as_the_same_moment_in_utc(app: Flask, ada: Person, moment: datetime) -> None:
    token = ada.create_key()
    with app.app_context():
        db.session.execute(update(ApiKey).values(expires_at=moment))
        db.session.commit()
    read = ada.key(token).expires_at
    assert read
    assert (read, read.tzinfo) == (MOMENT, UTC)


def test_times_of_different_zones_are_compared_as_moments(app: Flask, ada: Person) -> None:
    ada.create_key()
    earlier_elsewhere = (now() - timedelta(hours=1)).astimezone(timezone(timedelta(hours=14)))
    with app.app_context():
        found = db.session.scalars(select(ApiKey.name).where(ApiKey.created_at > earlier_elsewhere)).all()
    assert found == ["CI"]


def test_a_time_that_is_missing_stays_missing(ada: Person) -> None:
    assert ada.key(ada.create_key()).last_used_at is None


@pytest.mark.only_sqlite("PostgreSQL has no write lock")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_that_may_write_takes_the_lock_before_it_reads(app: Flask, method: str) -> None:
    with app.test_request_context(method=method):
        User.exists()
        assert not others_can_write(app)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_that_only_reads_takes_no_lock(app: Flask, method: str) -> None:
    with app.test_request_context(method=method):
        User.exists()
        assert others_can_write(app)


@pytest.mark.only_sqlite("PostgreSQL has no write lock")
def test_a_command_takes_the_lock_before_it_reads(app: Flask) -> None:
    with app.app_context():
        User.exists()
        assert not others_can_write(app)


def test_the_lock_is_free_once_a_request_is_over(app: Flask) -> None:
    app.test_client().post("/login")
    assert others_can_write(app)


@pytest.mark.parametrize("path", ["/", "/login", "/help/api-keys", "/healthz", "/readyz"])
def test_a_page_is_answered_while_somebody_writes(app: Flask, path: str) -> None:
    with write_lock(app):
        assert app.test_client().get(path).status_code == 200


def test_a_signed_in_page_is_answered_soon_while_somebody_writes(app: Flask, ada: Person) -> None:
    browser = ada.browser()
    with app.app_context():
        db.session.execute(update(Session).values(last_seen_at=now() - timedelta(hours=1)))
        db.session.commit()
    with write_lock(app):
        start = time.monotonic()
        assert browser.get("/user/security").status_code == 200
        assert time.monotonic() - start < 5  # s, which a writer would have waited


def test_the_api_answers_while_somebody_writes(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with write_lock(app):
        assert app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_many_who_ask_for_the_last_keys_at_the_same_moment_keep_to_the_limit(ada: Person) -> None:
    for _ in range(16):
        ada.create_key()

    def create(_number: int) -> bool:
        try:
            ada.create_key()
        except KeyLimitReached:
            return False
        return True

    assert at_once(12, create) == 4
    assert len(ada.keys()) == 20


def test_a_form_sent_twice_at_the_same_moment_makes_one_key(app: Flask, ada: Person) -> None:
    def create(_number: int) -> bool:
        with app.app_context():
            user = User.find(ada.email)
            assert user
            try:
                user.create_api_key("CI", nonce="nonce")
            except NonceUsed:
                return False
            db.session.commit()
            return True

    assert at_once(8, create) == 1


def test_many_who_revoke_a_key_at_the_same_moment_write_one_event(app: Flask, ada: Person) -> None:
    prefix = ada.create_key()[:12]

    def revoke(_number: int) -> bool:
        with app.app_context():
            key = ApiKey.find(prefix)
            assert key
            was_active = key.revoke()
            db.session.commit()
            return was_active

    assert at_once(8, revoke) == 1
    with app.app_context():
        events = db.session.scalars(select(Event.subject).where(Event.action == "api_key:revoke")).all()
    assert events == [prefix]


def test_a_failing_statement_keeps_its_values_to_itself(app: Flask) -> None:
    with app.app_context(), pytest.raises(DatabaseError) as error:
        # pragma: allowlist nextline secret (made up)
        db.session.execute(text("SELECT * FROM missing WHERE secret = :secret"), {"secret": "hunter2"})
    assert "hunter2" not in str(error.value)


def test_a_skipped_stamp_logs_no_hash(app: Flask, ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    ada.create_key()
    digest = "ab" * 32
    with app.app_context(), write_lock(app):
        stamp(update(ApiKey).values(token_hash=digest))
    assert "skipped a stamp" in caplog.text
    assert digest not in caplog.text
