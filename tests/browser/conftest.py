"""A running spk, a Chromium, and people who are signed in to the one with the other."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.page_errors import PageErrors
from tests.browser.steps import arranging, new_person, sign_in
from tests.people import LiveServer, Person, serve

NewContext = Callable[..., BrowserContext]
emails = (f"ada{number}@example.com" for number in itertools.count())


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], playwright: Playwright
) -> dict[str, Any]:
    """Debian's Chromium where there is one, at best that without windows, else Playwright's own."""
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if not chromium and not Path(playwright.chromium.executable_path).exists():
        pytest.skip("There is no Chromium here: run `sh tests/install-browser.sh`.")
    options = ["--disable-background-networking", "--host-resolver-rules=MAP spk.lan 127.0.0.1"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    return browser_type_launch_args | {"executable_path": chromium, "args": options}


@pytest.fixture(scope="session")
def browser(launch_browser: Callable[[], Browser]) -> Iterator[Browser]:
    """Playwright's, which the other tests' `browser` would hide."""
    browser = launch_browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The spk that the tests share."""
    with serve(tmp_path_factory.mktemp("live"), SPK_LOGIN_LIMIT="1000/minute") as server:
        yield server


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Reached by plain http under a name of a local network."""
    with serve(tmp_path_factory.mktemp("lan"), SPK_BASE_URL="http://spk.lan:{port}") as server:
        yield server


@pytest.fixture(scope="session")
def base_url(live: LiveServer) -> str:
    """Where `page.goto("/user/security")` leads."""
    return live.url


@pytest.fixture(scope="session")
def app(live: LiveServer) -> Iterator[Flask]:
    """An application on the shared server's data, to make accounts and pages with."""
    with arranging(live) as app:
        yield app


@pytest.fixture
def ada(app: Flask) -> Person:
    """Pays: on the pro plan. A new account in each test."""
    return new_person(app, next(emails))


@pytest.fixture(scope="session")
def all_complaints() -> PageErrors:
    return PageErrors()


@pytest.fixture
def complaints(all_complaints: PageErrors) -> Iterator[PageErrors]:
    """No page may complain, unless the test says that it expects it."""
    all_complaints.forget()
    yield all_complaints
    assert all_complaints.unexpected() == []


@pytest.fixture
def new_context(new_context: NewContext, complaints: PageErrors) -> NewContext:
    """Every browser profile that a test opens is listened to."""

    def listened_to(**options: object) -> BrowserContext:
        context = new_context(**options)
        complaints.listen_to(context)
        return context

    return listened_to


@pytest.fixture(scope="session")
def tab(browser: Browser, base_url: str, all_complaints: PageErrors) -> Iterator[Page]:
    """One for all tests that ask nothing special of theirs: a new one takes longer than most of them."""
    context = browser.new_context(base_url=base_url)
    all_complaints.listen_to(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def security(tab: Page, ada: Person, complaints: PageErrors) -> Iterator[Page]:
    """The Security page, with Ada signed in."""
    sign_in(tab.context, ada)
    tab.goto("/user/security")
    yield tab
    for page in tab.context.pages[1:]:
        page.close()
    tab.unroute_all()
    tab.context.clear_permissions()
    tab.goto("about:blank")
