from collections.abc import Callable
from datetime import datetime
from threading import Barrier, Thread
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import bindparam, select
from sqlalchemy.exc import OperationalError

from spk.autocommit import PreparedSelect
from spk.db import reading
from spk.engines import close
from spk.models import User
from tests.data_dirs import lose_database
from tests.people import Person


class Account(NamedTuple):
    email: str
    created_at: datetime
    disabled_at: datetime | None


BY_EMAIL = PreparedSelect(
    Account, select(User.email, User.created_at, User.disabled_at).where(User.email == bindparam("email"))
)


def find(app: Flask, email: str = "ada@example.com") -> str | None:
    with app.app_context(), reading():
        row = BY_EMAIL.first(email=email)
    return str(row.email) if row else None


def kept(app: Flask) -> int:
    _, idle = app.extensions["prepared_selects"]
    return len(idle)


def test_a_row_has_the_values_that_the_model_has(app: Flask, ada: Person) -> None:
    with app.app_context(), reading():
        row, user = BY_EMAIL.first(email="ada@example.com"), User.find("ada@example.com")
    assert row
    assert user
    assert (row.email, row.created_at, row.disabled_at) == (user.email, user.created_at, None)
    assert isinstance(row.created_at, datetime)


def test_where_there_is_no_row_nothing_is_found(app: Flask) -> None:
    assert find(app, "nobody@example.com") is None


def test_one_connection_is_kept_for_one_request_after_another(app: Flask) -> None:
    assert [find(app) for _ in range(3)] == ["ada@example.com"] * 3
    assert kept(app) == 1


def test_requests_at_the_same_moment_have_a_connection_each(app: Flask) -> None:
    together = Barrier(8)
    found: list[str | None] = []

    def look() -> None:
        together.wait(30)
        found.extend(find(app) for _ in range(50))

    threads = [Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["ada@example.com"] * 400


def break_one(app: Flask) -> None:
    """As a restart of the database does: the connection is there and no longer works."""
    _, idle = app.extensions["prepared_selects"]
    idle[0][0].connection.dbapi_connection.close()


def test_a_connection_that_broke_is_replaced_within_the_request(app: Flask) -> None:
    find(app)
    break_one(app)
    assert find(app) == "ada@example.com"


@pytest.mark.parametrize("before", [find, lambda app: None], ids=["kept connection", "none yet"])
def test_a_database_that_is_gone_is_the_error_that_others_know(
    app: Flask, before: Callable[[Flask], object]
) -> None:
    before(app)
    lose_database(app)
    with pytest.raises(OperationalError):
        find(app)


def test_no_connection_is_left_once_all_are_closed(app: Flask) -> None:
    find(app)
    with app.app_context():
        close()
    assert kept(app) == 0
