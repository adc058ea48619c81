import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from click.testing import CliRunner
from flask import Flask
from pydantic import TypeAdapter
from sqlalchemy import Executable, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from spk import create_app, engines
from spk.api.body import read_body
from spk.autocommit import try_update
from spk.cli import main
from spk.db import db, now, reading, writing
from spk.models import ApiKey, BrowserSession, Component, Event, StatusPage, User
from spk.models.accounts.owned_keys import KeyLimitReached, NonceUsed, OwnedKeys
from tests.locks import other_connection, others_can_write, take_write_lock, write_lock
from tests.people import Person, bearer, password_hash

Fields = dict[str, object]
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
    with app.app_context(), db.engines[engine].connect() as connection, reading():
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize(("engine", "milliseconds"), [(None, 5000), ("autocommit", 250)])
def test_a_connection_waits_for_a_lock_as_long_as_its_work_is_worth(
    app: Flask, engine: str | None, milliseconds: int
) -> None:
    with app.app_context(), db.engines[engine].connect() as connection, reading():
        ask = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SELECT current_setting('lock_timeout')"}
        answer = connection.exec_driver_sql(ask[connection.dialect.name]).scalar()
    assert answer in (milliseconds, f"{milliseconds}ms", f"{milliseconds // 1000}s")


@pytest.mark.only_sqlite("PostgreSQL has one timeout unless a unit of work sets another")
def test_what_is_no_unit_of_work_is_not_urgent(app: Flask) -> None:
    """A restore, or a migration."""
    with app.app_context(), db.engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == engines.LOCK_TIMEOUT


def test_a_key_without_its_owner_is_refused(app: Flask) -> None:
    orphan = text("INSERT INTO events (user_id, action, subject, created_at) VALUES (99, 'x', '', :now)")
    with app.app_context(), pytest.raises(IntegrityError), writing():
        db.session.execute(orphan, {"now": "2026-11-11 09:41:07"})


def test_what_an_account_owns_goes_with_it(app: Flask, ada: Person, eve: Person) -> None:
    ada.create_key()
    eve.create_key("hers")
    with app.app_context(), writing():
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
    with app.app_context(), writing():
        db.session.execute(update(ApiKey).values(expires_at=moment))
    read = ada.key(token).expires_at
    assert read
    assert (read, read.tzinfo) == (MOMENT, UTC)


def test_times_of_different_zones_are_compared_as_moments(app: Flask, ada: Person) -> None:
    ada.create_key()
    earlier_elsewhere = (now() - timedelta(hours=1)).astimezone(timezone(timedelta(hours=14)))
    with app.app_context(), reading():
        found = db.session.scalars(select(ApiKey.name).where(ApiKey.created_at > earlier_elsewhere)).all()
    assert found == ["CI"]


def test_a_time_that_is_missing_stays_missing(ada: Person) -> None:
    assert ada.key(ada.create_key()).last_used_at is None


@pytest.mark.only_sqlite("PostgreSQL has no write lock")
def test_who_writes_takes_the_lock_before_the_first_query(app: Flask) -> None:
    with app.app_context(), writing():
        assert others_can_write(app)
        User.exists()
        assert not others_can_write(app)


def test_who_reads_takes_no_lock(app: Flask) -> None:
    with app.app_context(), reading():
        User.exists()
        assert others_can_write(app)


def test_what_is_written_is_committed_where_the_block_ends(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        User.create("carl@example.com", password_hash())
    with app.app_context(), reading():
        assert User.find("carl@example.com")


def test_an_exception_takes_back_what_was_written(app: Flask) -> None:
    def create_and_fail() -> None:
        with writing():
            User.create("carl@example.com", password_hash())
            raise ZeroDivisionError

    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            create_and_fail()
        with reading():
            assert User.find("carl@example.com") is None


def test_what_was_read_before_is_read_again_by_who_writes(app: Flask, ada: Person) -> None:
    with app.app_context():
        with reading():
            user = User.find(ada.email)
        assert user
        assert user.plan_name == "pro"
        ada.set_plan("free")
        with writing():
            assert user.plan_name == "free"


def test_time_stands_still_while_the_database_is_read(app: Flask) -> None:
    """Or a maintenance could end between its status and its updates."""
    with app.app_context(), reading():
        assert now() == now()
    assert len({now() for _ in range(1_000)}) > 1  # two may be of one microsecond


def test_a_query_outside_a_unit_of_work_fails(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match=r"needs db\.reading"):
        User.exists()


@pytest.mark.parametrize("statement", [update(User).values(plan_name="pro"), text("DELETE FROM users")])
def test_a_statement_that_changes_something_needs_to_say_so(app: Flask, statement: Executable) -> None:
    with app.app_context(), reading(), pytest.raises(RuntimeError, match=r"needs db\.writing"):
        db.session.execute(statement)


def test_a_change_of_a_record_needs_to_say_so(app: Flask, ada: Person) -> None:
    with app.app_context(), reading():
        user = User.find(ada.email)
        assert user
        user.set_plan("free")
        with pytest.raises(RuntimeError, match=r"needs db\.writing"):
            db.session.flush()
        db.session.rollback()


def test_units_of_work_do_not_nest(app: Flask) -> None:
    with app.app_context(), reading(), pytest.raises(RuntimeError, match="open already"), writing():
        pass


def test_the_lock_is_free_once_a_request_is_over(app: Flask) -> None:
    app.test_client().post("/login")
    assert others_can_write(app)


@pytest.mark.parametrize("path", ["/", "/login", "/help/api-keys", "/healthz", "/readyz"])
def test_a_page_is_answered_while_somebody_writes(app: Flask, path: str) -> None:
    with write_lock(app):
        assert app.test_client().get(path).status_code == 200


def test_a_signed_in_page_is_answered_soon_while_somebody_writes(app: Flask, ada: Person) -> None:
    browser = ada.browser()
    with app.app_context(), writing():
        db.session.execute(update(BrowserSession).values(last_seen_at=now() - timedelta(hours=1)))
    with write_lock(app):
        start = time.monotonic()
        assert browser.get("/user/security").status_code == 200
        assert time.monotonic() - start < 5  # s, which a writer would have waited


def test_the_api_answers_while_somebody_writes(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with write_lock(app):
        assert app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_what_does_not_fit_is_refused_while_somebody_writes(app: Flask, ada: Person) -> None:
    """Forms and bodies are read before the lock, so that a mistake never waits for one."""
    browser, api = ada.browser(), ada.page_api()
    with write_lock(app):
        assert browser.create_key(name="").status_code == 422
        assert browser.submit("/user/pages/acme/settings", name="").status_code == 422
        assert browser.submit("/user/pages/acme/components", name="").status_code == 422
        assert browser.submit("/user/pages/acme/new-incident", name="").status_code == 422
        api.patch("", 422, name="")
        api.post("/incidents", 422, status="gone")


def test_keys_are_listed_by_command_while_somebody_writes(
    app: Flask, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, ada: Person
) -> None:
    prefix = ada.create_key()[:12]
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with write_lock(app):
        answer = CliRunner().invoke(main, ["key", "list"])
    assert answer.stdout.startswith(prefix), answer.output


@pytest.mark.parametrize("path", ["", "/components", "/incidents"])
def test_a_page_that_is_deleted_while_a_body_is_read_is_not_found(
    app: Flask, ada: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ada.page_api()

    def delete_and_read(fields: TypeAdapter[Fields], wrapper: str, beside: tuple[str, ...]) -> Fields:
        with app.app_context(), writing():
            (page,) = db.session.scalars(select(StatusPage))
            page.delete()
        return read_body(fields, wrapper, beside)

    monkeypatch.setattr("spk.api.operation.read_body", delete_and_read)
    answer = api.open("POST" if path else "PATCH", path, json={"name": "New"})
    assert answer.status_code == 404


@pytest.mark.parametrize("end", [Person.revoke, lambda person, _token: person.disable()])
def test_a_key_that_is_ended_while_its_request_waits_changes_nothing(
    ada: Person, monkeypatch: pytest.MonkeyPatch, end: Callable[[Person, str], None]
) -> None:
    api = ada.page_api()

    def end_and_read(fields: TypeAdapter[Fields], wrapper: str, beside: tuple[str, ...]) -> Fields:
        end(ada, api.token)
        return read_body(fields, wrapper, beside)

    monkeypatch.setattr("spk.api.operation.read_body", end_and_read)
    assert api.post("/components", 401, name="Web")["code"] == "invalid_token"
    with ada.app.app_context(), reading():
        assert db.session.scalars(select(Component)).all() == []


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
        with app.app_context(), writing():
            user = User.find(ada.email)
            assert user
            try:
                OwnedKeys(user).create("CI", nonce="nonce")
            except NonceUsed:
                return False
            return True

    assert at_once(8, create) == 1


def test_many_who_revoke_a_key_at_the_same_moment_write_one_event(app: Flask, ada: Person) -> None:
    prefix = ada.create_key()[:12]

    def revoke(_number: int) -> bool:
        with app.app_context(), writing():
            key = ApiKey.find(prefix)
            assert key
            return key.revoke()

    assert at_once(8, revoke) == 1
    with app.app_context(), reading():
        events = db.session.scalars(select(Event.subject).where(Event.action == "api_key:revoke")).all()
    assert events == [prefix]


def test_a_failing_statement_keeps_its_values_to_itself(app: Flask) -> None:
    with app.app_context(), pytest.raises(DatabaseError) as error, writing():
        # pragma: allowlist nextline secret (made up)
        db.session.execute(text("SELECT * FROM missing WHERE secret = :secret"), {"secret": "hunter2"})
    assert "hunter2" not in str(error.value)


def test_a_skipped_update_logs_no_hash(app: Flask, ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    ada.create_key()
    digest = "ab" * 32
    with app.app_context(), write_lock(app), reading():
        try_update(update(ApiKey).values(token_hash=digest))
    assert "skipped an update" in caplog.text
    assert digest not in caplog.text


@pytest.mark.parametrize("path", ["api-keys/{prefix}/revoke", "sessions/end-others"])
def test_what_ends_access_waits_on_when_everything_else_has_given_up(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(engines, "LOCK_TIMEOUT", 50)
    ada = Person(create_app(environ), "ada@example.com")
    token, browser, other = ada.create_key(), ada.browser(), ada.browser()
    sign_out = f"/user/security/{path.format(prefix=token[:12])}"
    with ThreadPoolExecutor(1) as pool, other_connection(ada.app) as writer:
        take_write_lock(writer)
        waiting = pool.submit(browser.submit, sign_out)
        assert other.create_key("meanwhile").status_code == 503
        assert not waiting.done()
        writer.exec_driver_sql("ROLLBACK")
        assert waiting.result().status_code in (302, 303)
    assert (ada.key(token).status == "Revoked") or other.get("/user/security").status_code == 302
