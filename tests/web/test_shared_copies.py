"""What everybody reads is made once for all, and shows each change in the next answer."""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient

from spk import create_app, db, shared_copies
from tests.people import Api, Person
from tests.shared_app import forget_copies
from tests.statements import statements

PARTS = [
    "",
    "/history",
    "/subscribe",
    "/incidents/slow",
    "/components/web",
    "/history.rss",
    "/history.atom",
    "/badge.svg",
    "/icon.svg",
    "/card.png",
    "/api/v2/summary.json",
    "/api/v2/status.json",
    "/api/v2/components.json",
    "/api/v2/incidents.json",
    "/api/v2/incidents/unresolved.json",
    "/api/v2/scheduled-maintenances.json",
    "/api/v2/scheduled-maintenances/active.json",
    "/api/v2/scheduled-maintenances/upcoming.json",
]
FRONT = ["/", "/history.rss", "/history.atom", "/badge.svg", "/api/v2/summary.json"]
SOON = timedelta(seconds=5)
HALF_PAST = datetime.now(UTC).replace(second=30, microsecond=0) + timedelta(days=1)  # a minute to come


@pytest.fixture
def slow(acme: Api) -> Api:
    """A page on which much can change."""
    acme.post("/component-groups", name="Europe", components=["db"])
    acme.post("/incidents", name="Slow", body="We look.", components={"web": "partial_outage"})
    return acme


@contextmanager
def at(time: datetime) -> Iterator[None]:
    """Let it be this time."""
    token = db._moment.set(time)
    try:
        yield
    finally:
        db._moment.reset(token)


def read(client: FlaskClient) -> dict[str, tuple[int, bytes]]:
    """All that everybody can read."""
    parts = [f"/p/acme{part}" for part in PARTS if part != "/card.png"]  # which takes as long as all others
    paths = ["/", "/api/v2/summary.json", *parts, "/p/other"]
    answers = {path: client.get(path) for path in paths}
    return {
        path: (each.status_code, b"" if b"nonce" in each.data else each.data)
        for path, each in answers.items()
    }


Change = Callable[[Api, Person], object]
CHANGES: dict[str, Change] = {
    "a component changes": lambda acme, _ada: acme.patch("/components/web", status="operational"),
    "a component is added": lambda acme, _ada: acme.post("/components", name="Mail"),
    "a component is deleted": lambda acme, _ada: acme.delete("/components/db"),
    "a group is renamed": lambda acme, _ada: acme.patch("/component-groups/europe", name="America"),
    "a group is deleted": lambda acme, _ada: acme.delete("/component-groups/europe", 200),
    "an incident opens": lambda acme, _ada: acme.post("/incidents", name="Down"),
    "an incident is renamed": lambda acme, _ada: acme.patch("/incidents/slow", name="Slower"),
    "an incident is told more of": lambda acme, _ada: acme.patch("/incidents/slow", body="Found."),
    "an incident is resolved": lambda acme, _ada: acme.patch("/incidents/slow", status="resolved"),
    "an incident is deleted": lambda acme, _ada: acme.delete("/incidents/slow", 200),
    "a past one is added": lambda acme, _ada: acme.post(
        "/incidents", name="Past", backfilled=True, backfill_date="2020-01-01"
    ),
    "maintenance is planned": lambda acme, _ada: acme.post(
        "/incidents", name="Upgrade", scheduled_for="2999-01-01T00:00:00Z"
    ),
    "the page is renamed": lambda acme, _ada: acme.patch("", name="Umbrella"),
    "the page moves": lambda acme, _ada: acme.patch("", slug="other"),
    "the page is deleted": lambda acme, _ada: acme.delete(""),
    "its owner is disabled": lambda _acme, ada: ada.disable(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_next_answer_shows_that(change: str, slow: Api, ada: Person, app: Flask) -> None:
    before = read(app.test_client())
    CHANGES[change](slow, ada)
    with at(db.now()):
        after = read(app.test_client())
        forget_copies(app)
        assert after == read(app.test_client())
    assert after != before


@pytest.mark.parametrize("step", ["start", "end"])
def test_the_next_answer_shows_what_the_clock_did(step: str, acme: Api, app: Flask) -> None:
    window = {"scheduled_for": (HALF_PAST + SOON).isoformat(), "duration_minutes": 60}
    acme.post("/incidents", name="Upgrade", component_ids=["web"], **window)
    moment = HALF_PAST + SOON + timedelta(minutes=60 if step == "end" else 0)
    with at(moment - SOON):
        before = read(app.test_client())
    with at(moment):
        after = read(app.test_client())
        forget_copies(app)
        assert after == read(app.test_client())
    assert after["/p/acme/api/v2/summary.json"] != before["/p/acme/api/v2/summary.json"]


@pytest.mark.parametrize("later", [timedelta(minutes=1), -timedelta(minutes=1), timedelta(days=1)])
def test_a_page_says_as_of_when_it_is(later: timedelta, acme: Api, client: FlaskClient) -> None:
    with at(HALF_PAST):
        before = client.get("/p/acme").text
    with at(HALF_PAST + later):
        assert client.get("/p/acme").text != before


@pytest.mark.parametrize("path", [*FRONT, *(f"/p/acme{part}" for part in PARTS)])
def test_who_reads_it_next_asks_the_database_for_its_version_only(
    path: str, slow: Api, client: FlaskClient
) -> None:
    with at(HALF_PAST):
        first = client.get(path)
        with statements() as sent:
            second = client.get(path)
    assert (first.status_code, sent) == (200, [])
    assert (second.data, second.headers["ETag"]) == (first.data, first.headers["ETag"])


def test_of_all_who_come_after_a_change_one_lets_it_be_made(slow: Api, app: Flask) -> None:
    made: list[str] = []
    start = Barrier(8)

    def come(_number: int) -> str:
        start.wait()
        with at(HALF_PAST):
            return app.test_client().get("/p/acme").text

    def note(_app: Flask, **_rest: object) -> None:
        made.append("page")

    with template_rendered.connected_to(note, app), ThreadPoolExecutor(8) as pool:
        pages = set(pool.map(come, range(8)))
    assert (len(pages), len(made)) == (1, 1)


@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/history.atom", "/p/acme/api/v2/summary.json"])
@pytest.mark.parametrize("encoding", ["", "gzip", "br, gzip;q=0.5"])
def test_who_still_has_it_is_sent_nothing(path: str, encoding: str, slow: Api, client: FlaskClient) -> None:
    headers = {"Accept-Encoding": encoding}
    with at(HALF_PAST):
        etag = client.get(path, headers=headers).headers["ETag"]
        again = client.get(path, headers=headers | {"If-None-Match": f'"x", {etag}'})
        slow.patch("/components/web", status="operational")
        anew = client.get(path, headers=headers | {"If-None-Match": etag})
    assert not etag.startswith("W/")
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert anew.status_code == 200


def test_whoever_takes_gzip_gets_it(slow: Api, client: FlaskClient) -> None:
    with at(HALF_PAST):
        whole, refused, small = [
            client.get("/p/acme", headers={"Accept-Encoding": encoding})
            for encoding in ("", "gzip;q=0", "gzip, br")
        ]
    assert (gzip.decompress(small.data), refused.data) == (whole.data, whole.data)
    assert [each.headers.get("Content-Encoding") for each in (whole, refused, small)] == [None, None, "gzip"]
    assert small.headers["ETag"] != whole.headers["ETag"]
    assert {"Accept-Encoding" in each.headers["Vary"] for each in (whole, small)} == {True}


def test_a_picture_is_not_made_larger_by_it(acme: Api, client: FlaskClient) -> None:
    whole, card = [
        client.get("/p/acme/card.png", headers={"Accept-Encoding": encoding}) for encoding in ("", "gzip")
    ]
    assert len(card.data) == min(len(whole.data), len(gzip.compress(whole.data)))


@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/incidents/slow?page=2"])
def test_head_says_the_same_without_the_body(path: str, slow: Api, client: FlaskClient) -> None:
    for number in range(30):
        slow.patch("/incidents/slow", body=f"Update {number}")
    with at(HALF_PAST):
        whole, head = client.get(path), client.head(path)
    assert head.data == b""
    assert int(head.headers["Content-Length"]) == len(whole.data)
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_the_owner_s_bar_is_never_shared(acme: Api, ada: Person, ben: Person, client: FlaskClient) -> None:
    owner, other = ada.browser(), ben.browser()
    for _turn in range(2):
        assert "This page is yours." in owner.get("/p/acme").text
        for reader in (other.get("/p/acme"), client.get("/p/acme"), owner.get("/p/acme", htmx=True)):
            assert "This page is yours." not in reader.text


def test_what_is_shared_carries_nothing_of_who_asked_first(slow: Api, ben: Person) -> None:
    for part in PARTS:
        first = ben.browser().get(f"/p/acme{part}")
        assert "Set-Cookie" not in first.headers
        assert b"ben@example.com" not in first.data
        assert b"nonce" not in first.data
        assert "nonce" not in first.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/history", "/p/acme/api/v2/summary.json"])
def test_who_may_frame_a_page_is_part_of_what_is_new(path: str, slow: Api, client: FlaskClient) -> None:
    with at(HALF_PAST):
        etag = client.get(path).headers["ETag"]
    slow.patch("", frame_origins=["https://example.com"])
    with at(HALF_PAST):
        anew = client.get(path, headers={"If-None-Match": etag})
    assert anew.status_code == 200
    assert "frame-ancestors https://example.com;" in anew.headers["Content-Security-Policy"]


@pytest.mark.parametrize("gone", ["deleted", "disabled", "moved"])
def test_nginx_may_keep_that_a_page_is_gone(gone: str, acme: Api, ada: Person, client: FlaskClient) -> None:
    changes: dict[str, Callable[[], object]] = {
        "deleted": lambda: acme.delete(""),
        "disabled": ada.disable,
        "moved": lambda: acme.patch("", slug="other"),
    }
    changes[gone]()
    answer = client.get("/p/acme")
    names = [name for name, _value in answer.headers]
    assert answer.status_code == (308 if gone == "moved" else 404)
    assert names.index("X-Accel-Expires") < names.index("Cache-Control")
    assert b"nonce" not in answer.data


def test_nginx_keeps_nothing_else(ada: Person, client: FlaskClient) -> None:
    for path in ("/", "/login", "/nothing", "/user/pages", "/api/v1/whoami", "/healthz", "/api/openapi.json"):
        assert "X-Accel-Expires" not in client.get(path).headers
        assert "X-Accel-Expires" not in ada.browser().get(path).headers


def test_each_answer_has_a_request_id_of_its_own(acme: Api, client: FlaskClient) -> None:
    assert client.get("/p/acme").headers["X-Request-ID"] != client.get("/p/acme").headers["X-Request-ID"]


def test_a_page_that_is_not_there_is_asked_for_each_time(ada: Person, client: FlaskClient) -> None:
    before = client.get("/p/acme").status_code
    ada.create_page()
    assert (before, client.get("/p/acme").status_code) == (404, 200)


def test_whatever_strangers_add_to_an_address_makes_no_other_copy(slow: Api, app: Flask) -> None:
    client, kept = app.test_client(), app.extensions["copies"]._kept
    with at(HALF_PAST):
        client.get("/p/acme/history")
        before = len(kept)
        for query in ("?a=1", "?page=1", "?page=x", "?page=-1", "?page=1&b=2", "?page=2", "?page=3"):
            client.get(f"/p/acme/history{query}")
    assert len(kept) == before


def test_copies_take_no_more_memory_than_they_may(
    slow: Api, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_copies, "MOST_KEPT", 100_000)
    client = (app := create_app(environ)).test_client()
    for part in PARTS:
        assert client.get(f"/p/acme{part}").status_code == 200
    kept = app.extensions["copies"]._kept
    assert 5 < len(kept) < len(PARTS)
    assert kept.currsize == sum(copy.size for copy in kept.values()) <= 100_000


def test_one_that_would_take_the_room_of_many_is_not_kept(
    slow: Api, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_copies, "MOST_KEPT", 1_000)
    app = create_app(environ)
    assert app.test_client().get("/p/acme").status_code == 200
    assert len(app.extensions["copies"]._kept) == 0
