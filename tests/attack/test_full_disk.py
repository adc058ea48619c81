"""The disk that SQLite writes to is full, and then it isn't."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from spk.models import token as tokens
from tests.attack.customer import at_work, wait_for, wrongly_decided
from tests.attack.house import House, open_house
from tests.attack.line import Line, SignedIn
from tests.attack.workers import workers_of
from tests.cast import token_in

WORDS = "The database can’t be reached right now. Try again in a moment."
CUSTOMERS = 3


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory, with four megabytes of its own."""
    if os.geteuid():
        pytest.skip("Only root can mount a disk of four megabytes.")
    directory = tmp_path_factory.mktemp("small") / "0" / "data"
    directory.mkdir(parents=True)
    options = ("-t", "tmpfs", "-o", "size=4m,mode=700")
    subprocess.run(["mount", *options, "spk-attack", str(directory)], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


@pytest.fixture(scope="module")
def house(disk: Path) -> Iterator[House]:
    with open_house(disk.parent.parent) as house:
        yield house


@pytest.fixture(scope="module")
def owner(house: House) -> SignedIn:
    return house.signed_in("owner")


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no block of it free, nor room in the write-ahead log."""
    with closing(sqlite3.connect(disk / "spk.db", timeout=30)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        yield
    finally:
        ballast.unlink()


def new_key(house: House, owner: SignedIn) -> str:
    return token_in(owner.create(house.urls[0]).text)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_key_that_finds_no_room_is_refused_with_words_and_is_not_there(
    disk: Path, house: House, owner: SignedIn, htmx: bool
) -> None:
    before = len(house.all_keys())
    with filled(disk):
        answer = owner.create(house.urls[0], htmx=htmx)
        assert (answer.status, WORDS in answer.text) == (503, True)
        assert answer.headers
        assert answer.headers["Retry-After"] == "5"
        assert len(house.all_keys()) == before
    assert len(house.all_keys()) == before


def test_on_a_full_disk_keys_work_and_those_that_do_not_are_refused(
    disk: Path, house: House, owner: SignedIn
) -> None:
    working, revoked = new_key(house, owner), new_key(house, owner)
    owner.revoke(house.urls[0], revoked)
    with filled(disk), Line(house.urls[0], keep=False) as line:
        statuses = {
            (line.use(working), line.use(revoked), line.use(tokens.generate())) for _number in range(20)
        }
    assert statuses == {(200, 401, 401)}


def test_a_key_whose_revoke_finds_no_room_works_until_there_is_some(
    disk: Path, house: House, owner: SignedIn
) -> None:
    token, url = new_key(house, owner), house.urls[0]
    with Line(url) as line:
        with filled(disk):
            assert (owner.revoke(url, token).status, line.use(token)) == (503, 200)
        assert line.use(token) == 200
        assert (owner.revoke(url, token).status, line.use(token)) == (200, 401)


def test_a_disk_that_fills_under_load_loses_nothing_and_needs_no_restart(disk: Path, house: House) -> None:
    customers, workers, others = house.customers(CUSTOMERS), workers_of(house.servers[0]), house.all_keys()
    for _ in range(5):
        with at_work(customers) as turns:
            wait_for(turns, 2 * CUSTOMERS)
            with filled(disk):
                wait_for(turns, 5 * CUSTOMERS)
            wait_for(turns, 2 * CUSTOMERS)
        assert wrongly_decided(house.urls[0], customers) == []
    assert [customer.surprises for customer in customers] == [{}] * CUSTOMERS
    assert all(customer.answers["create", 503] >= 5 for customer in customers)
    assert workers_of(house.servers[0]) == workers
    created = sum(customer.answers["create", 201] for customer in customers)
    assert len(house.all_keys()) == len(others) + created
