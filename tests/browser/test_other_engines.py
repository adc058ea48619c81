"""The whole job and the public page in Firefox and in WebKit, in the builds that Debian has."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver import WebKitGTK, WebKitGTKOptions, WebKitGTKService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.steps import arranging, new_person
from tests.clients.conftest import CLIENTS, installed, run
from tests.people import PASSWORD, LiveServer, serve

EMAIL = "ada@example.com"
GUARD = (
    "You haven’t copied the token yet, and it can’t be shown again. Press Close again to leave without it."
)
MINI_BROWSERS = sorted(Path("/usr").glob("lib/*/webkit2gtk-*/MiniBrowser"))
PATIENCE = 30  # s
MISSING = "run `sh tests/install-browser.sh`, which installs it on Debian"


def arrange(app: Flask) -> None:
    """Ada, with a page that has something to show."""
    acme = new_person(app, EMAIL).page_api("Acme", "Web", "Db")
    acme.post("/component-groups", name="Europe", components=["db"])
    acme.post("/incidents", name="Slow", body="We look.", components={"web": "partial_outage"})


@pytest.fixture(scope="module")
def told(lan: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was seen in Firefox."""
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if not firefox:
        pytest.skip(f"There is no Firefox here: {MISSING}.")
    node = installed(CLIENTS / "package-lock.json", Path(shutil.which("node") or "node"))
    with arranging(lan) as app:
        arrange(app)
    seen = run(
        [node, Path(__file__).with_name("firefox.js")],
        FIREFOX=firefox,
        HOME=str(tmp_path_factory.mktemp("home")),
        SPK=lan.url,
        EMAIL=EMAIL,
        PASSWORD=PASSWORD,
        PAGE="/p/acme",
    )
    return dict(json.loads(seen))


def test_firefox_creates_and_revokes_a_key(told: dict[str, Any], lan: LiveServer) -> None:
    assert told["signedIn"] == f"{lan.url}/user/security"
    assert told["afterEscape"] is True  # it left the key alone
    assert "Revoked" in told["row"]
    assert "“CI” was revoked." in told["row"]


def test_firefox_keeps_a_token_until_it_is_copied(told: dict[str, Any]) -> None:
    assert told["guarded"] == GUARD


def test_firefox_copies_without_a_clipboard_api(told: dict[str, Any]) -> None:
    assert told["hasClipboard"] is False
    assert told["pasted"] == told["token"]


def test_firefox_moves_the_focus_into_dialogs(told: dict[str, Any]) -> None:
    assert (told["focusedAtFirst"], told["focusedInRevoke"]) == ("copy-token", "Cancel")


def test_firefox_shows_a_page_that_folds_and_fits(told: dict[str, Any]) -> None:
    assert told["banner"] == "Partial System Outage"
    assert told["times"] > 0
    assert (told["isFolded"], told["unfolded"]) == (True, True)
    assert max(told["wide"], told["narrow"]) <= 0  # px beyond the window


def test_firefox_has_nothing_to_complain_of(told: dict[str, Any]) -> None:
    assert told["errors"] == []


@pytest.fixture(scope="module")
def webkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebKitGTK]:
    """WebKitGTK, in a window that nobody sees."""
    program = shutil.which("WebKitWebDriver")
    if not (program and MINI_BROWSERS and shutil.which("Xvfb")):
        pytest.skip(f"There is no WebKitGTK here: {MISSING}.")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        display = f":{told.readline().strip()}"  # once it can be used
    options = WebKitGTKOptions()
    options.binary_location = str(MINI_BROWSERS[-1])
    options.add_argument("--automation")
    # Its sandbox needs what a container doesn't give.
    settings = {"DISPLAY": display, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    home = {"HOME": str(tmp_path_factory.mktemp("webkit"))}
    try:
        driver = WebKitGTK(options, service=WebKitGTKService(program, env={**os.environ, **settings, **home}))
        yield driver
        driver.quit()
    finally:
        screen.terminate()
        screen.wait(timeout=10)


# Selenium warns of itself.
@pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning")
def test_webkit_does_the_whole_job(webkit: WebKitGTK, tmp_path: Path) -> None:
    with serve(tmp_path) as server, arranging(server) as app:
        arrange(app)
        sign_in(webkit, server.url)
        token = create(webkit)
        copy_and_close(webkit, token)
        revoke(webkit, token)
        see_page(webkit, f"{server.url}/p/acme")


def wait(webkit: WebKitGTK) -> WebDriverWait[WebKitGTK]:
    return WebDriverWait(webkit, PATIENCE)


def press(webkit: WebKitGTK, name: str) -> None:
    webkit.find_element(By.XPATH, f'//button[normalize-space()="{name}"]').click()


def await_dialog(webkit: WebKitGTK, name: str) -> None:
    script = f"return document.querySelector('#{name}:modal') !== null"
    wait(webkit).until(lambda driver: driver.execute_script(script))


def sign_in(webkit: WebKitGTK, url: str) -> None:
    webkit.get(f"{url}/login")
    webkit.find_element(By.NAME, "email").send_keys(EMAIL)
    webkit.find_element(By.NAME, "password").send_keys(PASSWORD)
    press(webkit, "Sign in")
    wait(webkit).until(lambda driver: driver.current_url == f"{url}/user/security")


def create(webkit: WebKitGTK) -> str:
    webkit.find_element(By.NAME, "name").send_keys("CI")
    press(webkit, "Create API Key")
    await_dialog(webkit, "token-dialog")
    assert webkit.switch_to.active_element.get_attribute("id") == "copy-token"
    webkit.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert webkit.find_element(By.ID, "token-guard").text == GUARD
    return str(webkit.find_element(By.ID, "token").get_attribute("value"))


def copy_and_close(webkit: WebKitGTK, token: str) -> None:
    press(webkit, "Copy token")
    status = webkit.find_element(By.ID, "copy-status")
    wait(webkit).until(lambda _driver: status.text == "Copied to the clipboard.")
    press(webkit, "Close")
    wait(webkit).until(lambda driver: not driver.find_elements(By.TAG_NAME, "dialog"))
    name = webkit.find_element(By.NAME, "name")
    name.send_keys(Keys.CONTROL, "v")
    assert name.get_attribute("value") == token


def revoke(webkit: WebKitGTK, token: str) -> None:
    press(webkit, "Revoke CI")
    await_dialog(webkit, "revoke-dialog")
    press(webkit, "Revoke key")
    row = f"key-{token[:12]}"
    wait(webkit).until(lambda driver: "“CI” was revoked." in driver.find_element(By.ID, row).text)
    assert "Revoked" in webkit.find_element(By.ID, row).text


def see_page(webkit: WebKitGTK, address: str) -> None:
    webkit.get(address)
    assert webkit.find_element(By.CSS_SELECTOR, ".banner").text == "Partial System Outage"
    assert webkit.find_elements(By.CSS_SELECTOR, "time[data-ago]")
    webkit.find_element(By.CSS_SELECTOR, "details > summary").click()
    assert webkit.find_element(By.CSS_SELECTOR, "details li").is_displayed()
    assert webkit.execute_script("return document.documentElement.scrollWidth <= innerWidth")
