"""Copying a token where the browser offers no clipboard API: on plain http in a local network."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.steps import arranging, create_key, new_person, sign_in
from tests.people import LiveServer


@pytest.fixture(scope="module")
def lan_app(lan: LiveServer) -> Iterator[Flask]:
    with arranging(lan) as app:
        yield app


@pytest.fixture
def page(request: pytest.FixtureRequest, new_context: NewContext, lan_app: Flask) -> Page:
    """The Security page at an address that Chromium does not trust."""
    page = new_context().new_page()
    sign_in(page.context, new_person(lan_app, f"{request.node.name}@example.com"))
    page.goto(f"{lan_app.config['BASE_URL']}/user/security")
    assert page.evaluate("navigator.clipboard === undefined")
    return page


def test_a_token_is_copied_all_the_same(page: Page) -> None:
    token = create_key(page)
    page.get_by_role("button", name="Copy token").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_label("Name").focus()
    page.keyboard.press("ControlOrMeta+v")
    expect(page.get_by_label("Name")).to_have_value(token)


def test_a_copy_that_fails_says_how_to_copy_by_hand(page: Page) -> None:
    create_key(page)
    page.evaluate("document.execCommand = () => false")
    page.get_by_role("button", name="Copy token").click()
    expect(page.locator("#copy-status")).to_have_text("Couldn’t copy. Select the token and press Ctrl+C.")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_be_visible()
