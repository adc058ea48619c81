"""More options, a row's details, renaming and replacing, as a person does it."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from spk.db import now
from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import (
    create_key,
    key_status,
    open_details,
    open_options,
    row,
    sign_in,
    submit_name,
    whoami,
)
from tests.people import LiveServer, Person


def test_a_key_is_limited_and_the_dialog_repeats_to_what(security: Page, ada: Person) -> None:
    ada.create_page("Acme")
    security.reload()
    day = (now() + timedelta(days=30)).date()
    expect(security.get_by_label("Last day")).to_be_hidden()
    security.get_by_label("Expires").select_option("custom")
    security.get_by_label("Last day").fill(day.isoformat())
    open_options(security)
    expect(security.get_by_label("Report incidents")).to_be_hidden()
    security.get_by_label("Choose…", exact=True).check()
    security.get_by_label("Report incidents").check()
    security.get_by_label("Acme").check()
    security.get_by_label("Addresses").fill("127.0.0.0/8")
    submit_name(security, "CI")
    expect(security.locator("#token-rights")).to_have_text(
        f"Report incidents, on Acme, from 127.0.0.0/8, until {day:%-d %b %Y}, 23:59 UTC."
    )


def test_what_was_chosen_is_kept_when_something_is_refused(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 422")
    open_options(security)
    security.get_by_label("Choose…", exact=True).check()
    security.get_by_label("Read components").check()
    security.get_by_label("Addresses").fill("nonsense")
    submit_name(security, "CI")
    expect(security.locator("#addresses-error")).to_contain_text("“nonsense” is not an address")
    expect(security.get_by_label("Read components")).to_be_checked()
    expect(security.get_by_label("Addresses")).to_have_value("nonsense")
    assert ada.keys() == []


def test_details_open_below_the_row_and_are_hidden_again(
    security: Page, live: LiveServer, ada: Person
) -> None:
    token = ada.create_key("CI")
    assert whoami(live.url, token) == 200
    security.reload()
    details = open_details(security)
    expect(details).to_be_focused()
    expect(details).to_contain_text("from 127.0.0.1")
    details.get_by_role("button", name="Hide details").click()
    expect(details).to_be_hidden()
    expect(row(security, token)).to_be_focused()


def test_a_key_is_renamed_where_it_stands(security: Page, ada: Person) -> None:
    token = ada.create_key("CI")
    security.reload()
    details = open_details(security)
    details.locator("summary", has_text="Rename").click()
    details.get_by_label("New name").fill("Deploy")
    details.get_by_role("button", name="Rename").click()
    expect(key_status(security)).to_have_text("“CI” is now “Deploy”.")
    expect(row(security, token)).to_contain_text("Deploy")


def test_a_key_is_replaced_and_ends_with_the_first_use_of_the_new_one(
    security: Page, live: LiveServer, ada: Person
) -> None:
    old = ada.create_key("CI")
    security.reload()
    details = open_details(security)
    details.locator("summary", has_text="Replace").click()
    details.get_by_role("button", name="Replace this key").click()
    new = security.get_by_label("Token").input_value()
    assert (whoami(live.url, old), whoami(live.url, new), whoami(live.url, old)) == (200, 200, 401)
    expect(security.get_by_text("First request received")).to_be_visible(timeout=10_000)


def test_without_scripts_a_key_is_replaced_on_a_page_of_its_own(new_context: NewContext, ada: Person) -> None:
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page.context, ada)
    page.goto("/user/security")
    old = create_key(page)
    page.goto(f"/user/security/api-keys/{old[:12]}")
    page.locator("summary", has_text="Replace").click()
    page.get_by_label("after a day").check()
    page.get_by_role("button", name="Replace this key").click()
    assert page.get_by_label("Token").input_value() != old
    expect(row(page, old)).to_contain_text("Works until")


def test_several_keys_are_chosen_and_revoked_by_keyboard(security: Page, ada: Person) -> None:
    tokens = [ada.create_key(name) for name in ("First", "Second", "Kept")]
    security.reload()
    security.get_by_role("link", name="Revoke several…").press("Enter")
    for name in ("First", "Second"):
        security.get_by_label(name).press("Space")
    security.get_by_role("button", name="Continue").press("Enter")
    expect(security.get_by_role("heading", name="Revoke 2 keys?")).to_be_visible()
    security.get_by_role("button", name="Revoke 2 keys").press("Enter")
    expect(key_status(security)).to_have_text("2 keys were revoked.")
    assert [ada.key(token).status for token in tokens] == ["Revoked", "Revoked", "Active"]
