"""The dialog that shows a token, once."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.steps import close_uncopied, create_key, row, secret_of, sign_in, whoami
from tests.people import LiveServer, Person

UNCOPIED = (
    "You haven’t copied the token yet, and it can’t be shown again. Press Close again to leave without it."
)


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Copy your new API key")


def test_the_copy_button_has_the_focus(security: Page) -> None:
    create_key(security)
    expect(security.get_by_role("button", name="Copy token")).to_be_focused()


def test_the_dialog_names_the_key_and_says_that_this_is_the_only_time(security: Page) -> None:
    create_key(security, "GitHub Actions deploy")
    expect(dialog_of(security)).to_have_accessible_description(
        "This is the only time the full token for GitHub Actions deploy is shown. "
        "Store it somewhere safe, like a password manager or your CI’s secrets."
    )


def test_the_token_works_and_cannot_be_edited(security: Page, live: LiveServer) -> None:
    token = create_key(security)
    assert re.fullmatch(r"spk_[0-9A-Za-z]{46}", token)
    expect(security.get_by_label("Token")).not_to_be_editable()
    assert whoami(live.url, token) == 200


def test_copying_is_confirmed_on_the_button_and_in_a_status(security: Page) -> None:
    create_key(security)
    security.get_by_role("button", name="Copy token").click()
    expect(security.get_by_role("button", name="Copied")).to_be_visible()
    expect(dialog_of(security).get_by_role("status").filter(has_text="Copied")).to_be_visible()


def test_the_examples_name_a_variable_and_never_the_token(security: Page) -> None:
    token = create_key(security)
    for example in dialog_of(security).locator("pre").all():
        expect(example).to_contain_text("SPK_TOKEN")
    assert secret_of(token) not in (dialog_of(security).text_content() or "")


def test_closing_without_a_copy_warns_and_stays(security: Page) -> None:
    create_key(security)
    expect(security.get_by_role("alert")).to_have_count(0)
    security.get_by_role("button", name="Close").click()
    expect(security.get_by_role("alert")).to_have_text(UNCOPIED)
    expect(dialog_of(security)).to_be_visible()


def test_closing_a_second_time_leaves_without_a_copy(security: Page) -> None:
    create_key(security)
    close_uncopied(security)
    expect(dialog_of(security)).to_have_count(0)


def test_after_a_copy_one_close_is_enough(security: Page) -> None:
    create_key(security)
    security.get_by_role("button", name="Copy token").click()
    expect(security.get_by_role("button", name="Copied")).to_be_visible()
    security.get_by_role("button", name="Close").click()
    expect(dialog_of(security)).to_have_count(0)


def test_a_copy_by_keyboard_counts_as_one(security: Page) -> None:
    security.context.grant_permissions(["clipboard-read", "clipboard-write"])
    token = create_key(security)
    security.get_by_label("Token").focus()
    security.keyboard.press("ControlOrMeta+a")
    security.keyboard.press("ControlOrMeta+c")
    assert security.evaluate("navigator.clipboard.readText()") == token
    security.get_by_role("button", name="Close").click()
    expect(dialog_of(security)).to_have_count(0)


def test_escape_does_not_close_it(security: Page) -> None:
    create_key(security)
    for _ in range(4):
        security.keyboard.press("Escape")
    expect(dialog_of(security)).to_be_visible()


def test_a_click_beside_it_does_not_close_it(security: Page) -> None:
    create_key(security)
    security.mouse.click(5, 5)
    expect(dialog_of(security)).to_be_visible()


def test_a_closed_dialog_leaves_no_token_on_the_page(security: Page) -> None:
    token = create_key(security)
    assert secret_of(token) in security.content()
    close_uncopied(security)
    assert secret_of(token) not in security.content()


def test_a_closed_dialog_gives_the_focus_back_to_its_section(security: Page) -> None:
    create_key(security)
    close_uncopied(security)
    expect(security.locator("#api-keys :focus")).to_be_visible()


def test_the_new_row_is_tinted(security: Page) -> None:
    token = create_key(security)
    close_uncopied(security)
    expect(row(security, token)).to_have_class(re.compile(r"\bis-new\b"))
    assert animations(row(security, token)) == ["tint"]


def test_nothing_moves_for_people_who_prefer_that(new_context: NewContext, ada: Person) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    sign_in(page.context, ada)
    page.goto("/user/security")
    token = create_key(page)
    assert animations(dialog_of(page)) == []
    close_uncopied(page)
    expect(row(page, token)).to_have_class(re.compile(r"\bis-new\b"))
    assert animations(row(page, token)) == []


def animations(element: Locator) -> list[str]:
    names = "element => element.getAnimations({subtree: true}).map(({animationName}) => animationName)"
    found: list[str] = element.evaluate(names)
    return found


@pytest.fixture
def clocked(page: Page, ada: Person) -> Page:
    """The Security page on a clock that the test winds."""
    page.clock.install()
    sign_in(page.context, ada)
    page.goto("/user/security")
    return page


def test_an_open_dialog_waits_for_the_first_request(clocked: Page) -> None:
    create_key(clocked)
    with clocked.expect_response("**/first-use"):
        clocked.clock.run_for(3_000)
    expect(dialog_of(clocked)).to_contain_text("Waiting for the first request with this key…")


def test_a_closed_dialog_asks_no_more(clocked: Page) -> None:
    questions = count_questions(clocked)
    create_key(clocked)
    close_uncopied(clocked)
    questions.clear()  # the clock runs by itself, too: it may have asked while it was open
    clocked.clock.run_for(30_000)
    assert questions == []


def test_the_dialog_gives_up_after_ten_minutes(clocked: Page, ada: Person) -> None:
    questions = count_questions(clocked)
    token = create_key(clocked)
    ada.age(token, created_at=timedelta(minutes=11))
    clocked.clock.run_for(3_000)
    expect(dialog_of(clocked)).to_contain_text("No request with this key yet.")
    assert questions  # which is what the words answer
    questions.clear()
    clocked.clock.run_for(30_000)
    assert questions == []


def count_questions(page: Page) -> list[str]:
    """Collect the dialog's requests that ask whether the key was used."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "first-use" in request.url else None)
    return asked


def test_escape_is_answered_and_leaves_no_uncopied_token(security: Page) -> None:
    create_key(security)
    expect(security.get_by_role("button", name="Copy token")).to_be_focused()
    for _ in range(3):
        security.keyboard.press("Escape")
        expect(security.get_by_role("alert")).to_have_text(UNCOPIED)
        expect(dialog_of(security)).to_be_visible()


def test_escape_closes_the_dialog_of_a_copied_token(security: Page) -> None:
    create_key(security)
    security.get_by_role("button", name="Copy token").click()
    expect(security.get_by_role("button", name="Copied")).to_be_visible()
    security.keyboard.press("Escape")
    expect(dialog_of(security)).to_have_count(0)


def test_copying_an_example_is_not_copying_the_token(security: Page, ada: Person) -> None:
    security.context.grant_permissions(["clipboard-read", "clipboard-write"])
    create_key(security)
    security.get_by_role("button", name="Copy the example").first.click()
    expect(dialog_of(security).get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert security.evaluate("navigator.clipboard.readText()").startswith("curl -H ")
    security.keyboard.press("Escape")
    expect(security.get_by_role("alert")).to_have_text(UNCOPIED)
