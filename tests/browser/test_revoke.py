"""Revoking a key through its dialog."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import REVOKE, held, key_status, open_revoke_dialog, row, whoami
from tests.people import LiveServer, Person


@pytest.fixture
def token(ada: Person) -> str:
    return ada.create_key("CI")


@pytest.fixture
def page(token: str, security: Page) -> Page:
    """The Security page with one key, CI."""
    return security


def test_the_dialog_says_what_revoking_does(page: Page, token: str) -> None:
    expect(open_revoke_dialog(page)).to_contain_text(
        f"Requests using {token[:12]}… will be rejected right away. This can’t be undone. "
        "The key stays in the list as a record."
    )


@pytest.mark.parametrize(
    ("last_used", "words"),
    [
        (None, "This key has never been used."),
        (
            timedelta(minutes=3),
            "This key was used 3 minutes ago. Whatever uses it will stop working.",
        ),
        (timedelta(days=40), "This key was last used a month ago."),
    ],
    ids=["never used", "used today", "used long ago"],
)
def test_the_dialog_says_what_revoking_may_break(
    page: Page, ada: Person, token: str, last_used: timedelta | None, words: str
) -> None:
    ada.age(token, last_used_at=last_used)
    expect(open_revoke_dialog(page)).to_contain_text(words)


def test_cancel_has_the_focus(page: Page) -> None:
    dialog = open_revoke_dialog(page)
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()


@pytest.mark.parametrize("key", ["Escape", "Enter"], ids=["Escape", "Cancel"])
def test_backing_out_keeps_the_key_and_gives_the_focus_back(page: Page, ada: Person, key: str) -> None:
    dialog = open_revoke_dialog(page)
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press(key)
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Revoke CI")).to_be_focused()
    assert ada.keys()[0].status == "Active"


def test_a_double_click_opens_one_dialog(page: Page) -> None:
    button = page.get_by_role("button", name="Revoke CI")
    with held(page, REVOKE) as sent:
        button.dblclick()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    assert len(sent) == 1


def test_a_revoked_key_stays_as_a_record_without_a_button(page: Page, token: str) -> None:
    open_revoke_dialog(page).get_by_role("button", name="Revoke key").click()
    expect(key_status(page)).to_have_text("“CI” was revoked.")
    expect(row(page, token)).to_contain_text("Revoked")
    expect(row(page, token).get_by_role("button")).to_have_count(0)


def test_a_revoked_key_has_the_focus(page: Page, token: str) -> None:
    open_revoke_dialog(page).get_by_role("button", name="Revoke key").click()
    expect(row(page, token)).to_contain_text("Revoked")
    expect(row(page, token)).to_be_focused()


def test_a_revoked_key_opens_nothing_any_more(page: Page, token: str, live: LiveServer) -> None:
    assert whoami(live.url, token) == 200
    open_revoke_dialog(page).get_by_role("button", name="Revoke key").click()
    expect(row(page, token)).to_contain_text("Revoked")
    assert whoami(live.url, token) == 401


def test_a_key_revoked_elsewhere_meanwhile_is_said_to_be(page: Page, ada: Person, token: str) -> None:
    dialog = open_revoke_dialog(page)
    ada.revoke(token)
    dialog.get_by_role("button", name="Revoke key").click()
    expect(key_status(page)).to_have_text("“CI” was already revoked.")
    expect(row(page, token)).to_contain_text("Revoked")


def test_more_than_five_revoked_keys_are_folded(page: Page, ada: Person, token: str) -> None:
    old = [ada.create_key("old") for _ in range(6)]
    for each in old:
        ada.revoke(each)
    page.reload()
    expect(row(page, token)).to_be_visible()
    expect(row(page, old[0])).to_be_hidden()
    page.get_by_text("Show 6 revoked keys").click()
    expect(row(page, old[0])).to_be_visible()


def test_the_sixth_revoked_key_stays_and_folds_the_others_at_the_next_visit(
    page: Page, ada: Person, token: str
) -> None:
    for _ in range(5):
        ada.revoke(ada.create_key("old"))
    page.reload()
    open_revoke_dialog(page).get_by_role("button", name="Revoke key").click()
    expect(row(page, token)).to_be_visible()
    expect(row(page, token)).to_be_focused()
    expect(page.locator("details.revoked")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Show 6 revoked keys")).to_be_visible()


def test_a_key_unused_for_long_carries_a_hint(page: Page, ada: Person, token: str) -> None:
    ada.age(token, created_at=timedelta(days=45))
    page.reload()
    expect(row(page, token)).to_contain_text("Never used since it was created 45 days ago")
    expect(page.get_by_text("1 of 20 active keys · 1 unused")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_answer_is_where_the_eyes_are(page: Page, ada: Person, width: int) -> None:
    for number in range(10):
        ada.create_key(f"Key {number}")
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    open_revoke_dialog(page).get_by_role("button", name="Revoke key").click()
    answer = page.locator("tr.changed .message")
    expect(answer).to_have_text("“CI” was revoked.")
    expect(answer).to_be_in_viewport()
    expect(page.locator("tr.changed")).to_have_css("outline-style", "solid")
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize(("width", "height"), [(430, 90), (360, 115)])
def test_on_a_phone_a_key_is_a_low_card(page: Page, token: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    box = row(page, token).bounding_box()
    page.set_viewport_size({"width": 1280, "height": 720})
    assert box
    assert box["height"] < height
