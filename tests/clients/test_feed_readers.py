"""What PyPI's feedparser and reader make of a page's feeds."""

from typing import Any

import pytest

from tests.clients.conftest import Api, run_script

Told = dict[str, Any]
KINDS = [(0, "atom10"), (1, "rss20")]


@pytest.fixture(scope="module")
def told(python: str, api: Api, status_page: dict[str, Any]) -> Told:
    return run_script(python, "feeds_client.py", api, status_page)


@pytest.mark.parametrize(("number", "version"), KINDS)
def test_feedparser_finds_no_fault(
    number: int, version: str, told: Told, status_page: dict[str, Any]
) -> None:
    feed = told["parsed"][number]
    assert (feed["fault"], feed["version"], feed["title"]) == (False, version, "Acme Status")
    assert feed["link"] == status_page["url"]


@pytest.mark.parametrize(("number", "version"), KINDS)
def test_feedparser_reads_an_incident(number: int, version: str, told: Told) -> None:
    (entry,) = told["parsed"][number]["entries"]
    incident = told["incident"]
    assert (entry["title"], entry["link"]) == ("Slow answers", incident["shortlink"])
    assert entry["id"] == f"urn:spk:{incident['id']}"
    assert '<strong>Identified</strong></p>\n<p dir="auto">We look into it.' in entry["summary"]


def test_reader_asks_again_and_is_told_that_nothing_changed(told: Told) -> None:
    first, again, _ = told["updates"]
    assert first == [[1, 0], [1, 0]]
    assert again == [None, None]


def test_reader_sees_what_changes_in_the_entry_that_it_has(told: Told) -> None:
    assert told["updates"][2] == [[0, 1], [0, 1]]
    for _, title, link, summary in told["entries"]:
        assert (title, link) == ("Slow answers", told["incident"]["shortlink"])
        assert '<strong>Resolved</strong></p>\n<p dir="auto">All is well.' in summary
    assert len(told["entries"]) == 2
