"""What statuspage_io_client.js, a script with npm's statuspage.io, reads at the front door."""

import json
from typing import Any

import pytest

from tests.clients.arranged import Arranged, arrange
from tests.clients.conftest import HERE, Api, names, run

Told = dict[str, Any]


@pytest.fixture(scope="module")
def arranged(node: str, api: Api, status_page: dict[str, Any]) -> Arranged:
    return arrange(api, status_page)


@pytest.fixture(scope="module")
def told(node: str, api: Api, arranged: Arranged) -> Told:
    told: Told = json.loads(run([node, HERE / "statuspage_io_client.js"], HOST=api.url))
    return told


def test_statuspage_io_reads_the_status(told: Told, arranged: Arranged) -> None:
    assert told["status"]["status"] == {"indicator": "minor", "description": "Partially Degraded Service"}
    assert told["status"]["page"]["id"] == arranged.page["id"]


def test_statuspage_io_reads_the_summary(told: Told) -> None:
    summary = told["summary"]
    assert summary["status"] == told["status"]["status"]
    assert names(summary["components"]) == ["Website", "Database", "Mail"]
    assert names(summary["incidents"]) == ["Slow answers"]
    assert names(summary["scheduled_maintenances"]) == ["Deploy", "Move to another rack"]


def test_statuspage_io_reads_the_components(told: Told) -> None:
    statuses = {component["name"]: component["status"] for component in told["components"]["components"]}
    assert statuses == {
        "Website": "operational",
        "Database": "degraded_performance",
        "Mail": "under_maintenance",
    }


def test_statuspage_io_reads_all_incidents(told: Told, arranged: Arranged) -> None:
    slow, over = told["incidents"]["incidents"]
    assert (slow["id"], slow["status"]) == (arranged.slow["id"], "investigating")
    assert (over["id"], over["status"]) == (arranged.resolved["id"], "resolved")
    assert over["resolved_at"] == arranged.resolved["resolved_at"]


def test_statuspage_io_reads_unresolved_incidents(told: Told, arranged: Arranged) -> None:
    (slow,) = told["unresolved"]["incidents"]
    assert (slow["name"], slow["impact"]) == ("Slow answers", "minor")
    assert slow["incident_updates"] == arranged.slow["incident_updates"]
    assert names(slow["components"]) == ["Database"]


# 3.3.8 asks for the upcoming ones in all three.
@pytest.mark.parametrize("which", ["upcoming", "active", "maintenances"])
def test_statuspage_io_reads_maintenance(told: Told, arranged: Arranged, which: str) -> None:
    (move,) = told[which]["scheduled_maintenances"]
    assert (move["id"], move["status"]) == (arranged.move["id"], "scheduled")
    assert (move["scheduled_for"], move["scheduled_until"]) == (
        arranged.move["scheduled_for"],
        arranged.move["scheduled_until"],
    )
