"""How heavy the pages are on a first visit, and whether what is on them stays where it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, Request

from tests.browser.conftest import NewContext
from tests.browser.steps import new_person, sign_in
from tests.people import Person

Visit = Callable[[str], tuple[Page, list[Request]]]
MOST = 100_000  # bytes, headers too, of all that a page loads, without compression
SHIFTS = """() => new Promise(resolve => new PerformanceObserver(
    list => resolve(list.getEntries().map(shift => [shift.value, ...shift.sources.map(
        ({node, previousRect, currentRect}) => [node?.outerHTML, previousRect.x, currentRect.x])]))
).observe({type: "layout-shift", buffered: true})
|| requestAnimationFrame(() => requestAnimationFrame(() => resolve([]))))"""
PAGES = ["/login", "/", "/p/weight", "/help/api-keys", "/user/plan", "/user/security", "/user/pages"]


def bytes_of(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]


@pytest.fixture(scope="module")
def owner(app: Flask) -> Person:
    """Somebody who has been here for a while, and uses everything."""
    owner = new_person(app, "weight@example.com")
    owner.joined(timedelta(days=15))
    acme = owner.page_api("Weight", *(f"Part {number}" for number in range(10)))
    acme.patch(description="All that we run.")
    acme.post("/incidents", name="Slow answers", body="We are looking.")
    for number in range(10):
        owner.create_key(f"Key {number}")
    return owner


@pytest.fixture
def first_visit(new_context: NewContext, owner: Person) -> Visit:
    """Open an address with an empty cache; the page and what it loaded."""

    def visit(path: str) -> tuple[Page, list[Request]]:
        page = new_context().new_page()
        if path != "/login":
            sign_in(page.context, owner)
        loaded: list[Request] = []
        page.on("requestfinished", lambda request: loaded.append(request))
        page.goto(path, wait_until="networkidle")
        return page, loaded

    return visit


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_loads_less_than_100_kb(path: str, first_visit: Visit) -> None:
    _, loaded = first_visit(path)
    sizes = {request.url: bytes_of(request) for request in loaded}
    assert 0 < sum(sizes.values()) < MOST, sizes


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_once_it_is_shown(path: str, first_visit: Visit) -> None:
    page, _ = first_visit(path)
    assert page.evaluate(SHIFTS) == []
