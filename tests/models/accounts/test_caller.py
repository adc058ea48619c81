import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from spk import create_app
from spk.db import db, now, reading
from spk.models import User
from spk.models.accounts import token as tokens
from spk.models.accounts.caller import Caller, InvalidToken
from tests.locks import other_connection, write_lock
from tests.people import Person

UNKNOWN = r"^No key has this token\. Check that it was made on this server\.$"
MISTYPED = r"^This token looks truncated or mistyped\. "
MINUTE = timedelta(minutes=1)


def authenticate(app: Flask, token: str) -> Caller:
    with app.app_context(), reading():
        return Caller.authenticate(token)


def touch(app: Flask, caller: Caller) -> None:
    with app.app_context(), reading():
        if caller.is_touch_due:
            caller.touch("203.0.113.7", "curl/8.5.0")


def use(app: Flask, token: str) -> None:
    touch(app, authenticate(app, token))


def with_secret(token: str, secret: str = "0" * 32) -> str:
    """A well-formed token with the prefix of another."""
    random = token[4:12] + secret
    return f"spk_{random}{tokens.checksum(random)}"


only_sqlite = pytest.mark.only_sqlite("PostgreSQL's driver doesn't tell what it sends")


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect what is sent to the database, by way of SQLAlchemy or not."""
    sent: list[str] = []

    def note(statement: str) -> None:
        if not statement.startswith("PRAGMA"):
            sent.append(statement)

    def trace(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(note)

    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", trace)
    yield sent
    for engine in engines:
        event.remove(engine, "connect", trace)
        engine.dispose()


@contextmanager
def with_peppers(environ: Mapping[str, str], *peppers: str) -> Iterator[Flask]:
    """The application with its pepper replaced: the new one first, then the fallbacks."""
    settings = {"SPK_TOKEN_PEPPER": peppers[0], "SPK_TOKEN_PEPPER_FALLBACKS": ",".join(peppers[1:])}
    app = create_app({**environ, **settings})
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_a_working_key_stands_for_its_owner(app: Flask, ada: Person) -> None:
    token = ada.create_key("GitHub Actions deploy")
    caller = authenticate(app, token)
    key = ada.key(token)
    assert (caller.key.id, caller.key.name, caller.key.prefix) == (
        key.id,
        "GitHub Actions deploy",
        token[:12],
    )
    assert (caller.key.user_id, caller.key.email, caller.plan.name) == (key.user_id, "ada@example.com", "pro")
    assert (caller.key.created_at, caller.key.last_used_at) == (key.created_at, None)


@pytest.mark.parametrize("text", ["", "spk_", "spk_" + "0" * 46, "Bearer", "ünïcode", "spk_" + "0" * 10_000])
def test_a_token_of_the_wrong_shape_is_said_to_be_mistyped(app: Flask, text: str) -> None:
    with pytest.raises(InvalidToken, match=MISTYPED):
        authenticate(app, text)


@only_sqlite
def test_a_mistyped_token_is_refused_without_asking_the_database(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    authenticate(app, token)
    with statements(app) as sent, pytest.raises(InvalidToken, match=MISTYPED):
        authenticate(app, token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert sent == []


@only_sqlite
def test_a_working_key_is_found_with_one_query(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with statements(app) as sent:
        authenticate(app, token)
    assert [statement.split()[0] for statement in sent] == ["SELECT"]


def test_an_unknown_prefix_is_refused(app: Flask) -> None:
    with pytest.raises(InvalidToken, match=UNKNOWN):
        authenticate(app, tokens.generate())


def test_a_wrong_secret_is_refused_in_the_words_of_an_unknown_prefix(app: Flask, ada: Person) -> None:
    with pytest.raises(InvalidToken, match=UNKNOWN):
        authenticate(app, with_secret(ada.create_key()))


def test_a_wrong_secret_does_not_learn_that_the_key_is_revoked(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    ada.revoke(token)
    with pytest.raises(InvalidToken, match=UNKNOWN):
        authenticate(app, with_secret(token))


def test_a_revoked_key_is_refused_at_once(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    authenticate(app, token)
    ada.revoke(token)
    with pytest.raises(InvalidToken, match=rf"^This key was revoked on {now():%d %b %Y}\. Create a new one"):
        authenticate(app, token)


def test_an_expired_key_is_refused_with_the_day_it_ended(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, expires_at=timedelta(days=2))
    with pytest.raises(
        InvalidToken, match=rf"^This key expired on {now() - timedelta(days=2):%d %b %Y}\. Create"
    ):
        authenticate(app, token)


def test_a_key_works_until_it_expires(app: Flask, ada: Person) -> None:
    assert authenticate(app, ada.create_key(lifetime=MINUTE)).key.name == "CI"


def test_the_key_of_a_disabled_owner_is_refused_at_once(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    authenticate(app, token)
    ada.disable()
    with pytest.raises(InvalidToken, match=r"^The owner of this key is disabled\. Ask your administrator\.$"):
        authenticate(app, token)


def test_a_new_plan_holds_from_the_next_request(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    had = authenticate(app, token).plan
    ada.set_plan("free")
    has = authenticate(app, token).plan
    assert (had.has("api_access"), has.has("api_access")) == (True, False)


def test_a_caller_prints_no_hash_of_its_token(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    assert ada.key(token).token_hash not in repr(authenticate(app, token))


def test_a_key_made_under_a_fallback_pepper_works(environ: dict[str, str], app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with with_peppers(environ, "a new pepper, random", *app.config["TOKEN_PEPPERS"]) as rotated:
        assert authenticate(rotated, token).key.prefix == token[:12]


def test_a_key_does_not_work_under_another_pepper(environ: dict[str, str], ada: Person) -> None:
    token = ada.create_key()
    with (
        with_peppers(environ, "a new pepper, random") as rotated,
        pytest.raises(InvalidToken, match=UNKNOWN),
    ):
        authenticate(rotated, token)


def test_a_key_moves_to_the_first_pepper_on_its_next_use(
    environ: dict[str, str], app: Flask, ada: Person
) -> None:
    token = ada.create_key()
    with with_peppers(environ, "a new pepper, random", *app.config["TOKEN_PEPPERS"]) as rotated:
        authenticate(rotated, token)
    with with_peppers(environ, "a new pepper, random") as moved_on:
        assert authenticate(moved_on, token).key.prefix == token[:12]


def test_a_key_that_moves_to_another_pepper_moves_alone(
    environ: dict[str, str], app: Flask, ada: Person
) -> None:
    token, other = ada.create_key(), ada.create_key("other")
    with with_peppers(environ, "a new pepper, random", *app.config["TOKEN_PEPPERS"]) as rotated:
        authenticate(rotated, token)
    assert authenticate(app, other).key.prefix == other[:12]


def test_a_use_stamps_no_other_key(app: Flask, ada: Person) -> None:
    token, other = ada.create_key(), ada.create_key("other")
    use(app, token)
    assert ada.key(other).last_used_at is None


def test_the_first_use_is_stamped_at_once(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    before = now()
    use(app, token)
    stamped = ada.key(token).last_used_at
    assert stamped
    assert before <= stamped <= now()


@only_sqlite
def test_a_second_use_within_a_minute_writes_nothing(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, last_used_at=MINUTE * 0.9)
    caller = authenticate(app, token)
    with statements(app) as sent:
        touch(app, caller)
    assert sent == []


def test_a_use_after_a_minute_is_stamped(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, last_used_at=MINUTE * 1.1)
    use(app, token)
    stamped = ada.key(token).last_used_at
    assert stamped
    assert now() - stamped < MINUTE


def test_a_stamp_never_moves_backwards(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    slow = authenticate(app, token)
    ada.age(token, last_used_at=timedelta())  # meanwhile, by a quicker worker
    last = ada.key(token).last_used_at
    touch(app, slow)
    assert ada.key(token).last_used_at == last


def test_a_stamp_is_skipped_soon_while_the_database_is_locked(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with write_lock(app):
        start = time.monotonic()
        use(app, token)
        assert time.monotonic() - start < 5  # s, which a writer would have waited
    assert ada.key(token).last_used_at is None


def test_a_key_is_found_while_the_database_is_locked(app: Flask, ada: Person) -> None:
    token = ada.create_key()
    with write_lock(app):
        assert authenticate(app, token).key.prefix == token[:12]


def test_a_request_that_has_read_before_still_sees_a_revoke(app: Flask, ada: Person) -> None:
    """The ORM's transaction keeps its snapshot; the look-up must not be in it."""
    token = ada.create_key()
    with app.test_request_context("/api/v1/whoami"), other_connection(app) as other, reading():
        assert User.find("ada@example.com")
        Caller.authenticate(token)
        other.exec_driver_sql("UPDATE api_keys SET revoked_at = '2026-11-11 09:41:07.000000'")
        with pytest.raises(InvalidToken, match="revoked on 11 Nov 2026"):
            Caller.authenticate(token)
