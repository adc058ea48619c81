"""Slow clients and a slow database: others are answered in under a second, all the time."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from statistics import median

import pytest

from tests.attack.connection import Answer, Connection, SignedIn
from tests.attack.servers import Installation, open_installation
from tests.locks import write_lock
from tests.people import Person, bearer
from tests.slow_clients import UNFINISHED, connect, get, publish_much, stop_reading

CROWD = 40  # slow clients at once
ROUNDS = 10
AT_MOST = 1_000  # ms
FORM = "Content-Type: application/x-www-form-urlencoded", "Content-Length: 6"
Attack = Callable[[Installation], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two workers, and a page with much on it."""
    with open_installation(tmp_path_factory.mktemp("slow")) as installation:
        publish_much(installation.servers[0].environ)
        yield installation


@pytest.fixture(scope="module")
def owner(installation: Installation) -> Person:
    return installation.person("owner")


@pytest.fixture(scope="module")
def session(installation: Installation, owner: Person) -> SignedIn:
    return SignedIn.at(installation.urls[0], owner.email)


@contextmanager
def readers_that_do_not_read(installation: Installation) -> Iterator[None]:
    with ExitStack() as crowd:
        for _ in range(CROWD):
            stop_reading(crowd.enter_context(connect(installation.servers[0])))
        yield


def senders_of(part: bytes) -> Attack:
    @contextmanager
    def attack(installation: Installation) -> Iterator[None]:
        with ExitStack() as crowd:
            for _ in range(CROWD):
                crowd.enter_context(connect(installation.servers[0])).sendall(part)
            yield

    return attack


@contextmanager
def writers_that_wait(installation: Installation) -> Iterator[None]:
    """Somebody else keeps the database locked, and many want to write."""
    owner = Person(installation.app, "eve@example.com")
    request = get("/api/v1/pages", f"Authorization: Bearer {owner.create_key()}", *FORM).replace(
        b"GET", b"POST"
    )
    with ExitStack() as crowd, write_lock(installation.app):
        for _ in range(CROWD):
            writer = crowd.enter_context(connect(installation.servers[0]))
            writer.sendall(request.replace(b"GET", b"POST") + b"name=x")
        yield


ATTACKS: dict[str, Attack] = {
    "nobody": lambda _installation: nullcontext(),
    "readers that do not read": readers_that_do_not_read,
    "nothing sent": senders_of(b""),
    **{what: senders_of(part) for what, part in UNFINISHED.items()},
    "a held write lock": writers_that_wait,
}


@pytest.mark.parametrize("what", ATTACKS)
def test_others_are_answered_within_a_second(
    what: str,
    installation: Installation,
    owner: Person,
    session: SignedIn,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, header = installation.urls[0], bearer(owner.create_key())
    is_locked = what == "a held write lock"
    doomed = [owner.create_key() for _ in range(ROUNDS if not is_locked else 0)]
    assert get_once(url, "/verify", header).status == 204  # so that its use is noted
    with ATTACKS[what](installation):
        waits = {
            "/healthz": [waited(200, get_once, url, "/healthz", {}) for _ in range(ROUNDS)],
            "/verify": [waited(204, get_once, url, "/verify", header) for _ in range(ROUNDS)],
            "revoke": [waited(303, session.revoke, url, token, htmx=False) for token in doomed],
        }
    figures = [
        f"{name} {median(seen):.0f} ms, at worst {max(seen):.0f}" for name, seen in waits.items() if seen
    ]
    with capsys.disabled():
        sys.stdout.write(f"\n{what}: {'; '.join(figures)} ")
    assert max(max(seen) for seen in waits.values() if seen) < AT_MOST


def get_once(url: str, path: str, headers: dict[str, str]) -> Answer:
    with Connection(url, keep=False) as connection:
        return connection.ask("GET", path, headers)


def waited(status: int, ask: Callable[..., Answer], *args: object, **rest: object) -> float:
    """Milliseconds until this status came."""
    started = time.monotonic()
    assert ask(*args, **rest).status == status
    return (time.monotonic() - started) * 1000
