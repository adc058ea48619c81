"""The sections about the account in a real browser, with scripts and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import fill_in_sign_in, names_of_keys, sign_in, sign_out, submit_name
from tests.people import Person, code_of


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def page(request: pytest.FixtureRequest, new_context: NewContext, ada: Person) -> Page:
    """The Security page, with Ada signed in."""
    page = new_context(java_script_enabled=request.param).new_page()
    sign_in(page.context, ada)
    page.goto("/user/security")
    return page


def set_up_an_app(page: Page) -> tuple[str, list[str]]:
    """The secret, read as a person would, and the recovery codes."""
    page.get_by_role("link", name="Set up an authenticator app").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    codes = page.get_by_label("Recovery codes").input_value().split()
    page.get_by_role("link", name="I have stored them").click()
    return secret, codes


def test_two_factor_is_set_up_used_and_turned_off(page: Page, ada: Person) -> None:
    _, codes = set_up_an_app(page)
    assert len(codes) == 10
    expect(page.locator("#two-factor")).to_contain_text("On, with an authenticator app.")
    sign_out(page)
    fill_in_sign_in(page, ada)
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Manage two-factor").click()
    page.get_by_role("link", name="Turn two-factor off…").click()
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator("#two-factor")).to_contain_text("Off. Signing in asks for your password alone.")


def test_a_wrong_code_says_so_and_asks_again(page: Page, ada: Person, complaints: PageErrors) -> None:
    complaints.expect("status of 422")
    ada.add_app()
    sign_out(page)
    fill_in_sign_in(page, ada)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("This code isn’t right, or was used before.")
    expect(page.get_by_label("Code")).to_be_focused()


def test_an_interrupted_form_goes_on_by_itself(page: Page, ada: Person, complaints: PageErrors) -> None:
    complaints.expect("status of 403")
    secret, _ = ada.add_app()
    ada.forget_proof()
    submit_name(page, "Deploy")
    expect(page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This is the only time the full token for Deploy is shown.")).to_be_visible()
    assert names_of_keys(ada) == ["Deploy"]


def test_a_password_is_asked_for_where_there_is_no_factor(
    page: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 403", "status of 422")
    ada.forget_proof()
    page.get_by_text("Change your email address").click()
    new = f"new-{ada.email}"
    page.get_by_label("New email").fill(new)
    page.get_by_role("button", name="Change email address").click()
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_have_text("That isn’t right. Try again.")
    page.get_by_label("Password").fill(ada.password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#email")).to_contain_text(new)


def test_another_browser_is_signed_out(page: Page, ada: Person) -> None:
    ada.session_cookie("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    page.reload()
    page.get_by_text("Show sessions").click()
    page.get_by_role("button", name="Sign out Firefox on Linux").click()
    expect(page.locator("#sessions")).to_contain_text("Signed in with this browser only.")


def test_news_is_dismissed_by_one_click(page: Page, ada: Person) -> None:
    ada.create_key("Made elsewhere")
    page.reload()
    expect(page.get_by_role("complementary", name="Since your last visit")).to_contain_text(
        "Created the API key"
    )
    page.get_by_role("button", name="I know about this").click()
    expect(page.get_by_text("Since your last visit")).to_have_count(0)


def test_an_account_is_deleted_and_its_page_is_gone(page: Page, ada: Person) -> None:
    page.get_by_role("link", name="Delete your account…").click()
    page.get_by_label("Your email address").fill(ada.email)
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_role("status")).to_contain_text("Your account was deleted")


def test_the_data_of_an_account_is_downloaded(page: Page, ada: Person) -> None:
    page.get_by_role("link", name="Download your data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert ada.email in download.value.path().read_text()


def test_recovery_codes_are_copied(new_context: NewContext, ada: Person) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    sign_in(page.context, ada)
    page.goto("/user/security/two-factor/app")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("button", name="Copy codes").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert len(re.findall(r"^[a-z2-9-]{31}$", copied, re.M)) == 10
