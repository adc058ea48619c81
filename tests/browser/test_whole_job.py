"""The help article, from the first sign-in to the revoked key."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.steps import fill_in_sign_in, key_status, row, whoami
from tests.people import PASSWORD, LiveServer, Person


def test_a_key_is_created_copied_used_and_revoked(page: Page, ada: Person, live: LiveServer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/login")
    fill_in_sign_in(page, ada)
    expect(page).to_have_url(f"{live.url}/user/security")

    page.get_by_label("Name").fill("GitHub Actions deploy")
    page.get_by_role("button", name="Create API Key").click()
    page.get_by_role("button", name="Copy token").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    token = page.evaluate("navigator.clipboard.readText()")

    expect(row(page, token)).to_contain_text("Never")
    assert whoami(live.url, token) == 200
    expect(page.get_by_role("dialog")).to_contain_text("First request received. This key works.")
    expect(row(page, token)).not_to_contain_text("Never")

    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Revoke GitHub Actions deploy").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(key_status(page)).to_have_text("“GitHub Actions deploy” was revoked.")
    assert whoami(live.url, token) == 401


def test_a_keyboard_is_enough_for_the_whole_job(page: Page, ada: Person, live: LiveServer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/login")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type(ada.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    tab_to(page.get_by_label("Name"))
    page.keyboard.type("CI")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copy token")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    token = page.evaluate("navigator.clipboard.readText()")
    assert whoami(live.url, token) == 200

    tab_to(page.get_by_role("button", name="Close"))
    page.keyboard.press("Space")
    expect(page.locator("dialog")).to_have_count(0)
    tab_to(page.get_by_role("button", name="Revoke CI"))
    page.keyboard.press("Enter")
    tab_to(page.get_by_role("button", name="Revoke key"))
    page.keyboard.press("Space")
    expect(row(page, token)).to_contain_text("Revoked")
    assert whoami(live.url, token) == 401


def test_the_first_stop_of_the_keyboard_skips_the_header(security: Page) -> None:
    security.keyboard.press("Tab")
    security.keyboard.press("Enter")
    expect(security.locator("main")).to_be_focused()


def tab_to(element: Locator) -> None:
    """Press Tab until an element has the focus, as often as it takes to go round a page."""
    expect(element).to_be_visible()
    for _ in range(40):
        if element.evaluate("element => element === document.activeElement"):
            return
        element.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {element}")
