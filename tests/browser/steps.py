"""What people do, in the words of the tests."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError

from flask import Flask
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from spk import create_app
from spk.db import db, writing
from spk.models import User
from tests.people import PASSWORD, LiveServer, Person, bearer, password_hash

CREATE = "**/user/security/api-keys"
REVOKE = "**/user/security/api-keys/*/revoke"
ANSWERED = """
() => {
  window.answered = new Promise((resolve) => {
    addEventListener("htmx:finally:request", () => setTimeout(resolve), { once: true });
  });
}
"""


@contextmanager
def arranging(server: LiveServer) -> Iterator[Flask]:
    """An application on the data of a running server."""
    app = create_app(server.environ)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def new_person(app: Flask, email: str, plan: str = "pro") -> Person:
    with app.app_context(), writing():
        db.session.add(User(email=email, password_hash=password_hash(), plan_name=plan))
    return Person(app, email)


def sign_in(context: BrowserContext, person: Person, url: str | None = None) -> None:
    """Give a browser a new session, in place of the one it may have."""
    name, url = person.app.config["SESSION_COOKIE_NAME"], url or person.app.config["BASE_URL"]
    context.add_cookies([{"name": name, "value": person.session_cookie(), "url": url}])


def fill_in_sign_in(page: Page, person: Person, password: str = PASSWORD) -> None:
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")


def names_of_keys(person: Person) -> list[str]:
    return [key.name for key in person.keys()]  # noqa: SIM118  # a Person is no dictionary


def create_key(page: Page, name: str = "CI") -> str:
    """Create a key and return the token its dialog shows."""
    submit_name(page, name)
    return page.get_by_label("Token").input_value()


def submit_name(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create API Key").click()


def close_uncopied(page: Page) -> None:
    close = page.get_by_role("button", name="Close")
    close.click()
    close.click()
    expect(page.locator("dialog")).to_have_count(0)  # by its role it is gone before it is removed


def open_revoke_dialog(page: Page, name: str = "CI") -> Locator:
    page.get_by_role("button", name=f"Revoke {name}").click()
    dialog = page.get_by_role("dialog", name=f"Revoke “{name}”?")
    expect(dialog).to_be_visible()
    return dialog


def open_options(page: Page) -> None:
    page.locator("summary", has_text="More options").click()


def open_details(page: Page, name: str = "CI") -> Locator:
    page.get_by_role("link", name=f"Details of {name}").click()
    details = page.get_by_role("row", name=f"Details of {name}", exact=True)
    expect(details).to_be_visible()
    return details


def row(page: Page, token: str) -> Locator:
    return page.locator(f"#key-{token[:12]}")


def key_status(page: Page) -> Locator:
    return page.locator("#key-status")


def secret_of(token: str) -> str:
    """The part that no list ever shows."""
    return token[12:]


@contextmanager
def held(page: Page, url: str) -> Iterator[list[Request]]:
    """Let no request out before the block ends; collect them, and those that htmx had kept for after it."""
    sent: list[Request] = []
    waiting: list[Route] = []
    page.on("request", lambda request: sent.append(request) if "/api-keys" in request.url else None)
    page.route(url, lambda route: waiting.append(route))
    page.evaluate(ANSWERED)
    yield sent
    page.route(url, lambda route: route.continue_())
    for route in waiting:
        route.continue_()
    page.evaluate("answered")


def whoami(url: str, token: str) -> int:
    """Call the API with a token, as a script would, and return the status."""
    request = urllib.request.Request(f"{url}/api/v1/whoami", headers=bearer(token))
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code
