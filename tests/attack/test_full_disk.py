"""The disk that SQLite writes to is full, and then it isn't."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from spk.models.accounts import token as tokens
from tests.attack.connection import Connection, SignedIn
from tests.attack.customer import at_work, wait_for, wrongly_decided
from tests.attack.servers import Installation, open_installation
from tests.attack.workers import workers_of
from tests.people import token_in

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
def installation(disk: Path) -> Iterator[Installation]:
    with open_installation(disk.parent.parent) as installation:
        yield installation


@pytest.fixture(scope="module")
def owner(installation: Installation) -> SignedIn:
    return installation.signed_in("owner")


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


def new_key(installation: Installation, owner: SignedIn) -> str:
    return token_in(owner.create(installation.urls[0]).text)


def test_a_first_start_that_finds_no_room_leaves_no_half_of_a_secret(
    disk: Path, installation: Installation
) -> None:
    data = disk / "new"
    data.mkdir(mode=0o700)
    environ = {"SPK_DATA_DIR": str(data), "PATH": "/usr/bin:/bin"}
    command = (str(Path(sys.executable).with_name("spk")), "init")
    with filled(disk):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.stderr == f"Error: {data}/secret_key can’t be written: No space left on device.\n"
        assert list(data.iterdir()) == []
    assert subprocess.run(command, env=environ, check=False).returncode == 0
    shutil.rmtree(data)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_key_that_finds_no_room_is_refused_with_words_and_is_not_there(
    disk: Path, installation: Installation, owner: SignedIn, htmx: bool
) -> None:
    before = len(installation.all_keys())
    with filled(disk):
        answer = owner.create(installation.urls[0], htmx=htmx)
        assert (answer.status, WORDS in answer.text) == (503, True)
        assert answer.headers
        assert answer.headers["Retry-After"] == "5"
        assert len(installation.all_keys()) == before
    assert len(installation.all_keys()) == before


def test_on_a_full_disk_keys_work_and_those_that_do_not_are_refused(
    disk: Path, installation: Installation, owner: SignedIn
) -> None:
    working, revoked = new_key(installation, owner), new_key(installation, owner)
    owner.revoke(installation.urls[0], revoked)
    with filled(disk), Connection(installation.urls[0], keep=False) as connection:
        statuses = {
            (connection.use(working), connection.use(revoked), connection.use(tokens.generate()))
            for _number in range(20)
        }
    assert statuses == {(200, 401, 401)}


def test_a_key_whose_revoke_finds_no_room_works_until_there_is_some(
    disk: Path, installation: Installation, owner: SignedIn
) -> None:
    token, url = new_key(installation, owner), installation.urls[0]
    with Connection(url) as connection:
        with filled(disk):
            assert (owner.revoke(url, token).status, connection.use(token)) == (503, 200)
        assert connection.use(token) == 200
        assert (owner.revoke(url, token).status, connection.use(token)) == (200, 401)


def test_a_disk_that_fills_under_load_loses_nothing_and_needs_no_restart(
    disk: Path, installation: Installation
) -> None:
    customers, workers, others = (
        installation.customers(CUSTOMERS),
        workers_of(installation.servers[0]),
        installation.all_keys(),
    )
    for _ in range(5):
        with at_work(customers) as turns:
            wait_for(turns, 2 * CUSTOMERS)
            with filled(disk):
                wait_for(turns, 5 * CUSTOMERS)
            wait_for(turns, 2 * CUSTOMERS)
        assert wrongly_decided(installation.urls[0], customers) == []
    assert [customer.surprises for customer in customers] == [{}] * CUSTOMERS
    assert all(customer.answers["create", 503] >= 5 for customer in customers)
    assert workers_of(installation.servers[0]) == workers
    created = sum(customer.answers["create", 201] for customer in customers)
    assert len(installation.all_keys()) == len(others) + created
