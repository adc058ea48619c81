"""What PyPI's statuspage-prometheus-exporter makes of a summary: metrics for node_exporter to collect."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Api, run
from tests.clients.sample_page import SamplePage, make_sample_page

Metrics = dict[str, list[tuple[dict[str, str], float]]]


@pytest.fixture(scope="module")
def sample_page(python: str, api: Api, status_page: dict[str, Any]) -> SamplePage:
    return make_sample_page(api, status_page)


@pytest.fixture(scope="module")
def metrics(python: str, sample_page: SamplePage, tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    directory = tmp_path_factory.mktemp("exporter")
    return export(python, f"{sample_page.page['url']}/api/v2/summary.json", directory)


def export(python: str, url: str, directory: Path) -> Metrics:
    services, textfile = directory / "services.json", directory / "acme.prom"
    services.write_text(json.dumps({"acme": {"url": url, "name": "Acme"}}))
    run(
        [Path(python).with_name("statuspage-prometheus-exporter")],
        directory,
        RUN_MODE="once",
        SERVICES_JSON_PATH=str(services),
        METRICS_TEXTFILE_PATH=str(textfile),
    )
    return parsed(textfile.read_text())


def parsed(textfile: str) -> Metrics:
    """Its samples by name; none of ours has a quotation mark in a label."""
    found: Metrics = {}
    for name, labels, value in re.findall(r"^(\w+)\{(.*)\} (\S+)$", textfile, re.MULTILINE):
        found.setdefault(name, []).append((dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)))
    return found


def without_milliseconds(time: str) -> str:
    return re.sub(r"\.\d{3}", "", time)


def test_the_exporter_says_that_it_reached_the_page(metrics: Metrics) -> None:
    assert metrics["statuspage_probe_check"] == [({"service_name": "Acme"}, 1)]


def test_the_exporter_says_that_not_all_is_well(metrics: Metrics) -> None:
    assert metrics["statuspage_service_status"] == [({"service_name": "Acme"}, 0)]


def test_the_exporter_finds_the_open_incident_alone(metrics: Metrics, sample_page: SamplePage) -> None:
    labels = {
        "service_name": "Acme",
        "incident_id": sample_page.slow["id"],
        "incident_name": "Slow answers",
        "impact": "minor",
        "shortlink": sample_page.slow["shortlink"],
        "started_at": without_milliseconds(sample_page.slow["created_at"]),
        "affected_components": "Database",
    }
    assert metrics["statuspage_incident_info"] == [(labels, 1)]


def test_the_exporter_finds_which_components_are_not_operational(metrics: Metrics) -> None:
    statuses = {labels["component_name"]: up for labels, up in metrics["statuspage_component_status"]}
    assert statuses == {"Website": 1, "Database": 0, "Mail": 0}


@pytest.mark.parametrize("name", ["move", "deploy"])
def test_the_exporter_finds_a_maintenance(metrics: Metrics, sample_page: SamplePage, name: str) -> None:
    maintenance = getattr(sample_page, name)
    labels = {
        "service_name": "Acme",
        "maintenance_id": maintenance["id"],
        "maintenance_name": maintenance["name"],
        "scheduled_start": without_milliseconds(maintenance["scheduled_for"]),
        "scheduled_end": without_milliseconds(maintenance["scheduled_until"]),
        "shortlink": maintenance["shortlink"],
        "affected_components": maintenance["components"][0]["name"],
    }
    assert (labels, 1) in metrics["statuspage_maintenance_info"]
    assert len(metrics["statuspage_maintenance_info"]) == 2


def test_the_exporter_says_that_all_is_well_on_another_page(python: str, api: Api, tmp_path: Path) -> None:
    page = api.send("POST", "/pages", {"name": "Quiet"})
    metrics = export(python, f"{page['url']}/api/v2/summary.json", tmp_path)
    api.send("DELETE", f"/pages/{page['id']}")
    assert metrics["statuspage_service_status"] == [({"service_name": "Acme"}, 1)]
    ((incident, open_now),) = metrics["statuspage_incident_info"]
    assert (incident["incident_id"], open_now) == ("none", 0)
