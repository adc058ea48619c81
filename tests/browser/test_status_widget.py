"""npm's @statuspage/status-widget on a website of another origin."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from spk.db import reading
from spk.models import StatusPage
from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.clients.conftest import CLIENTS, installed
from tests.people import Api, LiveServer, Person

WIDGET = CLIENTS / "node/node_modules/@statuspage/status-widget/dist/index.js"


class Website(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


@pytest.fixture
def front_page(app: Flask, ada: Person) -> Api:
    """A script for the page at the front door, which another test may have made."""
    ada.create_page()
    with app.app_context(), reading():
        page = StatusPage.published()
        assert page is not None
        owner, slug = page.user.email, page.slug
    return Person(app, owner).api(f"/api/v1/pages/{slug}")


@pytest.fixture
def website(live: LiveServer, tmp_path: Path) -> Iterator[str]:
    """The address of a website that has the widget, in both its looks."""
    shutil.copy(installed(CLIENTS / "package-lock.json", WIDGET), tmp_path / "widget.js")
    widgets = [
        f'<statuspage-widget appearance="{look}" src="{live.url}"></statuspage-widget>'
        for look in ("basic", "badge")
    ]
    (tmp_path / "index.html").write_text(
        f'<!doctype html><script src="widget.js"></script>{"".join(widgets)}'
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Website, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_website_of_another_origin_shows_the_status(
    front_page: Api, website: str, live: LiveServer, new_context: NewContext, complaints: PageErrors
) -> None:
    complaints.expect("parcelRequire is not defined")  # the bundle's last line asks for a tool of its makers
    front_page.post("/components", name="Widgets", status="major_outage")
    page = new_context().new_page()
    page.goto(website)
    expect(page.locator(".basic .status-text")).to_have_text("Major Service Outage")
    expect(page.locator(".basic .status-indicator")).to_have_class("status-indicator critical")
    expect(page.locator(".badge .status-indicator")).to_have_class("status-indicator critical")
    expect(page.locator("a.basic")).to_have_attribute("href", live.url)
    front_page.delete("/components/widgets")  # the page stays for others
