import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.page_errors import PageErrors
from tests.people import PASSWORD, LiveServer, serve


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server that nobody has an account on."""
    with serve(tmp_path) as server:
        yield server


@pytest.fixture
def clicks() -> list[str]:
    """What a newcomer clicked."""
    return []


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


def test_nine_clicks_lead_from_an_empty_folder_to_a_component_changed_by_curl(
    new_server: LiveServer, page: Page, clicks: list[str]
) -> None:
    def click(target: Locator) -> None:
        clicks.append(target.inner_text())
        target.click()

    def press(name: str) -> None:
        click(page.get_by_role("button", name=name, exact=True))

    page.goto(new_server.url)
    page.get_by_label("Setup token").fill(re.findall(r"Setup token: (\S+)", new_server.log())[0])
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press("Create the first account")
    steps = page.get_by_role("region", name="Get started")
    click(steps.get_by_role("link", name="Create a status page"))
    page.get_by_label("Name").fill("Acme")
    press("Create page")
    page.get_by_label("Name").fill("Website")
    press("Add component")
    click(steps.get_by_role("link", name="Create an API key"))
    page.get_by_label("Name").fill("CI")
    press("Create API Key")
    token = page.get_by_label("Token").input_value()
    press("Copy token")
    press("Close")
    expect(steps).to_contain_text("Waiting for the first request with this key…")
    press("Copy the call")
    call = page.locator("#first-report").text_content() or ""
    subprocess.run(["bash", "-c", call], env={"SPK_TOKEN": token, "PATH": "/usr/bin:/bin"}, check=True)
    done = page.get_by_role("region", name="You’re set up")
    expect(done).to_contain_text("First request received.")
    expect(done).to_contain_text("Website: Degraded performance")
    assert len(clicks) == 9, clicks

    page.goto(new_server.url)
    expect(page.get_by_role("status")).to_have_text("Partially Degraded Service")
    page.goto(f"{new_server.url}/user/security")
    expect(page.get_by_text("Get started")).to_have_count(0)
