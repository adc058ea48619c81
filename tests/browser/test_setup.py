import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.page_errors import PageErrors
from tests.people import PASSWORD, LiveServer, serve


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server that nobody has an account on."""
    with serve(tmp_path) as server:
        yield server


def test_axe_finds_nothing(new_server: LiveServer, page: Page, complaints: PageErrors) -> None:
    complaints.expect("Content Security Policy")  # axe adds styles of its own
    page.goto(f"{new_server.url}/setup")
    expect(page.get_by_label("Setup token")).to_be_visible()
    assert violations(page) == []


def test_the_first_account_is_made_with_the_token_from_the_terminal(
    new_server: LiveServer, page: Page, complaints: PageErrors
) -> None:
    printed = re.search(r"Setup token: (\S+)", new_server.log())
    assert printed
    page.goto(new_server.url)
    expect(page).to_have_url(f"{new_server.url}/setup")
    page.get_by_label("Setup token").fill(printed[1])
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the first account").click()
    expect(page.locator("#plan")).to_contain_text("Business. API access is included")

    complaints.expect("status of 404")
    page.goto(f"{new_server.url}/setup")
    expect(page.get_by_role("heading")).to_have_text(
        "spk is set up already. Sign in, or ask your administrator for an account."
    )
