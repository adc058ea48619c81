"""What PyPI's statuscheck prints of the page at the front door."""

from ast import literal_eval
from typing import Any

import pytest

from tests.clients.conftest import HERE, Api, run
from tests.clients.sample_page import make_sample_page


@pytest.fixture(scope="module")
def told(clashing_python: str, api: Api, status_page: dict[str, Any]) -> list[str]:
    make_sample_page(api, status_page)
    return run([clashing_python, HERE / "statuscheck_client.py"], HOST=api.url).splitlines()


def test_statuscheck_tells_the_status(told: list[str]) -> None:
    assert told[0] == "Current Acme status: Minor incident"


def test_statuscheck_lists_what_is_open_with_its_components(told: list[str]) -> None:
    events = told[told.index("Registered events:") + 1 : told.index("")]
    assert events == [
        "- [investigating] Slow answers",
        "  Affected components:",
        "    - Database [Degraded performance]",
        "- [in_progress] Deploy",
        "  Affected components:",
        "    - Mail [Under maintenance]",
        "- [scheduled] Move to another rack",
        "  Affected components:",
        "    - Website [Operational]",
    ]


def test_statuscheck_knows_each_components_status(told: list[str]) -> None:
    assert literal_eval(told[-1]) == {
        "Website": "Operational",
        "Database": "Degraded performance",
        "Mail": "Under maintenance",
    }
