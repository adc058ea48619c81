"""Passkeys in a real browser, with Chromium's virtual authenticator."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import create_key, fill_in_sign_in, names_of_keys, sign_in, sign_out, submit_name
from tests.people import Person

# A passkey that nobody answers for by hand: presence and fingerprint are simulated.
OPTIONS = {
    **{"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True},
    **{"isUserVerified": True, "automaticPresenceSimulation": True},
}


class Device:
    """The authenticator of one page."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable")
        self.id = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})[
            "authenticatorId"
        ]

    def answer(self, *, is_there: bool) -> None:
        """Whether somebody touches it when it is asked."""
        asked = {"authenticatorId": self.id, "enabled": is_there}
        self.devtools.send("WebAuthn.setAutomaticPresenceSimulation", asked)

    def refuse(self) -> None:
        """Have the next fingerprint not be its owner's."""
        self.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": False})


@pytest.fixture(scope="session")
def localhost(base_url: str) -> str:
    """The server by this name, because there are no passkeys at an address."""
    return base_url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], localhost: str) -> dict[str, Any]:
    return browser_context_args | {"base_url": localhost}


@pytest.fixture
def page(new_context: NewContext, localhost: str, ada: Person) -> Page:
    """The Security page, with Ada signed in."""
    page = new_context().new_page()
    sign_in(page.context, ada, localhost)
    page.goto("/user/security")
    return page


@pytest.fixture
def authenticator(page: Page) -> Device:
    return Device(page)


def add(page: Page, name: str = "Laptop") -> None:
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_role("link", name="I have stored them").click()
    expect(page.locator("#passkeys")).to_contain_text("1 passkey.")


def test_a_passkey_is_made_and_signs_in_by_a_button(page: Page, authenticator: Device) -> None:
    add(page)
    authenticator.answer(is_there=False)  # else Chromium answers as soon as the page is open
    sign_out(page)
    expect(page.get_by_label("Email")).to_have_attribute("autocomplete", "username webauthn")
    authenticator.answer(is_there=True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/user/security")


def test_the_sign_in_page_offers_passkeys_by_itself(page: Page, authenticator: Device) -> None:
    """In the list of the email field; the virtual authenticator chooses at once."""
    add(page)
    sign_out(page)
    page.wait_for_url("**/user/security")


def test_a_passkey_is_the_second_factor(page: Page, authenticator: Device, ada: Person) -> None:
    add(page)
    authenticator.answer(is_there=False)
    sign_out(page)
    fill_in_sign_in(page, ada)
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    authenticator.answer(is_there=True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/user/security")


def test_a_key_is_made_after_a_passkey_was_asked_for_in_the_page(
    page: Page, authenticator: Device, ada: Person, complaints: PageErrors
) -> None:
    complaints.expect("status of 403")
    add(page)
    page.reload()
    ada.forget_proof()
    submit_name(page, "CI")
    expect(page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("dialog")).to_contain_text("Copy your new API key")
    assert names_of_keys(ada) == ["CI"]


def test_the_same_device_is_not_added_twice(page: Page, authenticator: Device) -> None:
    add(page)
    page.goto("/user/security/passkeys/new")
    page.get_by_role("button", name="Create passkey").click()
    expect(page.get_by_role("alert")).to_have_text("This device has a passkey for your account already.")


def test_a_passkey_that_is_not_used_after_all_is_no_dead_end(page: Page, authenticator: Device) -> None:
    authenticator.refuse()
    page.goto("/user/security/passkeys/new")
    page.get_by_role("button", name="Create passkey").click()
    expect(page.get_by_role("alert")).to_have_text("No passkey was made. Try again.")


def test_a_key_needs_no_passkey_in_a_session_that_is_fresh(
    page: Page, authenticator: Device, ada: Person
) -> None:
    add(page)
    create_key(page, "CI")
    assert names_of_keys(ada) == ["CI"]
