"""Octopus Deploy’s “StatusPage.io - Create Scheduled Maintenance Incident”, and the step that completes it.

curl’s --data sends a body as PowerShell’s `iwr -Body` does: as it stands, without encoding it for a URL.
"""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.clients.conftest import Api, names, run

Json = dict[str, Any]


@pytest.fixture(scope="module")
def component(api: Api, status_page: Json) -> Json:
    found: Json = api.send("POST", f"/pages/{status_page['id']}/components", {"name": "Website"})
    return found


@pytest.fixture(scope="module")
def moment() -> datetime:
    """Now, in Berlin’s winter: its offset has a plus sign."""
    return datetime.now(UTC).astimezone(timezone(timedelta(hours=1)))


@pytest.fixture(scope="module")
def deploy(api: Api, status_page: Json, component: Json, moment: datetime) -> Json:
    """The maintenance as the first step gets it."""
    date = f"{moment:%Y-%m-%dT%H:%M:%S.%f}7+01:00"  # as .NET writes it, with seven digits
    found: Json = request(
        api,
        "POST",
        f"/pages/{status_page['id']}/incidents.json",
        "incident[name]=Deploy to production",
        "incident[status]=in_progress",
        f"incident[scheduled_for]={date}",
        f"incident[scheduled_until]={date}",
        "incident[message]=Rolling out",
        f"incident[component_ids][]={component['id']}",
    )
    return found


def request(api: Api, method: str, path: str, *fields: str) -> Any:  # noqa: ANN401  # JSON
    """What a step gets; an answer that isn’t 2xx ends it."""
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--request", method]
    command += ["--header", f"Authorization: OAuth {api.token}"]
    command += ["--header", "Content-Type: application/x-www-form-urlencoded"]
    command += ["--data", "&".join(fields)] if fields else []
    return json.loads(run([*command, f"{api.url}/api/v1{path}"]))


def test_octopus_deploy_starts_a_maintenance(deploy: Json) -> None:
    assert (deploy["name"], deploy["status"]) == ("Deploy to production", "in_progress")
    assert [update["body"] for update in deploy["incident_updates"]] == ["Rolling out"]


def test_octopus_deploys_time_is_the_moment_it_meant(deploy: Json, moment: datetime) -> None:
    start = datetime.fromisoformat(deploy["scheduled_for"])
    assert timedelta() <= moment - start < timedelta(milliseconds=1)


def test_octopus_deploys_empty_window_is_still_open_afterwards(deploy: Json) -> None:
    assert datetime.fromisoformat(deploy["scheduled_until"]) > datetime.now(UTC)
    assert deploy["resolved_at"] is None


def test_octopus_deploy_puts_the_component_under_maintenance(deploy: Json) -> None:
    assert [(each["name"], each["status"]) for each in deploy["components"]] == [
        ("Website", "under_maintenance")
    ]


def test_octopus_deploy_finds_the_maintenance_by_name_and_completes_it(
    api: Api, status_page: Json, component: Json, deploy: Json
) -> None:
    here = f"/pages/{status_page['id']}"
    unresolved = request(api, "GET", f"{here}/incidents/unresolved.json")
    (found,) = (incident for incident in unresolved if incident["name"] == "Deploy to production")
    assert found["id"] == deploy["id"]

    completed = request(api, "PATCH", f"{here}/incidents/{found['id']}.json", "incident[status]=completed")
    assert completed["status"] == "completed"
    assert names(request(api, "GET", f"{here}/incidents/unresolved.json")) == []
    assert request(api, "GET", f"{here}/components/{component['id']}.json")["status"] == "operational"
