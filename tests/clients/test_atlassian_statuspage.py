"""What atlassian_statuspage_client.py, a script with PyPI's atlassian-statuspage, does and gets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clients.conftest import Api, names, run_script

Told = dict[str, Any]


@pytest.fixture(scope="module")
def told(python: str, api: Api, status_page: dict[str, Any]) -> Told:
    return run_script(python, "atlassian_statuspage_client.py", api, status_page)


def moment(told: dict[str, str]) -> datetime:
    """A time that the client has made a datetime of."""
    return datetime.fromisoformat(told["datetime"])


def test_atlassian_statuspage_reads_the_page(told: Told, status_page: dict[str, Any]) -> None:
    page = told["page"]
    assert told["pages"] == [page]
    assert (page["id"], page["name"], page["url"]) == (status_page["id"], "Acme Status", status_page["url"])
    assert moment(page["created_at"]) == datetime.fromisoformat(status_page["created_at"])


def test_atlassian_statuspage_changes_the_page(told: Told) -> None:
    page = told["patched page"]
    assert (page["name"], page["time_zone"]) == ("Acme", "Europe/Berlin")
    assert moment(page["updated_at"]) > moment(told["page"]["updated_at"])


def test_atlassian_statuspage_creates_a_component(told: Told, status_page: dict[str, Any]) -> None:
    web = told["created component"]
    assert (web["name"], web["description"], web["status"]) == ("Web", "What people see", "operational")
    assert (web["page_id"], web["position"], web["showcase"]) == (status_page["id"], 1, True)
    assert web["start_date"] == {"date": "2026-01-31"}
    assert timedelta() <= datetime.now(UTC) - moment(web["created_at"]) < timedelta(minutes=5)


def test_atlassian_statuspage_lists_components_in_their_order(told: Told) -> None:
    assert names(told["components"]) == ["Web", "Database"]
    assert [component["only_show_if_degraded"] for component in told["components"]] == [False, True]


def test_atlassian_statuspage_patches_a_components_status(told: Told) -> None:
    assert told["patched component"]["status"] == "partial_outage"
    assert told["patched component"]["name"] == "Web"


def test_atlassian_statuspage_puts_a_component(told: Told) -> None:
    web = told["put component"]
    assert (web["name"], web["description"], web["status"]) == ("Website", "Pages", "partial_outage")
    assert told["component"] == web


def test_atlassian_statuspage_puts_components_into_a_group(told: Told) -> None:
    group, web, db = told["created group"], told["created component"], told["component in a group"]
    assert (group["name"], group["description"]) == ("Back", "What nobody sees")
    assert (group["components"], db["group_id"]) == (str([db["id"]]), group["id"])  # a text, for this client
    assert told["patched group"]["components"] == str([web["id"], db["id"]])
    assert told["groups"] == [told["patched group"]]
    assert (told["deleted group"]["name"], told["groups left"]) == ("All", [])


def test_atlassian_statuspage_reads_uptime(told: Told) -> None:
    web, group = told["uptime"], told["uptime of a group"]
    assert (web["name"], group["name"]) == ("Website", "All")
    assert 0 <= web["uptime_percentage"] <= 100
    assert moment(web["range_start"]) < moment(web["range_end"])
    assert isinstance(web["major_outage"], int)


def test_atlassian_statuspage_opens_an_incident(told: Told, status_page: dict[str, Any]) -> None:
    slow = told["created incident"]
    assert (slow["name"], slow["status"], slow["impact"]) == ("Slow answers", "investigating", "critical")
    assert (slow["impact_override"], slow["metadata"]) == ("critical", {"ticket": {"number": 7}})
    assert slow["shortlink"] == f"{status_page['url']}/incidents/{slow['id']}"
    assert (slow["resolved_at"], slow["scheduled_for"]) == (None, None)


def test_atlassian_statuspage_finds_the_components_in_an_incident(told: Told) -> None:
    website, database = told["created incident"]["components"]
    assert (website["name"], website["status"]) == ("Website", "partial_outage")
    assert (database["name"], database["status"]) == ("Database", "major_outage")
    assert moment(website["created_at"]) == moment(told["created component"]["created_at"])


def test_atlassian_statuspage_finds_what_an_update_changed(told: Told) -> None:
    (update,) = told["created incident"]["incident_updates"]
    assert (update["status"], update["body"]) == ("investigating", "We look into it.")
    assert (update["deliver_notifications"], update["incident_id"]) == (False, told["incident"]["id"])
    changes = {
        each["name"]: (each["old_status"], each["new_status"]) for each in update["affected_components"]
    }
    assert changes["Database"] == ("operational", "major_outage")
    assert moment(update["display_at"]) == moment(update["created_at"])


def test_atlassian_statuspage_lists_an_unresolved_incident_until_it_is_resolved(told: Told) -> None:
    assert told["unresolved"] == [told["created incident"]]
    assert told["unresolved afterwards"] == []


def test_atlassian_statuspage_patches_an_incident(told: Told) -> None:
    slow = told["patched incident"]
    assert (slow["status"], slow["incident_updates"][0]["body"]) == ("monitoring", "A fix is out.")
    assert moment(slow["monitoring_at"]) > moment(slow["created_at"])


def test_atlassian_statuspage_resolves_an_incident(told: Told) -> None:
    slow = told["put incident"]
    assert slow["status"] == "resolved"
    assert moment(slow["resolved_at"]) > moment(slow["monitoring_at"])
    assert [component["status"] for component in told["components afterwards"]] == ["operational"] * 2
    assert told["incident"] == slow


def test_atlassian_statuspage_gets_the_newest_update_first(told: Told) -> None:
    updates = told["incident"]["incident_updates"]
    assert [update["status"] for update in updates] == ["resolved", "monitoring", "investigating"]
    times = [moment(update["created_at"]) for update in updates]
    assert times == sorted(times, reverse=True)


def test_atlassian_statuspage_plans_a_maintenance(told: Told) -> None:
    move, start = told["created maintenance"], moment(told["start"])
    assert (move["status"], move["impact"]) == ("scheduled", "maintenance")
    assert abs(moment(move["scheduled_for"]) - start) < timedelta(milliseconds=1)
    assert moment(move["scheduled_until"]) - moment(move["scheduled_for"]) == timedelta(hours=2)
    assert [component["status"] for component in move["components"]] == ["operational"]


def test_atlassian_statuspage_lists_maintenance_by_when_it_is(told: Told) -> None:
    assert names(told["scheduled"]) == ["Deploy", "Move to another rack"]
    assert told["upcoming"] == [told["created maintenance"]]
    assert names(told["active"]) == ["Deploy"]


def test_atlassian_statuspage_completes_a_maintenance(told: Told) -> None:
    assert told["component in maintenance"]["status"] == "under_maintenance"
    assert told["completed"]["status"] == "completed"
    assert told["active afterwards"] == []
    assert told["component after maintenance"]["status"] == "operational"


def before_the_deploy(incident: dict[str, Any]) -> dict[str, Any]:
    """Without when its components changed last: a maintenance of theirs came between."""
    return incident | {"components": [each | {"updated_at": None} for each in incident["components"]]}


def test_atlassian_statuspage_lists_searches_and_pages_incidents(told: Told) -> None:
    assert names(told["incidents"]) == ["Deploy", "Move to another rack", "Slow answers"]
    assert [before_the_deploy(each) for each in told["found"]] == [before_the_deploy(told["incident"])]
    assert names(told["second"]) == ["Move to another rack"]


def test_atlassian_statuspage_deletes_an_incident_and_gets_what_it_was(told: Told) -> None:
    assert before_the_deploy(told["deleted incident"]) == before_the_deploy(told["incident"])
    assert names(told["incidents left"]) == ["Deploy", "Move to another rack"]
    assert told["status of a deleted one"] == 404


def test_atlassian_statuspage_deletes_a_component(told: Told) -> None:
    assert told["deleted component"] is None
    assert names(told["components left"]) == ["Website"]
