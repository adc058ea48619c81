"""axe finds nothing, and nothing is wider than the screen."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.accessibility import WIDE, violations
from tests.browser.conftest import emails
from tests.browser.page_errors import PageErrors
from tests.browser.steps import (
    create_key,
    fill_in_sign_in,
    new_person,
    open_details,
    open_options,
    open_revoke_dialog,
    sign_in,
    submit_name,
    whoami,
)
from tests.people import Person

WIDTHS = (1024, 834, 768, 720, 600, 360)  # px: a table, then cards
Show = Callable[[Page, Person], None]
EXTENT = "page => [page.scrollWidth, page.clientWidth]"


def home(page: Page, ada: Person) -> None:
    page.goto("/")


def sign_in_form(page: Page, ada: Person) -> None:
    page.context.clear_cookies()
    page.goto("/login")


def no_keys(page: Page, ada: Person) -> None:
    expect(page.get_by_text("No API keys yet")).to_be_visible()


def keys_of_every_kind(page: Page, ada: Person) -> None:
    ada.create_key("W" * 120)
    ada.age(ada.create_key("unused"), created_at=timedelta(days=45))
    ada.age(ada.create_key("idle"), created_at=timedelta(days=200), last_used_at=timedelta(days=104))
    ada.age(ada.create_key("expired"), expires_at=timedelta(days=1))
    for _ in range(6):
        ada.revoke(ada.create_key("revoked"))
    page.reload()
    page.get_by_text("Show 6 revoked keys").click()


def first_steps(page: Page, ada: Person) -> None:
    ada.page_api("W" * 60, "W" * 100)
    page.reload()
    expect(page.locator("#first-steps .snippet")).to_be_visible()


def options(page: Page, ada: Person) -> None:
    ada.create_page("W" * 120)
    page.reload()
    open_options(page)
    page.get_by_label("Choose…", exact=True).check()
    page.get_by_label("Expires").select_option("custom")
    page.get_by_label("Addresses").fill("nonsense")
    submit_name(page, "CI")
    expect(page.locator("#addresses-error")).to_be_visible()


def key_details(page: Page, ada: Person) -> None:
    page_ids, networks = ("gone",), ("203.0.113.0/24", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
    token = ada.create_key("W" * 120, timedelta(days=3), page_ids=page_ids, networks=networks)
    whoami(page.url.removesuffix("/user/security"), token)
    page.reload()
    open_details(page, "W" * 120).locator("summary", has_text="Replace").click()
    expect(page.get_by_role("button", name="Replace this key")).to_be_visible()


def several_to_revoke(page: Page, ada: Person) -> None:
    prefixes = [ada.create_key("W" * 120)[:12] for _ in range(2)]
    page.goto(f"/user/security/api-keys/revoke?prefix={prefixes[0]}&prefix={prefixes[1]}")


def plan_lost(page: Page, ada: Person) -> None:
    ada.create_key()
    ada.set_plan("free")
    page.reload()
    expect(page.get_by_text("API access isn’t part of your current plan")).to_be_visible()


def refused_name(page: Page, ada: Person) -> None:
    submit_name(page, "W" * 121)
    expect(page.locator("#name-error")).to_be_visible()


def token_dialog(page: Page, ada: Person) -> None:
    create_key(page, "W" * 120)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_be_visible()


def revoke_dialog(page: Page, ada: Person) -> None:
    token = ada.create_key("W" * 120)
    ada.age(token, last_used_at=timedelta(minutes=3))
    page.reload()
    open_revoke_dialog(page, "W" * 120)


def everything_about_the_account(page: Page, ada: Person) -> None:
    ada.add_app()
    for number in range(3):
        ada.add_passkey("W" * 59 + str(number))
    ada.session_cookie("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    ada.create_key("W" * 120)
    page.reload()
    for name in ("email address", "password", "two-factor", "passkeys", "sessions"):
        page.locator("summary", has_text=name).click()
    expect(page.get_by_text("Since your last visit")).to_be_visible()


def new_app(page: Page, ada: Person) -> None:
    page.goto("/user/security/two-factor/app")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#first_code-error")).to_be_visible()


def recovery_codes(page: Page, ada: Person) -> None:
    ada.add_app()
    page.reload()
    page.get_by_text("Manage two-factor").click()
    page.get_by_role("button", name="Make new recovery codes").click()
    expect(page.get_by_label("Recovery codes")).to_be_visible()


def second_factor(page: Page, ada: Person) -> None:
    ada.add_app()
    page.context.clear_cookies()
    page.goto("/login")
    fill_in_sign_in(page, ada)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def confirm(page: Page, ada: Person) -> None:
    page.goto("/user/confirm")


def turn_off(page: Page, ada: Person) -> None:
    ada.add_app()
    page.goto("/user/security/two-factor/off")


def delete_account(page: Page, ada: Person) -> None:
    page.goto("/user/security/delete")
    page.get_by_role("button", name="Delete account").click()
    expect(page.locator("#email-error")).to_be_visible()


def export(page: Page, ada: Person) -> None:
    page.goto("/user/security/export")


def plans(page: Page, ada: Person) -> None:
    page.goto("/user/plan")


def help_article(page: Page, ada: Person) -> None:
    page.goto("/help/api-keys")


def revoke_page(page: Page, ada: Person) -> None:
    token = ada.create_key("W" * 120)
    page.goto(f"/user/security/api-keys/{token[:12]}/revoke")


def error_page(page: Page, ada: Person) -> None:
    page.goto("/nothing-here")


PAGES: list[Show] = [
    home,
    sign_in_form,
    no_keys,
    keys_of_every_kind,
    first_steps,
    options,
    key_details,
    several_to_revoke,
    plan_lost,
    refused_name,
    token_dialog,
    revoke_dialog,
    everything_about_the_account,
    new_app,
    recovery_codes,
    second_factor,
    confirm,
    turn_off,
    delete_account,
    export,
    plans,
    help_article,
    revoke_page,
    error_page,
]


@pytest.fixture(scope="module", params=PAGES, ids=lambda show: show.__name__.replace("_", " "))
def page(request: pytest.FixtureRequest, tab: Page, app: Flask, all_complaints: PageErrors) -> Iterator[Page]:
    """Shown once, for all tests that look at it."""
    all_complaints.forget()
    all_complaints.expect("status of 404", "status of 422")
    ada = new_person(app, next(emails))
    sign_in(tab.context, ada)
    tab.goto("/user/security")
    request.param(tab, ada)
    assert all_complaints.unexpected() == []
    yield tab
    tab.set_viewport_size(WIDE)
    tab.goto("about:blank")


def test_axe_finds_nothing(page: Page, complaints: PageErrors) -> None:
    complaints.expect("Content Security Policy")  # axe adds styles of its own
    assert violations(page) == []


def test_nothing_is_wider_than_the_screen(page: Page, complaints: PageErrors) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for whole in [page.locator("html"), *page.get_by_role("dialog").all()]:
            content, space = whole.evaluate(EXTENT)
            assert content <= space, f"at {width} px"
