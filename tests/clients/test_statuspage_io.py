"""What statuspage_io_client.js, a script with npm's statuspage.io, reads at the front door."""

import json
from typing import Any

import pytest

from tests.clients.conftest import HERE, Api, names, run
from tests.clients.sample_page import SamplePage, make_sample_page

Told = dict[str, Any]


@pytest.fixture(scope="module")
def sample_page(node: str, api: Api, status_page: dict[str, Any]) -> SamplePage:
    return make_sample_page(api, status_page)


@pytest.fixture(scope="module")
def told(node: str, api: Api, sample_page: SamplePage) -> Told:
    told: Told = json.loads(run([node, HERE / "statuspage_io_client.js"], HOST=api.url))
    return told


def test_statuspage_io_reads_the_status(told: Told, sample_page: SamplePage) -> None:
    assert told["status"]["status"] == {"indicator": "minor", "description": "Partially Degraded Service"}
    assert told["status"]["page"]["id"] == sample_page.page["id"]


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


def test_statuspage_io_reads_all_incidents(told: Told, sample_page: SamplePage) -> None:
    slow, over = told["incidents"]["incidents"]
    assert (slow["id"], slow["status"]) == (sample_page.slow["id"], "investigating")
    assert (over["id"], over["status"]) == (sample_page.resolved["id"], "resolved")
    assert over["resolved_at"] == sample_page.resolved["resolved_at"]


def test_statuspage_io_reads_unresolved_incidents(told: Told, sample_page: SamplePage) -> None:
    (slow,) = told["unresolved"]["incidents"]
    assert (slow["name"], slow["impact"]) == ("Slow answers", "minor")
    assert slow["incident_updates"] == sample_page.slow["incident_updates"]
    assert names(slow["components"]) == ["Database"]


# 3.3.8 asks for the upcoming ones in all three.
@pytest.mark.parametrize("which", ["upcoming", "active", "maintenances"])
def test_statuspage_io_reads_maintenance(told: Told, sample_page: SamplePage, which: str) -> None:
    (move,) = told[which]["scheduled_maintenances"]
    assert (move["id"], move["status"]) == (sample_page.move["id"], "scheduled")
    assert (move["scheduled_for"], move["scheduled_until"]) == (
        sample_page.move["scheduled_for"],
        sample_page.move["scheduled_until"],
    )
