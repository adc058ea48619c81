"""The form that creates a key."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import emails
from tests.browser.page_errors import PageErrors
from tests.browser.steps import (
    CREATE,
    close_uncopied,
    create_key,
    fill_in_sign_in,
    held,
    key_status,
    new_person,
    open_details,
    open_revoke_dialog,
    sign_in,
    submit_name,
)
from tests.people import Person

REFUSED = {
    "an empty name": ("", "Enter a name for this key."),
    "121 characters": ("é" * 121, "Use 120 characters or fewer. This name has 121."),
    "an invisible character": (
        "CI\u202e",
        "Use plain text only; this name contains characters that can’t be shown.",
    ),
}


@pytest.fixture
def unprocessable(complaints: PageErrors) -> None:
    complaints.expect("status of 422")


@pytest.mark.usefixtures("unprocessable")
@pytest.mark.parametrize(("name", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refused_name_stays_in_its_field_with_the_reason_under_it(
    security: Page, name: str, words: str
) -> None:
    submit_name(security, name)
    expect(security.locator("#name-error")).to_have_text(words)
    field = security.get_by_label("Name")
    expect(field).to_have_value(name)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(words)))


@pytest.mark.usefixtures("unprocessable")
def test_a_refused_name_leaves_the_rest_of_the_page_alone(security: Page) -> None:
    security.locator("h1").evaluate("heading => heading.dataset.seen = 'before'")
    submit_name(security, "")
    expect(security.locator("#name-error")).to_be_visible()
    expect(security.locator("h1")).to_have_attribute("data-seen", "before")


@pytest.mark.usefixtures("unprocessable")
def test_a_refused_name_can_be_corrected(security: Page) -> None:
    submit_name(security, "")
    expect(security.locator("#name-error")).to_be_visible()
    create_key(security, "GitHub Actions deploy")
    expect(security.locator("#name-error")).to_have_count(0)


def test_a_name_may_have_120_characters_of_any_script(security: Page, ada: Person) -> None:
    name = ("é" + "مفتاح 🔑 ") * 13 + "é" * 3
    assert len(name) == 120
    create_key(security, name)
    close_uncopied(security)
    expect(security.get_by_role("row").nth(1)).to_contain_text(name)


def test_nothing_is_typed_for_the_person(security: Page) -> None:
    field = security.get_by_label("Name")
    expect(field).to_have_value("")
    for attribute in ("placeholder", "maxlength"):
        assert field.get_attribute(attribute) is None


def test_the_first_key_takes_the_place_of_the_words_about_none(security: Page) -> None:
    expect(security.get_by_text("No API keys yet")).to_be_visible()
    create_key(security)
    close_uncopied(security)
    expect(security.get_by_text("No API keys yet")).to_have_count(0)
    expect(security.get_by_text("1 of 20 active keys")).to_be_visible()


def test_a_double_click_makes_one_key(security: Page, ada: Person) -> None:
    create = security.get_by_role("button", name="Create API Key")
    security.get_by_label("Name").fill("CI")
    with held(security, CREATE) as sent:
        create.dblclick()
        expect(security.locator("#key-create")).to_have_class("htmx-request")
    expect(security.get_by_label("Token")).to_be_visible()
    assert len(sent) == len(ada.keys()) == 1


def test_enter_pressed_twice_makes_one_key(security: Page, ada: Person) -> None:
    security.get_by_label("Name").fill("CI")
    with held(security, CREATE) as sent:
        security.keyboard.press("Enter")
        security.keyboard.press("Enter")
        expect(security.locator("#key-create")).to_have_class("htmx-request")
    expect(security.get_by_label("Token")).to_be_visible()
    assert len(sent) == len(ada.keys()) == 1


def test_at_the_limit_the_form_gives_way_to_words(security: Page, ada: Person) -> None:
    for _ in range(20):
        ada.create_key()
    security.reload()
    expect(security.locator("#api-keys .notice")).to_have_text(
        "You have 20 active keys, the most your plan allows. "
        "Revoke one you no longer need, then create a new key."
    )
    expect(security.locator("#key-create")).to_have_count(0)


def test_the_last_key_of_a_plan_takes_the_form_away_and_a_revoked_one_brings_it_back(
    security: Page, ada: Person
) -> None:
    for _ in range(19):
        ada.create_key()
    security.reload()
    create_key(security, "last")
    close_uncopied(security)
    expect(security.locator("#key-create")).to_have_count(0)
    open_revoke_dialog(security, "last").get_by_role("button", name="Revoke key").click()
    expect(security.locator("#key-create")).to_be_visible()


def test_a_form_opened_before_the_limit_was_reached_makes_no_key(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 409")
    for _ in range(20):
        ada.create_key()
    submit_name(security, "one too many")
    expect(security.get_by_text("You have 20 active keys, the most your plan allows.")).to_be_visible()
    assert len(ada.keys()) == 20


def test_a_form_that_gives_way_does_not_lose_the_focus(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 409")
    for _ in range(20):
        ada.create_key()
    submit_name(security, "one too many")
    expect(security.locator("#key-create")).to_have_count(0)
    expect(security.locator("#api-keys :focus")).to_be_visible()


def test_a_plan_lost_while_the_page_was_open_is_said_beside_the_form(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 403")
    ada.set_plan("free")
    submit_name(security, "CI")
    expect(key_status(security)).to_have_text("API access isn’t included in this plan.")
    expect(security.get_by_label("Name")).to_have_value("CI")


def test_the_button_says_that_it_is_creating(security: Page) -> None:
    with held(security, CREATE):
        submit_name(security, "CI")
        button = security.locator("#key-create-button")
        expect(button).to_have_text("Creating…")
        expect(security.locator("#key-create")).to_have_attribute("aria-busy", "true")
    expect(security.get_by_label("Token")).to_be_visible()


def test_whoever_was_signed_out_finds_the_name_again(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 401")
    security.context.clear_cookies()
    submit_name(security, "GitHub Actions deploy")
    expect(security.get_by_role("status")).to_contain_text("You were signed out, so nothing was changed.")
    security.wait_for_url("**/login?**")
    fill_in_sign_in(security, ada)
    expect(security.get_by_label("Name")).to_have_value("GitHub Actions deploy")
    assert ada.keys() == []
    security.reload()
    expect(security.get_by_label("Name")).to_have_value("")


def test_nobody_else_finds_the_name_in_the_same_tab(
    security: Page, ada: Person, app: Flask, complaints: PageErrors
) -> None:
    complaints.expect("status of 401")
    security.context.clear_cookies()
    submit_name(security, "Secret project")
    security.wait_for_url("**/login?**")
    fill_in_sign_in(security, new_person(app, next(emails)))
    expect(security.get_by_label("Name")).to_have_value("")
    sign_in(security.context, ada)
    security.reload()
    expect(security.get_by_label("Name")).to_have_value("")


def test_the_name_of_another_form_is_kept_for_no_key(
    security: Page, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 401")
    ada.create_key("CI")
    security.reload()
    details = open_details(security)
    details.locator("summary", has_text="Rename").click()
    details.get_by_label("Name").fill("Renamed")
    security.context.clear_cookies()
    details.get_by_role("button", name="Rename").click()
    security.wait_for_url("**/login?**")
    fill_in_sign_in(security, ada)
    expect(security.locator("#key-create").get_by_label("Name")).to_have_value("")
