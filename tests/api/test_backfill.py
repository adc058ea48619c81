"""Incidents that are told when they are over, dated when they were."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.people import Api, Person


def test_an_incident_of_the_past_is_dated_then(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Outage", body="It was.", backfilled=True, backfill_date="2026-01-15")
    then = "2026-01-15T00:00:00.000+00:00"
    assert [made[name] for name in ("created_at", "started_at", "resolved_at")] == [then] * 3
    (update,) = made["incident_updates"]
    assert (update["status"], update["body"], update["display_at"]) == ("resolved", "It was.", then)
    assert made["status"] == "resolved"
    assert "15 January 2026" in client.get("/p/acme/history").text
    assert client.get("/api/v2/incidents/unresolved.json").json["incidents"] == []  # type: ignore[index]  # is JSON


@pytest.mark.parametrize(
    ("date", "then"),
    [
        ("2026-01-15", "2026-01-14T23:00:00.000+00:00"),
        ("2026-01-15T10:00:00Z", "2026-01-15T10:00:00.000+00:00"),
        ("2026-01-15T10:00:00+09:00", "2026-01-15T01:00:00.000+00:00"),
    ],
)
def test_a_day_begins_in_the_time_zone_of_the_page(date: str, then: str, ada: Person) -> None:
    page = ada.api(f"/api/v1/pages/{ada.create_page(time_zone='Europe/Berlin')}")
    assert page.post("/incidents", name="Outage", backfill_date=date)["started_at"] == then


def test_a_form_dates_it_too(acme: Api) -> None:
    answer = acme.open(
        "POST", "/incidents", data={"incident[name]": "A", "incident[backfill_date]": "2026-01-15"}
    )
    assert answer.json
    assert answer.json["created_at"] == "2026-01-15T00:00:00.000+00:00"


def test_what_is_not_backfilled_is_of_now(acme: Api) -> None:
    made = acme.post("/incidents", name="Down", backfilled=False, backfill_date="2026-01-15")
    assert (made["status"], made["resolved_at"]) == ("investigating", None)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("backfill_date", {"backfilled": True}),
        ("backfill_date", {"backfill_date": "2099-01-15"}),
        ("backfill_date", {"backfill_date": "yesterday"}),
        ("backfill_date", {"backfill_date": "0001-01-01"}),
        ("backfill_date", {"backfill_date": "2026-01-15", "scheduled_for": "2026-01-15T10:00Z"}),
        ("status", {"backfill_date": "2026-01-15", "status": "investigating"}),
        ("components", {"backfill_date": "2026-01-15", "components": {"web": "major_outage"}}),
    ],
)
def test_what_would_make_it_untrue_is_refused(field: str, fields: dict[str, Any], acme: Api) -> None:
    assert list(acme.post("/incidents", 422, name="Outage", **fields)["fields"]) == [field]
    assert acme.all("/incidents") == []


def test_it_says_what_was_affected_and_how_much(acme: Api) -> None:
    fields = {"backfill_date": "2026-01-15", "component_ids": ["web"], "impact_override": "major"}
    made = acme.post("/incidents", name="Outage", **fields)
    assert (made["impact"], [each["slug"] for each in made["components"]]) == ("major", ["web"])
    assert acme.get("/components/web")["status"] == "operational"


def test_a_date_is_of_an_incident_that_is_made(acme: Api) -> None:
    acme.post("/incidents", name="Slow")
    assert list(acme.patch("/incidents/slow", 422, backfill_date="2026-01-15")["fields"]) == ["backfill_date"]
