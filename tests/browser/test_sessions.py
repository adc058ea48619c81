"""Signing in and out, and what happens to the other browsers."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import fill_in_sign_in, sign_in, sign_out
from tests.people import NEW_PASSWORD, PASSWORD, LiveServer, Person


@pytest.fixture
def other_browser(new_context: NewContext, ada: Person) -> Page:
    """Another browser in which Ada is signed in."""
    page = new_context().new_page()
    sign_in(page.context, ada)
    page.goto("/user/security")
    return page


def change_password(page: Page, current: str) -> None:
    page.get_by_text("Change your password").click()
    page.get_by_label("Current password").fill(current)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()


def test_signing_in_leads_to_the_page_that_was_asked_for(page: Page, ada: Person, live: LiveServer) -> None:
    page.goto("/user/plan")
    expect(page.get_by_label("Email")).to_be_focused()
    fill_in_sign_in(page, ada)
    expect(page).to_have_url(f"{live.url}/user/plan")


def test_a_wrong_password_keeps_the_email_and_asks_again(
    page: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 422")
    page.goto("/login")
    fill_in_sign_in(page, ada, "guessed")
    expect(page.get_by_role("alert")).to_have_text("Email or password is wrong.")
    expect(page.get_by_label("Email")).to_have_value(ada.email)
    expect(page.get_by_label("Password")).to_be_focused()


def test_after_signing_out_back_shows_nothing(security: Page, live: LiveServer) -> None:
    sign_out(security)
    expect(security).to_have_url(f"{live.url}/login")
    security.go_back()
    expect(security).to_have_url(f"{live.url}/login?next=/user/security")


def test_other_sessions_are_signed_out_by_a_button(
    security: Page, other_browser: Page, live: LiveServer
) -> None:
    security.reload()
    security.get_by_role("button", name="Sign out other sessions").click()
    expect(security.locator("#sessions")).to_contain_text("Every other session was signed out.")
    other_browser.reload()
    expect(other_browser).to_have_url(f"{live.url}/login?next=/user/security")


def test_a_new_password_signs_the_other_browsers_out(
    security: Page, other_browser: Page, live: LiveServer
) -> None:
    change_password(security, PASSWORD)
    expect(security.locator("#password")).to_contain_text(
        "Your password was changed. Every other session was signed out."
    )
    other_browser.reload()
    expect(other_browser).to_have_url(f"{live.url}/login?next=/user/security")


def test_a_wrong_current_password_changes_nothing(security: Page, complaints: PageErrors) -> None:
    complaints.expect("status of 422")
    change_password(security, "guessed")
    field = security.get_by_label("Current password")
    expect(field).to_have_accessible_description("This isn’t your current password.")
    expect(field).to_be_focused()
