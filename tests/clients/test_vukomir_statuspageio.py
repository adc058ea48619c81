"""What vukomir_statuspageio_client.py, a script with PyPI's vukomir-statuspageio, does and gets."""

from typing import Any

import pytest

from tests.clients.conftest import Api, names, run_script

Told = dict[str, Any]


@pytest.fixture(scope="module")
def told(clashing_python: str, api: Api, status_page: dict[str, Any]) -> Told:
    return run_script(clashing_python, "vukomir_statuspageio_client.py", api, status_page)


def test_vukomir_statuspageio_reads_the_page(told: Told, status_page: dict[str, Any]) -> None:
    assert told["page"] == status_page


def test_vukomir_statuspageio_keeps_a_component(told: Told) -> None:
    web, changed = told["created component"], told["updated component"]
    assert (web["name"], web["description"], web["status"]) == ("Web", "What people see", "operational")
    assert (changed["id"], changed["status"]) == (web["id"], "major_outage")
    assert told["components"] == [changed]
    assert told["deleted component"] == 204


def test_vukomir_statuspageio_opens_and_resolves_an_incident(told: Told) -> None:
    slow, resolved = told["created incident"], told["resolved"]
    assert (slow["name"], slow["status"], names(slow["components"])) == (
        "Slow answers",
        "identified",
        ["Web"],
    )
    assert told["unresolved"] == [slow]
    assert resolved["status"] == "resolved"
    assert [each["body"] for each in resolved["incident_updates"]] == ["All is well.", "We look into it."]
    assert told["deleted incident"] == 200


def test_vukomir_statuspageio_plans_a_maintenance(told: Told) -> None:
    planned = told["planned"]
    assert (planned["name"], planned["status"]) == ("Move", "scheduled")
    assert (planned["scheduled_for"], planned["scheduled_until"]) == (
        "2099-01-15T10:00:00.000+00:00",
        "2099-01-15T11:00:00.000+00:00",
    )
    assert told["scheduled"] == [planned]
    assert names(told["incidents"]) == ["Move", "Slow answers"]
