"""npm's @statuspage/status-widget on a website of another origin."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import arranging, new_person
from tests.clients.conftest import CLIENTS, installed
from tests.people import Api, LiveServer, serve

WIDGET = CLIENTS / "node/node_modules/@statuspage/status-widget/dist/index.js"


class Website(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


@pytest.fixture
def spk(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of its own, at whose front door is the only page."""
    with serve(tmp_path) as server:
        yield server


@pytest.fixture
def acme(spk: LiveServer) -> Iterator[Api]:
    with arranging(spk) as app:
        yield new_person(app, "front@example.com").page_api("Acme", "Web")


@pytest.fixture
def website(spk: LiveServer, tmp_path: Path) -> Iterator[str]:
    """The address of a website that has the widget, in both its looks."""
    directory = tmp_path / "website"
    directory.mkdir()
    shutil.copy(installed(CLIENTS / "package-lock.json", WIDGET), directory / "widget.js")
    widgets = [
        f'<statuspage-widget appearance="{look}" src="{spk.url}"></statuspage-widget>'
        for look in ("basic", "badge")
    ]
    (directory / "index.html").write_text(
        f'<!doctype html><script src="widget.js"></script>{"".join(widgets)}'
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Website, directory=str(directory))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_website_of_another_origin_shows_the_status(
    acme: Api, website: str, spk: LiveServer, new_context: NewContext, complaints: PageErrors
) -> None:
    complaints.expect("parcelRequire is not defined")  # the bundle's last line asks for a tool of its makers
    acme.patch("/components/web", status="major_outage")
    page = new_context().new_page()
    page.goto(website)
    expect(page.locator(".basic .status-text")).to_have_text("Major Service Outage")
    expect(page.locator(".basic .status-indicator")).to_have_class("status-indicator critical")
    expect(page.locator(".badge .status-indicator")).to_have_class("status-indicator critical")
    expect(page.locator("a.basic")).to_have_attribute("href", spk.url)
