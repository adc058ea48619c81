"""What markup can do that somebody has smuggled into a page: nothing."""

import re

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import create_key, open_revoke_dialog
from tests.people import Person

BUTTON = '<button hx-post="/user/security/sessions/end-others"{nonce}>Win a prize</button>'


@pytest.fixture(autouse=True)
def blocked(complaints: PageErrors) -> None:
    complaints.expect("Content Security Policy", "[hx-csp] blocked")


def smuggle(page: Page, markup: str) -> None:
    """Load the page as if a template had let somebody's markup through."""

    def add(route: Route) -> None:
        answer = route.fetch()
        nonce = re.search('nonce="([^"]+)"', answer.text())
        assert nonce
        smuggled = markup.replace("NONCE", nonce[1])
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{smuggled}</main>"))

    page.route("**/user/security", add)
    page.reload()


@pytest.mark.parametrize("nonce", ["", ' hx-nonce="guessed"'], ids=["no nonce", "a wrong one"])
def test_a_smuggled_htmx_element_is_inert(security: Page, nonce: str) -> None:
    smuggle(security, BUTTON.format(nonce=nonce))
    sent: list[str] = []
    security.on("request", lambda request: sent.append(request.url))
    security.get_by_role("button", name="Win a prize").click()
    create_key(security)  # had the click sent a request, it would be the first
    assert not [url for url in sent if "end-others" in url]


def test_the_nonce_is_what_makes_an_element_ours(security: Page, complaints: PageErrors) -> None:
    complaints.expect("status of 400")
    smuggle(security, BUTTON.format(nonce=' hx-nonce="NONCE"'))
    with security.expect_request("**/end-others"):
        security.get_by_role("button", name="Win a prize").click()


@pytest.mark.parametrize(
    "attributes", ['hx-post="/login"', 'hx-on:click="document.title = 1"', 'id="status" hx-get="/login"']
)
def test_on_a_public_page_no_htmx_element_is_ours(
    attributes: str, new_context: NewContext, ada: Person
) -> None:
    page, sent = new_context().new_page(), list[str]()
    address = f"/p/{ada.create_page()}"

    def add(route: Route) -> None:
        answer = route.fetch()
        button = f"<button {attributes}>Win a prize</button>"
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{button}</main>"))

    page.route(f"**{address}", add)
    page.goto(address)
    title = page.title()
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="Win a prize").click()
    page.evaluate("new Promise(requestAnimationFrame)")
    assert (sent, page.title()) == ([], title)


@pytest.mark.parametrize(
    "markup",
    ["<script>document.title = 'owned'</script>", "<svg onload=\"document.title = 'owned'\"></svg>"],
    ids=["an element", "an attribute"],
)
def test_a_smuggled_script_does_not_run(security: Page, markup: str) -> None:
    smuggle(security, markup)
    create_key(security)
    expect(security).to_have_title("Security · spk")


def test_a_smuggled_form_sends_nothing_to_another_site(security: Page) -> None:
    smuggle(security, '<form action="https://evil.example"><button>Win a prize</button></form>')
    with security.expect_console_message(lambda message: "form-action" in message.text):
        security.get_by_role("button", name="Win a prize").click(no_wait_after=True)


def test_strings_do_not_become_markup(security: Page, complaints: PageErrors) -> None:
    complaints.expect("TrustedHTML")
    with pytest.raises(Error, match="TrustedHTML"):
        security.evaluate("document.querySelector('h1').innerHTML = '<b>owned</b>'")


def test_a_name_full_of_markup_is_text(security: Page, ada: Person) -> None:
    name = "<img src=x onerror=alert(1)> <b hx-get=/>"
    ada.create_key(name)
    security.reload()
    expect(security.get_by_role("row").nth(1)).to_contain_text(name)
    expect(open_revoke_dialog(security, name)).to_be_visible()
