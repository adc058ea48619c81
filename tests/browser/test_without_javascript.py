"""Everything works, at the same addresses, in a browser that runs no scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import (
    create_key,
    fill_in_sign_in,
    key_status,
    row,
    secret_of,
    sign_in,
    sign_out,
    submit_name,
)
from tests.people import NEW_PASSWORD, PASSWORD, LiveServer, Person


@pytest.fixture
def page(new_context: NewContext, ada: Person) -> Page:
    """The Security page, with Ada signed in."""
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page.context, ada)
    page.goto("/user/security")
    return page


def test_a_new_key_is_shown_in_the_page(page: Page) -> None:
    token = create_key(page)
    expect(page.get_by_role("heading", name="Copy your new API key")).to_be_in_viewport()
    expect(page.get_by_label("Token")).to_be_visible()
    expect(row(page, token)).to_be_visible()


def test_what_only_scripts_can_do_is_not_offered(page: Page) -> None:
    create_key(page)
    expect(page.get_by_role("button", name="Copy token")).to_have_count(0)
    expect(page.get_by_text("Waiting for the first request")).to_be_hidden()


def test_closing_the_card_leaves_the_token_behind(page: Page, live: LiveServer) -> None:
    token = create_key(page)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_label("Token")).to_have_count(0)
    expect(row(page, token)).to_be_visible()
    assert page.url.split("?")[0] == f"{live.url}/user/security"
    assert secret_of(token) not in page.content()


def test_sending_the_form_again_makes_no_second_key(page: Page, ada: Person, complaints: PageErrors) -> None:
    complaints.expect("status of 409")
    token = create_key(page)
    page.reload()
    expect(key_status(page)).to_have_text(
        "That key was already created, so its token can’t be shown again. "
        "Revoke it and create another if you didn’t copy it."
    )
    assert len(ada.keys()) == 1
    assert secret_of(token) not in page.content()


def test_a_refused_name_stays_in_its_field_with_the_reason_under_it(
    page: Page, complaints: PageErrors
) -> None:
    complaints.expect("status of 422")
    submit_name(page, "x" * 121)
    expect(page.locator("#name-error")).to_have_text("Use 120 characters or fewer. This name has 121.")
    expect(page.get_by_label("Name")).to_have_value("x" * 121)
    expect(page.get_by_label("Name")).to_be_focused()


def test_a_key_is_revoked_on_a_page_that_asks_first(page: Page, ada: Person) -> None:
    token = ada.create_key("CI")
    page.reload()
    page.get_by_role("button", name="Revoke CI").click()
    expect(page.get_by_role("heading", name="Revoke “CI”?")).to_be_visible()
    page.get_by_role("button", name="Revoke key").click()
    expect(key_status(page)).to_have_text("“CI” was revoked.")
    expect(row(page, token)).to_contain_text("Revoked")
    expect(row(page, token)).to_be_in_viewport()


def test_the_page_that_asks_can_be_left(page: Page, ada: Person) -> None:
    token = ada.create_key("CI")
    page.reload()
    page.get_by_role("button", name="Revoke CI").click()
    page.get_by_role("link", name="Cancel").click()
    expect(row(page, token)).to_contain_text("Active")


def test_who_is_signed_out_meanwhile_signs_in_and_comes_back(
    page: Page, ada: Person, live: LiveServer
) -> None:
    page.context.clear_cookies()
    submit_name(page, "CI")
    expect(page).to_have_url(f"{live.url}/login?next=/user/security")
    fill_in_sign_in(page, ada)
    expect(page).to_have_url(f"{live.url}/user/security")


def test_a_password_is_changed_and_the_new_one_signs_in(page: Page, ada: Person, live: LiveServer) -> None:
    page.get_by_text("Change your password").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#password")).to_contain_text("Your password was changed.")

    sign_out(page)
    expect(page).to_have_url(f"{live.url}/login")
    fill_in_sign_in(page, ada, NEW_PASSWORD)
    expect(page).to_have_url(f"{live.url}/user/security")
