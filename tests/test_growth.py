"""How much there can be of anything, and that no answer grows with it."""

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from spk.db import db, now, reading, writing
from spk.models import FormerSlug, IdempotentAnswer, Incident, IncidentUpdate, StatusPage
from spk.models.accounts import idempotent_answer
from spk.models.status_pages import former_slug, incident_list
from spk.models.status_pages.schedule import NO_END
from tests.people import Api, Person, bearer, body
from tests.statements import statements

PLANS = """
[free]
[pro]
features = ["api_access", "status_pages", "maintenance_windows"]
active_keys = 20
status_pages = 5
components = 2
open_incidents = 2
incident_updates = 2
"""
MOST = 1_500_000  # bytes of an answer, whatever has been written
LATER = {"scheduled_for": "2099-01-01T00:00:00Z", "scheduled_until": "2099-01-01T01:00:00Z"}


@pytest.fixture
def environ(request: pytest.FixtureRequest, environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Where a test is about the limits of plans, with low ones."""
    if "small" not in request.fixturenames:
        return environ
    file = tmp_path / "plans.toml"
    file.write_text(PLANS)
    return {**environ, "SPK_PLANS_FILE": str(file)}


@pytest.fixture
def small(ada: Person) -> Api:
    """Ada’s page, on a plan with two of everything; it has one component."""
    return ada.page_api("Acme", "Web")


@pytest.fixture
def fill(app: Flask) -> Callable[[int, int, str], None]:
    """Writes so many open incidents, each with so many updates, of this text."""

    def fill(incidents: int, updates: int, text: str) -> None:
        with app.app_context(), writing():
            page = StatusPage.published("acme")
            assert page
            moment = now()
            rows = [
                {
                    "id": f"i{number:011}",
                    "page_id": page.id,
                    "name": f"Incident {number}",
                    "slug": f"incident-{number}",
                    "status": "investigating",
                    "worst_impact": "none",
                    "details": {},
                    "started_at": moment - timedelta(minutes=number),
                    "created_at": moment - timedelta(minutes=number),
                    "ends_at": NO_END,
                }
                for number in range(incidents)
            ]
            texts = [
                {
                    "id": f"{update:04}{number:08}",
                    "incident_id": row["id"],
                    "status": "investigating",
                    "body": f"{update} {text}",
                    "created_at": moment + timedelta(seconds=update),
                }
                for number, row in enumerate(rows)
                for update in range(updates)
            ]
            db.session.execute(insert(Incident), rows)
            db.session.execute(insert(IncidentUpdate), texts)

    return fill


def test_a_page_has_as_many_groups_as_components(small: Api, ada: Person) -> None:
    for name in ("Europe", "Asia"):
        small.post("/component-groups", name=name)
    assert small.post("/component-groups", 409, name="Africa")["code"] == "limit_reached"
    answer = ada.browser().submit("/user/pages/acme/new-group", name="Africa")
    assert answer.status_code == 409
    assert "This page has 2 groups, as many as your plan allows components." in answer.text


def test_a_page_has_as_many_components_as_the_plan_allows(small: Api) -> None:
    small.post("/components", name="Db")
    assert small.post("/components", 409, name="Api")["code"] == "limit_reached"
    small.delete("/components/web")
    small.post("/components", name="Api")


def test_a_page_has_as_many_open_incidents_as_the_plan_allows(small: Api) -> None:
    first = small.post("/incidents", name="Slow")
    small.post("/incidents", name="Upgrade", **LATER)
    assert small.post("/incidents", 409, name="Down")["code"] == "limit_reached"
    assert small.post("/incidents", 409, name="Move", **LATER)["code"] == "limit_reached"
    small.patch(f"/incidents/{first['id']}", status="resolved")
    small.post("/incidents", name="Down")


def test_what_is_over_counts_for_no_limit_until_it_is_open_again(small: Api) -> None:
    over = [small.post("/incidents", name="Was slow", status="resolved")["id"] for _ in range(4)]
    small.post("/incidents", name="Slow")
    small.patch(f"/incidents/{over[0]}", status="investigating")
    assert small.patch(f"/incidents/{over[1]}", 409, status="investigating")["code"] == "limit_reached"
    assert small.get(f"/incidents/{over[1]}")["status"] == "resolved"


def test_an_incident_has_as_many_updates_as_the_plan_allows_and_the_one_that_ends_it(small: Api) -> None:
    path = f"/incidents/{small.post('/incidents', name='Slow')['id']}"
    small.patch(path, body="We look.")
    assert small.patch(path, 409, body="Still.")["code"] == "limit_reached"
    assert small.patch(path, 409, status="monitoring")["code"] == "limit_reached"
    assert len(small.patch(path, status="resolved", body="Done.")["incident_updates"]) == 3
    assert small.patch(path, 409, status="resolved", body="Once more.")["code"] == "limit_reached"
    assert small.patch(path, 409, body="It was the network.")["code"] == "limit_reached"
    assert small.patch(path, name="Slow network")["name"] == "Slow network"


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("components", {"name": "Api"}, "the 2 components that your plan allows"),
        ("new-incident", {"name": "Down", "body": "We look.", "impact_override": ""}, "the 2 open incidents"),
        (
            "new-maintenance",
            {"name": "Move", "scheduled_for": "2099-01-01T00:00", "scheduled_until": "2099-01-01T01:00"},
            "the 2 open incidents",
        ),
        (
            "incidents/slow",
            {"body": "Still.", "status": "investigating", "shown_status": "investigating"},
            "the 2 updates",
        ),
    ],
)
def test_a_person_is_told_at_the_field_and_loses_nothing(
    small: Api, ada: Person, path: str, fields: dict[str, str], words: str
) -> None:
    small.post("/components", name="Db")
    slow = small.post("/incidents", name="Slow")
    small.patch(f"/incidents/{slow['id']}", body="We look.")
    small.post("/incidents", name="Upgrade", **LATER)
    answer = ada.browser().submit(f"/user/pages/acme/{path}", "/user/pages/acme", htmx=False, **fields)
    assert answer.status_code == 409
    assert words in re.findall(r'<p class="error"[^>]*>(.*?)</p>', answer.text)[0]
    assert all(text in answer.text for text in fields.values())


LISTS = [
    *("/", "/p/acme/history", "/p/acme/history.rss", "/p/acme/history.atom"),
    *("/api/v2/summary.json", "/api/v2/incidents.json", "/api/v2/incidents/unresolved.json"),
]


@pytest.mark.parametrize("path", LISTS)
def test_no_public_answer_grows_with_what_was_written(
    acme: Api, fill: Callable[..., None], client: FlaskClient, path: str
) -> None:
    fill(130, 3, "x" * 25_000)
    assert len(client.get(path).data) < MOST


def test_no_list_of_ones_own_grows_with_what_was_written(acme: Api, fill: Callable[..., None]) -> None:
    fill(130, 3, "x" * 25_000)
    assert len(acme.open("GET", "/incidents").data) < MOST
    assert len(acme.all("/incidents")) == 100


def test_components_of_incidents_are_bounded_too(ada: Person, client: FlaskClient) -> None:
    acme = ada.page_api("Acme", *(f"Part {number}" for number in range(40)))
    for number in range(20):
        acme.post("/incidents", name=f"Incident {number}", component_ids=[f"part-{n}" for n in range(40)])
    shown = [incident["components"] for incident in body(client.get("/api/v2/summary.json"))["incidents"]]
    assert sum(map(len, shown)) == incident_list.COMPONENTS
    assert [component["name"] for component in shown[0]] == [f"Part {number}" for number in range(40)]
    assert "and <a href=" in client.get("/").text


def test_the_newest_update_of_each_comes_before_the_second_of_any(
    acme: Api, fill: Callable[..., None], client: FlaskClient
) -> None:
    fill(8, 3, "x" * 25_000)
    shown = [found["incident_updates"] for found in body(client.get("/api/v2/summary.json"))["incidents"]]
    assert sorted(len(updates) for updates in shown) == [1, 1, 1, 1, 1, 1, 1, 2]
    assert {updates[0]["body"][0] for updates in shown} == {"2"}


def test_what_a_list_leaves_off_is_where_it_says(
    acme: Api, fill: Callable[..., None], client: FlaskClient
) -> None:
    fill(1, 13, "x")
    (incident,) = body(client.get("/api/v2/summary.json"))["incidents"]
    assert len(incident["incident_updates"]) == 10
    assert f'<a href="{incident["shortlink"]}">3 earlier updates</a>' in client.get("/").text
    page = client.get(incident["shortlink"].removeprefix("http://127.0.0.1:8000"))
    assert page.text.count('<div class="body">') == 13
    assert "Older" not in page.text
    assert len(acme.get(f"/incidents/{incident['id']}")["incident_updates"]) == 13


def test_a_long_incident_is_read_in_parts(acme: Api, fill: Callable[..., None], client: FlaskClient) -> None:
    fill(1, 60, "x" * 25_000)
    parts = [client.get(f"/p/acme/incidents/incident-0?page={number}") for number in (1, 2, 3)]
    assert [part.text.count('<div class="body">') for part in parts] == [25, 25, 10]
    assert [len(part.data) < MOST for part in parts] == [True] * 3
    assert ["Newer" in part.text for part in parts] == [False, True, True]
    assert ["Older" in part.text for part in parts] == [True, True, False]


def test_a_list_for_programs_says_where_older_ones_are(acme: Api, client: FlaskClient) -> None:
    link = client.get("/api/v2/incidents.json").headers["Link"]
    assert link == '<http://127.0.0.1:8000/p/acme/history>; rel="archives"'
    assert client.get("/p/acme/history").status_code == 200


def test_all_open_incidents_are_looked_at_before_a_component_is_called_well(
    acme: Api, ada: Person, fill: Callable[..., None], app: Flask
) -> None:
    oldest = acme.post("/incidents", name="Oldest", component_ids=["web"])
    acme.move(oldest["id"], created_at=-timedelta(days=9))
    acme.post("/incidents", name="Newest", component_ids=["web"], components={"web": "major_outage"})
    fill(120, 1, "x")
    page = "/user/pages/acme/incidents/newest"
    answer = ada.browser().submit(page, page, status="resolved", shown_status="investigating", restore="y")
    assert answer.status_code == 303
    assert acme.get("/components/web")["status"] == "major_outage"


def test_no_schedule_makes_room_for_more_updates(small: Api) -> None:
    window = {"scheduled_for": "2020-01-01T00:00:00Z", "scheduled_until": "2099-01-01T00:00:00Z"}
    path = f"/incidents/{small.post('/incidents', name='Upgrade', **window)['id']}"
    small.patch(path, body="We begin.")
    answer = small.patch(path, 409, scheduled_until="2020-01-02T00:00:00Z", body="More.")
    assert answer["code"] == "limit_reached"


def test_one_account_has_so_many_answers_stored(
    acme: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotent_answer, "MOST", 3)
    for number in range(5):
        headers = bearer(acme.token) | {"Idempotency-Key": str(number)}
        acme.client.post(f"{acme.root}/components", json={"name": "Api"}, headers=headers)
    with app.app_context(), reading():
        kept = db.session.scalars(select(IdempotentAnswer.key).order_by(IdempotentAnswer.id)).all()
    assert kept == ["2", "3", "4"]


def test_one_account_holds_so_many_former_slugs(
    acme: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(former_slug, "MOST", 2)
    for former, slug in itertools.pairwise(["acme", "one", "two", "three"]):
        acme.root = f"/api/v1/pages/{former}"
        acme.patch(slug=slug)
    with app.app_context(), reading():
        assert sorted(db.session.scalars(select(FormerSlug.slug))) == ["one", "two"]


def test_what_is_affected_is_said_however_much_was_affected_lately(ada: Person, client: FlaskClient) -> None:
    acme = ada.page_api("Acme", *(f"Part {number}" for number in range(200)))
    acme.post("/incidents", name="Slow", component_ids=["part-7"])
    for number in range(3):
        every = [f"part-{each}" for each in range(200)]
        acme.post("/incidents", name=f"Was down {number}", status="resolved", component_ids=every)
    assert '<p class="affected">Affects Part 7</p>' in client.get("/").text


def test_a_change_of_many_components_takes_few_queries_for_each(ada: Person) -> None:
    acme = ada.page_api("Acme", *(f"Part {number}" for number in range(50)))
    incident = acme.post("/incidents", name="Slow")
    for status in ("major_outage", "partial_outage"):
        with statements() as sent:
            acme.patch(f"/incidents/{incident['id']}", components={f"part-{n}": status for n in range(50)})
    assert len(sent) < 50 * 3
