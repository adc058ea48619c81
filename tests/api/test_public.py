"""What everybody may read without a key."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from spk.db import db, now, writing
from spk.models import Incident, IncidentUpdate, StatusPage
from tests.people import Api, Json, Person, bearer, body
from tests.shared_app import forget_copies
from tests.statements import statements

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
PAGE = {"id", "name", "url", "time_zone", "updated_at"}
COMPONENT = {
    *("id", "name", "status", "created_at", "updated_at", "position", "description", "showcase"),
    *("start_date", "group_id", "page_id", "group", "only_show_if_degraded"),
}
INCIDENT = {
    *("id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact"),
    *("shortlink", "started_at", "page_id", "incident_updates", "components"),
}
UPDATE = {
    *("id", "status", "body", "incident_id", "created_at", "updated_at", "display_at"),
    *("affected_components", "deliver_notifications", "custom_tweet", "tweet_id"),
}
KEYS = {
    "summary": {"page", "components", "incidents", "scheduled_maintenances", "status"},
    "status": {"page", "status"},
    "components": {"page", "components"},
    "incidents": {"page", "incidents"},
    "incidents/unresolved": {"page", "incidents"},
    "scheduled-maintenances": {"page", "scheduled_maintenances"},
    "scheduled-maintenances/upcoming": {"page", "scheduled_maintenances"},
    "scheduled-maintenances/active": {"page", "scheduled_maintenances"},
}
ADDRESSES = [f"{root}/api/v2/{path}.json" for path in KEYS for root in ("", "/p/acme")]
OPERATIONAL = {"indicator": "none", "description": "All Systems Operational"}


@pytest.fixture
def acme(ada: Person) -> Api:
    """A page with an open incident, a running and a coming maintenance, and one of each that is over."""
    acme = ada.page_api("Acme", "Web", "Db", "Mail", description="SECRET description")
    acme.post("/incidents", name="Was down", status="resolved")
    acme.post("/incidents", name="Was upgraded", status="completed")
    acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["db"])
    acme.post("/incidents", name="Move", scheduled_for="2099-01-01T00:00:00Z")
    fields = {"body": "We look.", "components": {"web": "partial_outage"}, "metadata": {"a": "SECRET"}}
    acme.post("/incidents", name="Down", **fields)
    return acme


def read(client: FlaskClient, path: str = "summary", root: str = "") -> Json:
    response = client.get(f"{root}/api/v2/{path}.json")
    assert response.status_code == 200, response.text
    return body(response)


def names(things: list[Json]) -> list[str]:
    return [each["name"] for each in things]


@pytest.mark.parametrize("path", KEYS)
def test_every_address_has_its_keys_on_the_default_page_and_by_slug(
    path: str, acme: Api, client: FlaskClient
) -> None:
    found = read(client, path)
    assert set(found) == KEYS[path]
    assert set(found["page"]) == PAGE
    assert found == read(client, path, "/p/acme")


def test_a_summary_tells_all_that_is_going_on(acme: Api, client: FlaskClient) -> None:
    summary = read(client)
    assert names(summary["components"]) == ["Web", "Db", "Mail"]
    statuses = [component["status"] for component in summary["components"]]
    assert statuses == ["partial_outage", "under_maintenance", "operational"]
    assert names(summary["incidents"]) == ["Down"]
    assert names(summary["scheduled_maintenances"]) == ["Move", "Upgrade"]
    assert summary["status"] == {"indicator": "major", "description": "Partial System Outage"}


def test_every_object_of_a_summary_has_every_key_even_when_null(acme: Api, client: FlaskClient) -> None:
    summary = read(client)
    assert all(set(component) == COMPONENT for component in summary["components"])
    assert all(set(incident) == INCIDENT for incident in summary["incidents"])
    scheduled = {"scheduled_for", "scheduled_until"}
    assert all(set(each) == INCIDENT | scheduled for each in summary["scheduled_maintenances"])
    for incident in [*summary["incidents"], *summary["scheduled_maintenances"]]:
        assert incident["incident_updates"]
        assert all(set(update) == UPDATE for update in incident["incident_updates"])
        assert all(set(component) == COMPONENT for component in incident["components"])
    (update,) = summary["incidents"][0]["incident_updates"]
    (affected,) = update["affected_components"]
    assert (affected["code"], affected["name"]) == (summary["components"][0]["id"], "Web")
    assert (affected["old_status"], affected["new_status"]) == ("operational", "partial_outage")


def test_every_time_is_iso_8601_with_milliseconds_and_offset(acme: Api, client: FlaskClient) -> None:
    def times(found: object) -> list[object]:
        if isinstance(found, list):
            return [time for each in found for time in times(each)]
        if not isinstance(found, dict):
            return []
        named = [
            value for name, value in found.items() if name.endswith("_at") or name.startswith("scheduled_")
        ]
        here = [value for value in named if value is not None and not isinstance(value, list)]
        return here + [time for value in found.values() for time in times(value)]

    found = times(read(client))
    assert len(found) > 20
    assert [time for time in found if not TIME.fullmatch(str(time))] == []


def test_each_list_has_its_own(acme: Api, client: FlaskClient) -> None:
    assert names(read(client, "incidents")["incidents"]) == ["Down", "Was down"]
    assert names(read(client, "incidents/unresolved")["incidents"]) == ["Down"]
    key = "scheduled_maintenances"
    assert names(read(client, "scheduled-maintenances")[key]) == ["Move", "Upgrade", "Was upgraded"]
    assert names(read(client, "scheduled-maintenances/upcoming")[key]) == ["Move"]
    assert names(read(client, "scheduled-maintenances/active")[key]) == ["Upgrade"]


def test_a_window_comes_and_goes_by_the_clock(ada: Person, client: FlaskClient) -> None:
    acme = ada.page_api()
    acme.post("/components", name="Web")
    window = {"scheduled_for": "2099-01-01T00:00:00Z", "scheduled_until": "2099-01-01T01:00:00Z"}
    incident = acme.post("/incidents", name="Upgrade", component_ids=["web"], **window)
    assert read(client)["status"] == OPERATIONAL
    hour = timedelta(hours=1)
    acme.move(incident["id"], scheduled_for=-hour, started_at=-hour)
    running = read(client)
    assert running["status"] == {"indicator": "maintenance", "description": "Service Under Maintenance"}
    assert running["components"][0]["status"] == "under_maintenance"
    assert running["scheduled_maintenances"][0]["status"] == "in_progress"
    acme.move(incident["id"], scheduled_until=-hour / 2, ends_at=-hour / 2)
    over = read(client)
    assert (over["status"], over["scheduled_maintenances"]) == (OPERATIONAL, [])
    assert over["components"][0]["status"] == "operational"
    assert read(client, "scheduled-maintenances")["scheduled_maintenances"][0]["status"] == "completed"


def test_the_default_page_is_the_first_of_the_first_account(
    ada: Person, eve: Person, client: FlaskClient
) -> None:
    for person, name in ((eve, "Acme"), (ada, "Zebra"), (ada, "Alpaca"), (eve, "Ibex")):
        person.create_page(name)
    assert read(client)["page"]["name"] == "Zebra"
    assert read(client, root="/p/ibex")["page"]["name"] == "Ibex"


def test_without_a_page_there_is_nothing(client: FlaskClient) -> None:
    for address in ADDRESSES:
        refused(client.get(address))


@pytest.mark.parametrize("slug", ["nothing", "ACME", "99999999999999999999", "%00", "acme.json"])
def test_an_unknown_slug_is_not_found(slug: str, acme: Api, client: FlaskClient) -> None:
    refused(client.get(f"/p/{slug}/api/v2/summary.json"))


@pytest.mark.parametrize(
    "path", ["/api/v2", "/api/v2/summary", "/api/v2/nothing.json", "/p/acme/api/v2/x.json"]
)
def test_an_unknown_address_is_not_found(path: str, acme: Api, client: FlaskClient) -> None:
    refused(client.get(path))


def test_a_page_is_found_by_its_id_too(acme: Api, client: FlaskClient) -> None:
    assert client.get(f"/p/{acme.get()['id']}/api/v2/summary.json").status_code == 200


def refused(response: TestResponse) -> None:
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert body(response)["code"] == "not_found"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_here(method: str, acme: Api, client: FlaskClient) -> None:
    for address in ADDRESSES:
        response = client.open(address, method=method, headers=bearer(acme.token))
        assert (response.status_code, response.content_type) == (405, "application/problem+json")


def test_other_sites_may_read_it_and_caches_may_keep_it(acme: Api, client: FlaskClient) -> None:
    for address in ADDRESSES:
        response = client.get(address)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Cache-Control"] == "public, max-age=15"
        assert response.content_type == "application/json"
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")


def test_head_answers_the_same_headers_without_a_body(acme: Api, client: FlaskClient) -> None:
    for address in ADDRESSES:
        got, head = client.get(address), client.head(address)
        assert (head.status_code, head.data) == (200, b"")
        for name in (
            "ETag",
            "Content-Type",
            "Content-Length",
            "Cache-Control",
            "Access-Control-Allow-Origin",
        ):
            assert head.headers[name] == got.headers[name]


def test_what_has_not_changed_is_not_sent_again(acme: Api, client: FlaskClient) -> None:
    tag = client.get("/api/v2/summary.json").headers["ETag"]
    again = client.get("/api/v2/summary.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert again.headers["Cache-Control"] == "public, max-age=15"
    acme.patch("/components/web", status="major_outage")
    changed = client.get("/api/v2/summary.json", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer rubbish"},
        {"Authorization": ","},
        {"Cookie": "session=rubbish"},
        {"Host": "localhost"},
    ],
    ids=["a bad key", "a bad header", "a bad cookie", "another name of ours"],
)
def test_a_key_or_cookie_is_not_read(headers: dict[str, str], acme: Api, client: FlaskClient) -> None:
    plain, response = client.get("/api/v2/summary.json"), client.get("/api/v2/summary.json", headers=headers)
    assert (response.status_code, response.data) == (200, plain.data)
    assert "Set-Cookie" not in response.headers


def test_a_good_key_and_a_good_cookie_are_not_read_either(
    acme: Api, ada: Person, client: FlaskClient
) -> None:
    plain = client.get("/api/v2/summary.json").data
    token = ada.create_key()
    assert client.get("/api/v2/summary.json", headers=bearer(token)).data == plain
    assert ada.key(token).last_used_at is None
    response = ada.browser().get("/api/v2/summary.json")
    assert (response.data, "Set-Cookie" in response.headers) == (plain, False)


def test_a_token_in_the_query_is_no_matter_here(acme: Api, client: FlaskClient) -> None:
    assert client.get(f"/api/v2/summary.json?api_key={acme.token}").status_code == 200


def test_what_is_the_owners_alone_is_not_shown(acme: Api, client: FlaskClient) -> None:
    for address in ADDRESSES:
        text = client.get(address).text
        words = ("SECRET", "ada@", "metadata", "user_id", acme.token[:12])
        assert [word for word in words if word in text] == []


def test_pages_stay_readable_when_their_owner_leaves_the_plan(
    acme: Api, ada: Person, client: FlaskClient
) -> None:
    before = read(client)
    ada.set_plan("free")
    assert read(client) == before


INDICATORS: list[tuple[str, list[str], list[Json], str]] = [
    ("nothing is wrong", ["operational", "operational"], [], "none"),
    ("degraded", ["degraded_performance", "operational"], [], "minor"),
    ("partial", ["partial_outage", "operational"], [], "major"),
    ("major", ["major_outage", "operational"], [], "critical"),
    ("said to be maintained", ["under_maintenance", "operational"], [], "maintenance"),
    ("the worst wins", ["degraded_performance", "major_outage"], [], "critical"),
    ("worse than maintenance", ["under_maintenance", "degraded_performance"], [], "minor"),
    ("incident without impact", ["operational"], [{}], "none"),
    ("incident alone", ["operational"], [{"impact_override": "major"}], "major"),
    (
        "worst incident",
        ["operational"],
        [{"impact_override": "minor"}, {"impact_override": "critical"}],
        "critical",
    ),
    ("component worse", ["major_outage"], [{"impact_override": "minor"}], "critical"),
    ("incident worse", ["degraded_performance"], [{"impact_override": "critical"}], "critical"),
    ("resolved", ["operational"], [{"impact_override": "critical", "status": "resolved"}], "none"),
    ("maintenance alone", ["operational"], [{"status": "in_progress"}], "maintenance"),
    ("maintenance verified", ["operational"], [{"status": "verifying"}], "maintenance"),
    ("maintenance is over", ["operational"], [{"status": "completed"}], "none"),
    ("maintenance to come", ["operational"], [{"scheduled_for": "2099-01-01T00:00:00Z"}], "none"),
    (
        "maintenance with impact",
        ["operational"],
        [{"status": "in_progress", "impact_override": "minor"}],
        "minor",
    ),
    ("maintenance and outage", ["partial_outage"], [{"status": "in_progress"}], "major"),
    (
        "maintenance and incident",
        ["operational"],
        [{"status": "in_progress"}, {"impact_override": "minor"}],
        "minor",
    ),
]
DESCRIPTIONS = {
    "none": "All Systems Operational",
    "minor": "Partially Degraded Service",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
    "maintenance": "Service Under Maintenance",
}


@pytest.mark.parametrize(
    ("components", "incidents", "indicator"),
    [row[1:] for row in INDICATORS],
    ids=[row[0] for row in INDICATORS],
)
def test_the_status_is_the_worst_of_components_and_incidents(
    components: list[str], incidents: list[Json], indicator: str, ada: Person, client: FlaskClient
) -> None:
    acme = ada.page_api()
    for number, status in enumerate(components):
        acme.post("/components", name=f"C{number}", status=status)
    for incident in incidents:
        acme.post("/incidents", name="X", **incident)
    expected = {"indicator": indicator, "description": DESCRIPTIONS[indicator]}
    assert read(client, "status")["status"] == read(client)["status"] == expected


def test_another_page_is_another_matter(acme: Api, ada: Person, client: FlaskClient) -> None:
    ada.create_page("Ibex")
    other = read(client, root="/p/ibex")
    assert (other["components"], other["incidents"], other["scheduled_maintenances"]) == ([], [], [])
    assert other["status"] == OPERATIONAL


def test_a_summary_costs_the_same_with_ten_thousand_incidents(
    acme: Api, app: Flask, client: FlaskClient
) -> None:
    def cost(open_incidents: int) -> int:
        with statements() as sent:
            found = read(client)["incidents"]
        assert len(found) == open_incidents
        assert names(found)[-1] == "Down"
        return len(sent)

    fill(app, "few", 10)
    few = cost(1)
    fill(app, "many", 9_990)
    assert cost(1) == few > 0
    for number in range(20):
        acme.post("/incidents", name=f"Open {number}", component_ids=["web", "db"])
    assert cost(21) == few


def fill(app: Flask, prefix: str, how_many: int) -> None:
    """Add incidents that are over, with an update each."""
    with app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page
        then = now() - timedelta(days=1)
        same = {"page_id": page.id, "status": "resolved", "worst_impact": "critical", "details": {}}
        times = {"started_at": then, "created_at": then, "ends_at": then}
        ids = [f"{prefix}{number}" for number in range(how_many)]
        rows = [{"id": each, "slug": each, "name": each, **same, **times} for each in ids]
        db.session.execute(insert(Incident), rows)
        updates = [{"incident_id": each, "status": "resolved", "body": "Done."} for each in ids]
        db.session.execute(insert(IncidentUpdate), updates)
    forget_copies(app)


def test_lists_of_what_has_been_have_fifty(acme: Api, app: Flask, client: FlaskClient) -> None:
    fill(app, "old", 60)
    incidents = read(client, "incidents")["incidents"]
    assert (len(incidents), incidents[0]["name"]) == (50, "Down")
