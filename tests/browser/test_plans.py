"""Which plan shows the API Keys section, and which only a part of it."""

from playwright.sync_api import Page, expect

from tests.browser.steps import create_key, open_revoke_dialog, row, whoami
from tests.people import LiveServer, Person


def test_without_api_access_there_is_no_section_until_the_plan_has_it(security: Page, ada: Person) -> None:
    ada.set_plan("free")
    security.reload()
    expect(security.locator("#plan")).to_contain_text("Free. API access isn’t included in this plan.")
    expect(security.locator("#api-keys")).to_have_count(0)
    security.get_by_role("link", name="See plans with API access").click()
    expect(security.get_by_role("heading", name="Plan", exact=True)).to_be_visible()

    ada.set_plan("pro")
    security.get_by_role("link", name="Back to Security").click()
    create_key(security)


def test_a_lost_plan_leaves_the_list_and_revoke(security: Page, ada: Person, live: LiveServer) -> None:
    token = ada.create_key("CI")
    ada.set_plan("free")
    assert whoami(live.url, token) == 403
    security.reload()
    expect(security.locator("#api-keys .notice")).to_have_text(
        "API access isn’t part of your current plan, so these keys don’t work right now. "
        "You can still revoke them."
    )
    expect(security.locator("#key-create")).to_have_count(0)
    open_revoke_dialog(security).get_by_role("button", name="Revoke key").click()
    expect(row(security, token)).to_contain_text("Revoked")
