"""How much of the time a component was up, by script."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from spk.db import db, now, writing
from spk.models import Component, ComponentDay
from tests.people import Api, Person

DAY = 86_400  # seconds
KEYS = {
    *("id", "name", "range_start", "range_end", "uptime_percentage"),
    *("major_outage", "partial_outage", "warnings", "related_events"),
}


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page with Web and Db, well for 100 days."""
    acme = ada.page_api("Acme", "Web", "Db")
    with ada.app.app_context(), writing():
        long_ago = now() - timedelta(days=100)
        db.session.execute(update(Component).values(created_at=long_ago, status_since=long_ago))
    return acme


def ago(days: int) -> date:
    return now().date() - timedelta(days=days)


def was_down(acme: Api, slug: str, days_ago: int, impact: str, seconds: int) -> None:
    identifier = acme.get(f"/components/{slug}")["id"]
    with acme.client.application.app_context(), writing():
        ComponentDay.record([identifier], impact, {ago(days_ago): seconds})  # type: ignore[arg-type]  # of the tests


def test_it_is_answered_whole(acme: Api) -> None:
    answer = acme.get("/components/web/uptime")
    component = acme.get("/components/web")
    assert set(answer) == KEYS
    assert (answer["id"], answer["name"]) == (component["id"], "Web")
    assert answer["range_start"] == f"{ago(89)}T00:00:00.000+00:00"
    assert (answer["uptime_percentage"], answer["major_outage"], answer["partial_outage"]) == (100, 0, 0)
    assert answer["warnings"] is None
    assert answer["related_events"] == {"component_id": component["id"], "incidents": []}


@pytest.mark.parametrize(
    ("impact", "down"), [("critical", 1), ("major", 0.3), ("minor", 0), ("maintenance", 0)]
)
def test_a_day_counts_by_how_bad_it_was(impact: str, down: float, acme: Api) -> None:
    was_down(acme, "web", 5, impact, DAY)
    answer = acme.get(f"/components/web/uptime?start={ago(6)}&end={ago(3)}")
    assert answer["uptime_percentage"] == pytest.approx(100 - 100 * down / 4)
    assert answer["major_outage"] == DAY * (impact == "critical")
    assert answer["partial_outage"] == DAY * (impact == "major")


def test_an_outage_that_lasts_counts_until_now(acme: Api) -> None:
    acme.patch("/components/web", status="major_outage")
    with acme.client.application.app_context(), writing():
        since = now() - timedelta(days=2)
        db.session.execute(update(Component).filter_by(slug="web").values(status_since=since))
    answer = acme.get("/components/web/uptime")
    assert answer["major_outage"] == pytest.approx(2 * DAY, abs=60)
    assert acme.get("/components/db/uptime")["major_outage"] == 0


def test_what_was_said_of_two_outages_adds_up(acme: Api) -> None:
    was_down(acme, "web", 1, "critical", 60)
    was_down(acme, "web", 1, "critical", 90)
    was_down(acme, "web", 2, "critical", 30)
    assert acme.get("/components/web/uptime")["major_outage"] == 180


def test_a_component_is_measured_since_it_is_there(acme: Api) -> None:
    acme.post("/components", name="New", status="major_outage")
    with acme.client.application.app_context(), writing():
        since = now() - timedelta(hours=12)
        db.session.execute(
            update(Component).filter_by(slug="new").values(created_at=since, status_since=since)
        )
    answer = acme.get(f"/components/new/uptime?start={ago(30)}")
    assert answer["range_start"] == acme.get("/components/new")["created_at"]
    assert answer["uptime_percentage"] == pytest.approx(0, abs=1)
    assert answer["warnings"].startswith("What is known begins on ")


def test_a_component_is_measured_since_its_start_date(acme: Api) -> None:
    was_down(acme, "web", 20, "critical", DAY)
    acme.patch("/components/web", start_date=str(ago(10)))
    answer = acme.get("/components/web/uptime")
    assert answer["range_start"].startswith(str(ago(10)))
    assert answer["major_outage"] == 0


@pytest.mark.parametrize("query", ["end=1970", "start=1970&end=1971-02", "end=2020-02-29"])
def test_where_nothing_is_known_there_is_no_percentage(query: str, acme: Api) -> None:
    answer = acme.get(f"/components/web/uptime?{query}")
    assert answer["uptime_percentage"] is None
    assert answer["warnings"] == "Nothing is known of these days."


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Niue"])
@pytest.mark.parametrize("year", ["0001", "9999"])
def test_the_first_and_the_last_of_all_years_can_be_asked_for(year: str, zone: str, acme: Api) -> None:
    acme.patch(time_zone=zone)
    assert acme.get(f"/components/web/uptime?end={year}")["name"] == "Web"
    assert acme.open("GET", f"/components/web/uptime?start={year}").status_code in (200, 422)


def test_an_outage_whose_length_was_not_recorded_leaves_no_percentage(acme: Api) -> None:
    was_down(acme, "web", 5, "critical", 60)
    with acme.client.application.app_context(), writing():
        db.session.execute(update(ComponentDay).values(critical=0))
    answer = acme.get("/components/web/uptime")
    assert answer["uptime_percentage"] is None
    assert answer["warnings"] == f"How long the outage of {ago(5)} lasted wasn’t recorded."
    assert acme.get(f"/components/web/uptime?start={ago(4)}")["uptime_percentage"] == 100


def test_the_shortest_outage_counts_a_second(acme: Api) -> None:
    was_down(acme, "web", 1, "critical", 0)
    assert acme.get("/components/web/uptime")["major_outage"] == 1


def test_a_group_warns_only_of_what_all_of_it_lacks(acme: Api) -> None:
    acme.post("/components", name="New")
    acme.post("/component-groups", name="Europe", components=["new", "web"])
    answer = acme.get(f"/component-groups/europe/uptime?start={ago(10)}")
    assert (answer["range_start"][:10], answer["warnings"]) == (str(ago(10)), None)


def test_the_days_of_an_empty_group_are_looked_at_too(acme: Api) -> None:
    acme.post("/component-groups", name="Europe")
    assert list(acme.get("/component-groups/europe/uptime?start=2099", 422)["fields"]) == ["start"]


def test_a_year_and_a_month_are_all_their_days(acme: Api) -> None:
    today = now().date()
    days = [
        acme.get(f"/components/web/uptime?start={today:%Y-%m}&end={end}") for end in (f"{today:%Y}", today)
    ]
    assert days[0]["range_start"] == days[1]["range_start"]
    began = datetime.fromisoformat(days[0]["range_start"]).date()
    assert began == max(today.replace(day=1), ago(89))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start=2099", "start"),
        ("start=2026-02&end=2026-01", "start"),
        ("start=2026-13", "start"),
        ("end=2026-02-30", "end"),
        ("end=0000", "end"),
        ("end=20261130", "end"),
        ("start=" + "1" * 5000, "start"),
        ("start=yesterday", "start"),
    ],
)
@pytest.mark.parametrize("of", ["components/web", "component-groups/europe"])
def test_days_that_cannot_be_are_refused(of: str, query: str, field: str, acme: Api) -> None:
    acme.post("/component-groups", name="Europe", components=["web"])
    assert list(acme.get(f"/{of}/uptime?{query}", 422)["fields"]) == [field]


def test_the_incidents_of_the_period_are_named(acme: Api) -> None:
    made = {
        days: acme.post("/incidents", name=f"{days} days ago", status="resolved", component_ids=["web"])["id"]
        for days in (1, 5, 30)
    }
    for days, identifier in made.items():
        acme.move(identifier, started_at=-timedelta(days=days), ends_at=-timedelta(days=days))
    acme.post("/incidents", name="Elsewhere", component_ids=["db"])
    answer = acme.get(f"/components/web/uptime?start={ago(10)}")
    assert answer["related_events"]["incidents"] == [{"id": made[1]}, {"id": made[5]}]


def test_a_group_is_as_its_components_on_average(acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe", components=["web", "db"])
    was_down(acme, "web", 5, "critical", DAY)
    answer = acme.get(f"/component-groups/europe/uptime?start={ago(6)}&end={ago(3)}")
    assert set(answer) == KEYS
    assert (answer["id"], answer["name"]) == (group["id"], "Europe")
    assert answer["uptime_percentage"] == pytest.approx(87.5)
    assert answer["major_outage"] == DAY
    assert [each["component_id"] for each in answer["related_events"]] == group["components"]


def test_of_an_empty_group_nothing_is_known(acme: Api) -> None:
    acme.post("/component-groups", name="Europe")
    answer = acme.get("/component-groups/europe/uptime")
    assert (answer["uptime_percentage"], answer["related_events"]) == (None, [])


def test_uptime_needs_the_scope_for_it(acme: Api, ada: Person) -> None:
    root = "/api/v1/pages/acme/components/web/uptime"
    for scope, status in (("analytics:read", 200), ("components:write", 403)):
        token = ada.create_key("CI", scopes=(scope,))
        answer = acme.client.get(root, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
