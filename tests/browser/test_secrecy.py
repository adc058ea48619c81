"""A token is seen once, and nothing in the browser keeps it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import close_uncopied, create_key, secret_of
from tests.people import LiveServer

STORES = (
    "JSON.stringify(localStorage)",
    "JSON.stringify(sessionStorage)",
    "indexedDB.databases().then(JSON.stringify)",
    "caches.keys().then(JSON.stringify)",
    "document.cookie",
    "JSON.stringify(history.state)",
    "window.name",
)


def reload(page: Page) -> Page:
    page.reload()
    return page


def leave_and_come_back(page: Page) -> Page:
    page.goto("/help/api-keys")
    page.go_back()
    return page


def open_a_new_tab(page: Page) -> Page:
    tab = page.context.new_page()
    tab.goto(page.url)
    return tab


@pytest.mark.parametrize("see_again", [reload, leave_and_come_back, open_a_new_tab], ids=lambda f: f.__name__)
def test_a_token_is_not_shown_again(security: Page, see_again: Callable[[Page], Page]) -> None:
    token = create_key(security)
    page = see_again(security)
    expect(page.get_by_role("row", name="CI")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert secret_of(token) not in page.content()


def test_no_store_of_the_browser_holds_a_token(security: Page) -> None:
    token = create_key(security)
    while_open = [security.evaluate(store) for store in STORES]
    close_uncopied(security)
    afterwards = [security.evaluate(store) for store in STORES]
    assert secret_of(token) not in str([while_open, afterwards])


def test_the_address_never_holds_a_token(security: Page, live: LiveServer) -> None:
    visited: list[str] = []
    security.on("request", lambda request: visited.append(request.url))
    token = create_key(security)
    close_uncopied(security)
    assert security.url == f"{live.url}/user/security"
    assert not [url for url in visited if secret_of(token) in url]


def test_nothing_but_the_answer_itself_carries_a_token(security: Page) -> None:
    """No cookie, and no later request, takes it along."""
    sent: list[str] = []
    security.on("request", lambda request: sent.append(f"{request.headers} {request.post_data}"))
    token = create_key(security)
    close_uncopied(security)
    security.reload()
    assert not [request for request in sent if secret_of(token) in request]
    assert secret_of(token) not in str(security.context.cookies())


def test_a_page_that_is_left_drops_its_token(security: Page) -> None:
    """As it must before the back-forward cache takes the page."""
    token = create_key(security)
    security.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    expect(security.get_by_role("dialog")).to_have_count(0)
    assert secret_of(token) not in security.content()
