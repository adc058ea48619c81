"""The header: where one is, who one is, and the way out."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.steps import sign_in, sign_out
from tests.people import Person


def menu(page: Page) -> Locator:
    return page.locator(".menu")


def test_the_header_says_who_is_signed_in_and_where_one_is(security: Page, ada: Person) -> None:
    expect(menu(security).locator("summary")).to_have_text(f"Account: {ada.email}")
    expect(security.locator("[aria-current]")).to_have_text(["Security"])
    ada.create_page("Umbrella")
    security.goto("/user/pages/umbrella")
    expect(security.locator("[aria-current]")).to_have_text(["Status pages"])


def test_the_menu_opens_by_keyboard_and_closes_by_escape(security: Page) -> None:
    menu(security).locator("summary").focus()
    security.keyboard.press("Enter")
    security.keyboard.press("Tab")
    expect(security.get_by_role("link", name="Plan", exact=True)).to_be_focused()
    security.keyboard.press("Escape")
    expect(menu(security)).not_to_have_attribute("open", "")
    expect(menu(security).locator("summary")).to_be_focused()


def test_a_click_anywhere_else_closes_the_menu(security: Page) -> None:
    menu(security).locator("summary").click()
    expect(security.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    security.get_by_role("heading", name="Security").click()
    expect(menu(security)).not_to_have_attribute("open", "")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_signs_out_by_the_menu(new_context: NewContext, ada: Person, scripts: bool) -> None:
    context = new_context(java_script_enabled=scripts)
    sign_in(context, ada)
    page = context.new_page()
    page.goto("/user/plan")
    sign_out(page)
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_on_a_phone_the_header_has_two_lines(new_context: NewContext, ada: Person) -> None:
    context = new_context(viewport={"width": 360, "height": 800})
    sign_in(context, ada)
    page = context.new_page()
    page.goto("/user/plan")
    brand, account = page.locator(".brand").bounding_box(), menu(page).bounding_box()
    assert brand
    assert account
    assert abs(brand["y"] - account["y"]) < 10
    links = page.get_by_role("navigation", name="Main").get_by_role("link").all()
    assert len({box["y"] for link in links if (box := link.bounding_box())}) == 1
