"""What tapioca_statuspage_client.py, a script with PyPI's tapioca-statuspage, does and gets."""

from typing import Any

import pytest

from tests.clients.conftest import Api, run_script

Told = dict[str, Any]


@pytest.fixture(scope="module")
def told(python: str, api: Api, status_page: dict[str, Any]) -> Told:
    return run_script(python, "tapioca_statuspage_client.py", api, status_page)


def test_tapioca_statuspage_reads_the_page(told: Told, status_page: dict[str, Any]) -> None:
    assert told["page"] == status_page


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [("component", "Web", "operational"), ("incident", "Slow answers", "identified")],
)
def test_tapioca_statuspage_makes_things_and_lists_them(
    kind: str, name: str, status: str, told: Told
) -> None:
    made = told[f"created {kind}"]
    assert (made["name"], made["status"]) == (name, status)
    assert told[f"{kind}s"] == [made]
