"""What a page says when the server can't, won't or doesn't answer."""

from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.page_errors import PageErrors
from tests.browser.steps import (
    CREATE,
    REVOKE,
    arranging,
    fill_in_sign_in,
    key_status,
    new_person,
    open_revoke_dialog,
    sign_in,
    sign_out,
    submit_name,
)
from tests.people import LiveServer, Person, serve

OFFLINE = "Can’t reach the server. Check your connection and try again."
CREATE_FAILED = (
    "Something went wrong on the server. If a key was created, you’ll see it after reloading; revoke it."
)
REVOKE_FAILED = "Something went wrong on the server."


def breaks(route: Route) -> None:
    route.fulfill(status=500, content_type="text/html", body="<p>Internal Server Error</p>")


def is_cut_off(route: Route) -> None:
    route.abort()


failures = pytest.mark.parametrize("fails", [breaks, is_cut_off], ids=["a broken server", "no connection"])


@pytest.fixture
def failing(complaints: PageErrors) -> None:
    complaints.expect("status of 500", "net::ERR_FAILED", "Failed to fetch")


@pytest.fixture
def with_key(security: Page, ada: Person) -> Page:
    ada.create_key()
    security.reload()
    return security


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(("fails", "words"), [(breaks, CREATE_FAILED), (is_cut_off, OFFLINE)])
def test_a_failed_create_says_what_to_do_and_keeps_what_was_typed(
    security: Page, fails: Callable[[Route], None], words: str
) -> None:
    security.route(CREATE, fails)
    submit_name(security, "CI")
    expect(key_status(security)).to_have_text(words)
    expect(security.get_by_label("Name")).to_have_value("CI")


@pytest.mark.usefixtures("failing")
@failures
def test_a_failed_create_can_be_tried_again(security: Page, fails: Callable[[Route], None]) -> None:
    security.route(CREATE, fails)
    submit_name(security, "CI")
    expect(key_status(security)).not_to_be_empty()
    security.unroute(CREATE)
    security.get_by_role("button", name="Create API Key").click()
    expect(security.get_by_label("Token")).to_be_visible()
    expect(key_status(security)).to_be_empty()


@pytest.mark.usefixtures("failing")
@failures
def test_a_failed_create_does_not_lose_the_focus(security: Page, fails: Callable[[Route], None]) -> None:
    security.route(CREATE, fails)
    security.get_by_label("Name").fill("CI")
    security.get_by_role("button", name="Create API Key").press("Enter")
    expect(key_status(security)).not_to_be_empty()
    expect(security.locator("#api-keys :focus")).to_be_visible()


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(("fails", "words"), [(breaks, REVOKE_FAILED), (is_cut_off, OFFLINE)])
def test_a_failed_revoke_closes_its_dialog_and_says_so(
    with_key: Page, fails: Callable[[Route], None], words: str
) -> None:
    dialog = open_revoke_dialog(with_key)
    with_key.route(REVOKE, fails)
    dialog.get_by_role("button", name="Revoke key").click()
    expect(key_status(with_key)).to_contain_text(words)
    expect(dialog).to_have_count(0)


@pytest.mark.usefixtures("failing")
@failures
def test_a_failed_revoke_does_not_lose_the_focus(with_key: Page, fails: Callable[[Route], None]) -> None:
    dialog = open_revoke_dialog(with_key)
    with_key.route(REVOKE, fails)
    dialog.get_by_role("button", name="Revoke key").click()
    expect(key_status(with_key)).not_to_be_empty()
    expect(dialog).to_have_count(0)
    expect(with_key.locator("#api-keys :focus")).to_be_visible()


@pytest.mark.usefixtures("failing")
@failures
def test_after_a_failed_revoke_the_key_can_be_revoked_again(
    with_key: Page, ada: Person, fails: Callable[[Route], None]
) -> None:
    dialog = open_revoke_dialog(with_key)
    with_key.route(REVOKE, fails)
    dialog.get_by_role("button", name="Revoke key").click()
    expect(key_status(with_key)).not_to_be_empty()
    with_key.unroute(REVOKE)
    open_revoke_dialog(with_key).get_by_role("button", name="Revoke key").click()
    expect(key_status(with_key)).to_have_text("“CI” was revoked.")


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(("fails", "words"), [(breaks, REVOKE_FAILED), (is_cut_off, OFFLINE)])
def test_a_revoke_dialog_that_does_not_come_says_so(
    with_key: Page, fails: Callable[[Route], None], words: str
) -> None:
    with_key.route(REVOKE, fails)
    with_key.get_by_role("button", name="Revoke CI").click()
    expect(key_status(with_key)).to_contain_text(words)


def test_who_is_signed_out_meanwhile_signs_in_and_comes_back(
    security: Page, ada: Person, live: LiveServer, complaints: PageErrors
) -> None:
    complaints.expect("status of 401")
    other_tab = security.context.new_page()
    other_tab.goto("/user/security")
    sign_out(other_tab)
    expect(other_tab.get_by_role("heading", name="Sign in")).to_be_visible()

    submit_name(security, "CI")
    expect(security).to_have_url(f"{live.url}/login?next=/user/security")
    fill_in_sign_in(security, ada)
    expect(security).to_have_url(f"{live.url}/user/security")


def test_a_form_older_than_its_session_asks_for_a_reload(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 400")
    sign_in(security.context, ada)
    submit_name(security, "CI")
    expect(key_status(security)).to_have_text("This page was open too long. Reload it and try again.")
    expect(security.get_by_label("Name")).to_have_value("CI")
    assert ada.keys() == []


def test_a_revoke_older_than_its_session_is_refused_where_it_can_be_read(
    with_key: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 400")
    dialog = open_revoke_dialog(with_key)
    sign_in(with_key.context, ada)
    dialog.get_by_role("button", name="Revoke key").click()
    expect(key_status(with_key)).to_have_text("This page was open too long. Reload it and try again.")
    expect(dialog).to_have_count(0)
    assert ada.keys()[0].status == "Active"


def use_up_forms(server: LiveServer, context: BrowserContext) -> None:
    """Send forms with this browser’s session, quicker than the browser does, until one is too many."""
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in context.cookies(server.url))
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    status = 0
    while status != 429:
        connection.request("POST", "/user/security/sessions/end-others", headers={"Cookie": cookies})
        with connection.getresponse() as answer:
            status = answer.status
            answer.read()
    connection.close()


def test_too_many_forms_are_refused_with_the_text_kept(
    tmp_path: Path, page: Page, complaints: PageErrors
) -> None:
    complaints.expect("status of 429")
    # One process: each counts for itself.
    with serve(tmp_path, SPK_WORKERS="1") as server, arranging(server) as app:
        sign_in(page.context, new_person(app, "ada@example.com"))
        page.goto(f"{server.url}/user/security")
        use_up_forms(server, page.context)
        submit_name(page, "CI")
        expect(key_status(page)).to_contain_text("Too many")
        expect(page.get_by_label("Name")).to_have_value("CI")
        page.context.close()


@pytest.mark.usefixtures("failing")
def test_a_poll_that_fails_leaves_the_revoke_dialog_open(with_key: Page, ada: Person) -> None:
    acme = ada.page_api("Umbrella", "Web")
    ada.revoke(acme.token)
    with_key.reload()
    dialog = open_revoke_dialog(with_key)
    with with_key.expect_response("**/user/first-steps") as failed:
        with_key.route("**/user/first-steps", breaks)
    assert failed.value.status >= 500
    expect(dialog).to_be_visible()
