"""Lists in parts."""

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from spk.db import writing
from spk.models import StatusPage
from tests.people import Api, Json, Person, body


@pytest.fixture
def acme(ada: Person) -> Api:
    """A page with five components and incidents, and as many pages."""
    acme = ada.page_api("Acme")
    with ada.app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page
        for number in range(1, 6):
            page.create_component(name=f"Component {number}")
            page.incidents.create(name=f"Incident {number}")
    for number in range(1, 5):
        ada.create_page(f"Page {number}")
    return acme


def names(response: TestResponse) -> list[str]:
    found: list[Json] = response.json or []
    return [each["name"] for each in found]


def next_address(response: TestResponse) -> str | None:
    found = re.fullmatch('<(.+)>; rel="next"', response.headers.get("Link", ""))
    return found[1] if found else None


def walk(api: Api, path: str) -> Iterator[list[str]]:
    """The names in each part of a list, from Link to Link, of which there are never ten."""
    response = api.open("GET", path)
    yield names(response)
    for _ in range(9):
        if address := next_address(response):
            response = Api(api.client, api.token, "").open("GET", address)
            yield names(response)


@pytest.mark.parametrize("query", ["per_page=2", "limit=2", "page=1&per_page=2", "per_page=2&limit=5"])
def test_links_lead_through_a_list(query: str, acme: Api) -> None:
    assert list(walk(acme, f"/components?{query}")) == [
        ["Component 1", "Component 2"],
        ["Component 3", "Component 4"],
        ["Component 5"],
    ]


def test_links_lead_through_incidents_and_keep_the_search(acme: Api) -> None:
    acme.post("/incidents", name="Other")
    parts = list(walk(acme, "/incidents.json?q=incident&per_page=3"))
    assert parts == [["Incident 5", "Incident 4", "Incident 3"], ["Incident 2", "Incident 1"]]
    assert list(walk(acme, "/incidents/unresolved?q=incident&per_page=3")) == parts


def test_links_lead_through_pages(acme: Api) -> None:
    acme.root = "/api/v1"
    assert list(walk(acme, "/pages?per_page=3")) == [["Acme", "Page 1", "Page 2"], ["Page 3", "Page 4"]]


def test_a_part_beyond_the_end_is_empty_and_leads_nowhere(acme: Api) -> None:
    for path in ("/components", "/incidents", "/incidents/unresolved"):
        response = acme.open("GET", f"{path}?page=1000000&per_page=100")
        assert (response.status_code, response.json, next_address(response)) == (200, [], None)


def test_a_list_that_fits_leads_nowhere(acme: Api) -> None:
    assert next_address(acme.open("GET", "/components")) is None


def test_a_list_has_at_most_a_hundred_without_being_asked(acme: Api, ada: Person) -> None:
    with ada.app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page
        for number in range(100):
            page.incidents.create(name=f"More {number}", status="resolved")
    assert [len(part) for part in walk(acme, "/incidents")] == [100, 5]


@pytest.mark.parametrize(
    "path", ["/components", "/incidents", "/incidents/unresolved", "/incidents/scheduled"]
)
def test_numbers_that_do_not_fit_are_named(path: str, acme: Api) -> None:
    for name, values in {
        "page": ("0", "-1", "abc", "1.5", "1000001", "9" * 30, "9" * 5000, "NaN", "1e9", " "),
        "per_page": ("0", "-1", "101", "abc", "1.5", "9" * 30),
        "limit": ("0", "-1", "101", "abc", "1.5", "9" * 30),
    }.items():
        for value in values:
            response = acme.open("GET", f"{path}?{name}={value}")
            assert response.status_code == 422, (name, value, response.text)
            assert list(body(response)["fields"]) == [name]


@pytest.mark.parametrize(
    "query", ["page=", "per_page=", "limit=", "q=", "page=&per_page=&limit=&q=", "foo=bar"]
)
def test_empty_and_unknown_parameters_are_ignored(query: str, acme: Api) -> None:
    assert len(acme.all(f"/incidents?{query}")) == 5
    assert len(acme.all(f"/components?{query}")) == 5


def test_paging_is_asked_of_nothing_but_a_list(acme: Api) -> None:
    assert acme.get("/components/component-1?page=0")["name"] == "Component 1"
