"""Slow clients, a slow database and the worst requests there are: others are answered within a second."""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from statistics import median
from threading import Event

import pytest

from spk import create_app
from spk.db import reading, writing
from spk.engines import close
from spk.models import StatusPage
from tests.attack.connection import Answer, Connection, SignedIn
from tests.attack.servers import Installation, open_installation
from tests.locks import write_lock
from tests.people import Person, bearer
from tests.slow_clients import LENGTH, UNFINISHED, connect, get, publish_much, read_all, stop_reading

CROWD = 40  # slow clients at once
ROUNDS = 10
SLOTS = 4
MARKS = "a%CC%81%CC%96"  # a letter and two marks that are in the wrong order
AT_MOST = 1_000  # ms
Attack = Callable[[Installation], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def installation(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two workers, and a page with much on it."""
    with open_installation(tmp_path_factory.mktemp("held-up"), database) as installation:
        publish_much(installation.servers[0].environ)
        fill_page(installation.servers[0].environ)
        yield installation


@pytest.fixture(scope="module")
def owner(installation: Installation) -> Person:
    return installation.person("owner")


@pytest.fixture(scope="module")
def session(installation: Installation, owner: Person) -> SignedIn:
    return SignedIn.at(installation.urls[0], owner.email)


def fill_page(environ: dict[str, str]) -> None:
    """Give Eve a page with as many open incidents as a plan allows, each with the longest updates."""
    app = create_app(environ)
    Person(app, "eve@example.com").create_page("Full")
    with app.app_context(), writing():
        page = StatusPage.published("full")
        assert page is not None
        page.incidents.create(name="Everything", slug="everything")
        for number in range(1, page.user.plan.open_incidents):
            page.incidents.create(name=f"Incident {number}", body="x" * LENGTH)
        for number in range(page.user.plan.components):
            page.create_component(name=f"Component {number}")
    with app.app_context():
        close()


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


def repeating(*requests: bytes) -> Attack:
    """As many strangers as there are places in a worker, who send these over and over."""

    @contextmanager
    def attack(installation: Installation) -> Iterator[None]:
        is_over = Event()

        def send_on() -> None:
            for request in itertools.cycle(requests):
                if is_over.is_set():
                    return
                with suppress(OSError), connect(installation.servers[0]) as client:
                    client.sendall(request)
                    read_all(client)

        with ThreadPoolExecutor(SLOTS) as pool:
            for _ in range(SLOTS):
                pool.submit(send_on)
            try:
                yield
            finally:
                is_over.set()

    return attack


def form(path: str, fields: str, *headers: str, method: str = "POST") -> bytes:
    """One as long as it takes; the server may refuse it unread."""
    kind = "Content-Type: application/x-www-form-urlencoded"
    head = get(path, kind, f"Content-Length: {len(fields)}", "Connection: close", *headers)
    return head.replace(b"GET", method.encode(), 1) + fields.encode()


@contextmanager
def worst_forms_for_the_api(installation: Installation) -> Iterator[None]:
    """With a key: ten thousand fields of one name, and one name ten thousand levels deep."""
    key = f"Authorization: Bearer {Person(installation.app, 'ada@example.com').create_key()}"
    path = "/api/v1/pages/acme/incidents"
    worst = "&".join(["a=1"] * 9_900), "a" + "[a]" * 9_900 + "=1", f"name={MARKS * 900}"
    with repeating(*(form(path, fields, key) for fields in worst))(installation):
        yield


@contextmanager
def customers_who_write_on(installation: Installation) -> Iterator[None]:
    """The largest valid change there is, over and over: every component of a page gets another status."""
    key = f"Authorization: Bearer {Person(installation.app, 'eve@example.com').create_key()}"
    path = "/api/v1/pages/full/incidents/everything"
    with installation.app.app_context(), reading():
        page = StatusPage.published("full")
        assert page is not None
        slugs = [component.slug for component in page.components]
    changes = [
        json.dumps({"incident": {"components": dict.fromkeys(slugs, status)}})
        for status in ("major_outage", "partial_outage")
    ]
    requests = [form(path, fields, key, method="PATCH") for fields in changes]
    with repeating(*requests)(installation):
        yield


@contextmanager
def writers_that_wait(installation: Installation) -> Iterator[None]:
    """Somebody else keeps the database locked, and many want to write."""
    owner = Person(installation.app, "eve@example.com")
    request = form("/api/v1/pages", "name=x", f"Authorization: Bearer {owner.create_key()}")
    with ExitStack() as crowd, write_lock(installation.app):
        for _ in range(CROWD):
            writer = crowd.enter_context(connect(installation.servers[0]))
            writer.sendall(request)
        yield


ATTACKS: dict[str, Attack] = {
    "nobody": lambda _installation: nullcontext(),
    "readers that do not read": readers_that_do_not_read,
    "nothing sent": senders_of(b""),
    **{what: senders_of(part) for what, part in UNFINISHED.items()},
    "sign-ins full of marks": repeating(
        form("/login", f"email={MARKS * 900}&password=x"), form("/login", f"email={MARKS * 28_000}")
    ),
    "the worst forms for the API": worst_forms_for_the_api,
    "customers who write on": customers_who_write_on,
    "readers of a page full of text": repeating(
        get("/p/full/api/v2/summary.json", "Connection: close"), get("/p/full", "Connection: close")
    ),
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


@pytest.mark.parametrize("number", range(3))
def test_a_key_that_writes_on_is_revoked_within_a_second(
    number: int, installation: Installation, owner: Person, session: SignedIn
) -> None:
    """Whoever has stolen it can't put off its end: on PostgreSQL those who share a lock could."""
    api = owner.page_api(f"Mine {number}", "Web")
    key = f"Authorization: Bearer {api.token}"
    write = form(f"{api.root}/components/web", "status=degraded_performance", key, method="PATCH")
    with ExitStack() as thieves:
        for _ in range(3):
            thieves.enter_context(repeating(write)(installation))
        assert get_once(installation.urls[0], "/healthz", {}).status == 200
        assert waited(303, session.revoke, installation.urls[0], api.token, htmx=False) < AT_MOST


def get_once(url: str, path: str, headers: dict[str, str]) -> Answer:
    with Connection(url, keep=False) as connection:
        return connection.ask("GET", path, headers)


def waited(status: int, ask: Callable[..., Answer], *args: object, **rest: object) -> float:
    """Milliseconds until this status came."""
    started = time.monotonic()
    assert ask(*args, **rest).status == status
    return (time.monotonic() - started) * 1000
