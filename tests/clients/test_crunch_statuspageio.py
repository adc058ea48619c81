"""What crunch_statuspageio_client.py, a script with PyPI's crunch-statuspageio, does and gets."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.clients.conftest import Api, names, run_script

Told = dict[str, Any]


@pytest.fixture(scope="module")
def told(python: str, api: Api, status_page: dict[str, Any]) -> Told:
    return run_script(python, "crunch_statuspageio_client.py", api, status_page)


def test_crunch_statuspageio_reads_the_page(told: Told, status_page: dict[str, Any]) -> None:
    assert told["page"] == status_page


def test_crunch_statuspageio_changes_the_page(told: Told, status_page: dict[str, Any]) -> None:
    status, headers, page = told["status, headers and updated page"]
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert (page["id"], page["name"], page["time_zone"]) == (status_page["id"], "Acme", "Europe/Berlin")


def test_crunch_statuspageio_creates_a_component(told: Told, status_page: dict[str, Any]) -> None:
    web = told["created component"]
    assert (web["name"], web["description"], web["status"]) == ("Web", "What people see", "operational")
    assert (web["page_id"], web["group_id"], web["showcase"]) == (status_page["id"], None, True)


def test_crunch_statuspageio_lists_components_in_their_order(told: Told) -> None:
    assert names(told["components"]) == ["Web", "Database"]
    assert [each["status"] for each in told["components"]] == ["operational", "degraded_performance"]


def test_crunch_statuspageio_updates_a_component(told: Told) -> None:
    web = told["updated component"]
    assert (web["name"], web["status"], web["description"]) == ("Web", "major_outage", "Pages")
    assert told["component"] == web


def test_crunch_statuspageio_opens_an_incident(told: Told) -> None:
    slow = told["created incident"]
    assert (slow["name"], slow["status"], slow["impact"]) == ("Slow answers", "identified", "critical")
    assert [update["body"] for update in slow["incident_updates"]] == ["We look into it."]
    assert names(slow["components"]) == ["Web", "Database"]
    assert slow["metadata"] == {"ticket": {"number": 7}}


def test_crunch_statuspageio_resolves_an_incident(told: Told) -> None:
    slow = told["resolved"]
    assert (slow["status"], slow["impact"]) == ("resolved", "minor")
    assert [update["body"] for update in slow["incident_updates"]] == ["All is well.", "We look into it."]
    assert slow["resolved_at"] is not None


def test_crunch_statuspageio_lists_an_unresolved_incident_until_it_is_resolved(told: Told) -> None:
    assert told["unresolved"] == [told["created incident"]]
    assert told["unresolved afterwards"] == []


def test_crunch_statuspageio_plans_a_maintenance(told: Told) -> None:
    planned = told["planned"]
    start, end = (datetime.fromisoformat(planned[at]) for at in ("scheduled_for", "scheduled_until"))
    assert (planned["name"], planned["status"]) == ("Move to another rack", "scheduled")
    assert abs(start - datetime.fromisoformat(told["start"])) < timedelta(milliseconds=1)
    assert end - start == timedelta(hours=2)


def test_crunch_statuspageio_lists_maintenance_by_when_it_is(told: Told) -> None:
    assert names(told["scheduled"]) == ["Deploy", "Move to another rack"]
    assert told["upcoming"] == [told["planned"]]
    assert names(told["active"]) == ["Deploy"]


def test_crunch_statuspageio_completes_a_maintenance(told: Told) -> None:
    assert told["component in maintenance"]["status"] == "under_maintenance"
    assert told["completed"]["status"] == "completed"
    assert told["active afterwards"] == []
    assert told["component after maintenance"]["status"] == "operational"


def test_crunch_statuspageio_lists_searches_and_pages_incidents(told: Told) -> None:
    assert names(told["incidents"]) == ["Deploy", "Move to another rack", "Slow answers"]
    assert names(told["found"]) == ["Move to another rack"]
    assert names(told["second"]) == ["Move to another rack"]


def test_crunch_statuspageio_hears_why_a_status_is_refused(told: Told) -> None:
    assert (told["refusal"]["code"], list(told["refusal"]["fields"])) == ("invalid_fields", ["status"])


def test_crunch_statuspageio_deletes_an_incident(told: Told) -> None:
    assert told["deleted incident"] == 200
    assert names(told["incidents left"]) == ["Deploy", "Move to another rack"]


def test_crunch_statuspageio_deletes_a_component(told: Told) -> None:
    assert told["deleted component"] == 204
    assert names(told["components left"]) == ["Web"]
    assert told["status of a deleted one"] == 404
