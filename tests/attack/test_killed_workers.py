"""All workers are killed again and again while people create, use and revoke keys."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from spk.db import db, writing
from spk.models import ApiKey
from tests.attack.connection import NO_ANSWER
from tests.attack.customer import Wrong, at_work, wait_for, wrongly_decided
from tests.attack.servers import Installation, open_installation
from tests.attack.workers import kill_workers

ROUNDS = 20
CUSTOMERS = 4
OF_LATE = 5  # keys of each, which are more than a round makes


class Attack:
    """What happened in all rounds, and what was found wrong after any of them."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.customers = installation.customers(CUSTOMERS)
        self.answers: Counter[tuple[str, int]] = Counter()
        self.surprises: list[tuple[str, int]] = []
        self.wrong: list[Wrong] = []
        self.last_used: dict[str, datetime] = {}
        self.moved_back: list[str] = []

    def run(self, rounds: int) -> "Attack":
        for number in range(rounds):
            with at_work(self.customers) as turns:
                wait_for(turns, 1 + number % CUSTOMERS)  # so that not all rounds break off alike
                kill_workers(self.installation.servers[0])
            self.wrong += wrongly_decided(self.installation.urls[0], self.customers, OF_LATE)
            self.look_at_last_use()
        self.wrong += wrongly_decided(self.installation.urls[0], self.customers)
        for customer in self.customers:
            self.answers += customer.answers
            self.surprises += customer.surprises
        return self

    def look_at_last_use(self) -> None:
        """Compare it with what it was, and age it, so that it is stamped again in the next round."""
        with self.installation.app.app_context(), writing():
            for key in db.session.scalars(select(ApiKey).with_for_update()):
                earlier = self.last_used.get(key.prefix)
                if earlier and (key.last_used_at is None or key.last_used_at < earlier):
                    self.moved_back.append(key.prefix)
                if key.last_used_at:
                    key.last_used_at -= timedelta(seconds=61)
                    self.last_used[key.prefix] = key.last_used_at


@pytest.fixture(scope="module")
def attack(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    with open_installation(tmp_path_factory.mktemp("killed"), database) as installation:
        yield Attack(installation).run(ROUNDS)


def test_the_attack_broke_off_requests_and_let_others_through(attack: Attack) -> None:
    """Otherwise the tests below would say nothing."""
    assert sum(number for (_what, status), number in attack.answers.items() if status == NO_ANSWER) >= ROUNDS
    assert attack.answers["create", 201] >= 2 * ROUNDS
    assert attack.answers["revoke", 200] >= 2 * ROUNDS


def test_a_key_whose_creation_was_answered_survives_killed_workers(attack: Attack) -> None:
    assert [wrong for wrong in attack.wrong if wrong.is_said_to_be == "working"] == []


def test_a_key_whose_revoke_was_answered_is_refused_ever_after(attack: Attack) -> None:
    assert [wrong for wrong in attack.wrong if wrong.is_said_to_be != "working"] == []


def test_nothing_but_decisions_is_answered_while_workers_are_killed(attack: Attack) -> None:
    assert attack.surprises == []


def test_the_last_use_of_a_key_never_goes_back(attack: Attack) -> None:
    assert len(attack.last_used) >= 2 * ROUNDS
    assert attack.moved_back == []


def test_each_key_and_its_audit_lines_are_written_together(attack: Attack) -> None:
    revoked = [key.prefix for key in attack.installation.all_keys() if key.revoked_at]
    assert attack.installation.count_events("api_key:create") == len(attack.installation.all_keys())
    assert attack.installation.count_events("api_key:revoke") == len(revoked)


def test_the_database_is_whole(attack: Attack) -> None:
    if not attack.installation.is_on_sqlite:
        pytest.skip("PostgreSQL checks itself when it starts; here it never stopped")
    file = Path(attack.installation.servers[0].environ["SPK_DATA_DIR"], "spk.db")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
