"""The status page that everybody sees, in a browser; and the page that shows the API."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.accessibility import WIDE, violations
from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.deploy.program import run_program
from tests.people import Api, Person

WIDTHS = (1280, 834, 704, 320)  # px
EXTENT = "page => [page.scrollWidth, page.clientWidth]"
TOOLTIP = "day => getComputedStyle(day, '::after').content"
MINUTE = 60_000  # ms
FETCH = """async (url) => {
    const headers = { "Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest" };
    const answer = await fetch(url, { headers });
    return [answer.status, answer.headers.get("ETag") !== null, (await answer.json()).page.name];
}"""
LONG = "W" * 120


@pytest.fixture
def acme(ada: Person) -> Api:
    """A page with the component Web."""
    return ada.page_api("Acme", "Web", description="One.\nTwo.")


def address(acme: Api) -> str:
    return acme.root.replace("/api/v1/pages", "/p")


def busy(acme: Api) -> None:
    """Let everything be going on, under the longest names."""
    for status in ("operational", "degraded_performance", "partial_outage", "major_outage"):
        acme.post("/components", name="W" * 255, description=LONG, status=status)
    group = {"name": "W" * 255, "description": LONG, "components": ["web"]}
    acme.post("/component-groups", slug="europe", **group)
    acme.post(
        "/incidents", name=f"Open {'W' * 250}", body=f"Line.\n{LONG}", components={"web": "partial_outage"}
    )
    acme.post("/incidents", name="Over", body=LONG, status="resolved", impact_override="critical")
    acme.post("/incidents", name="Running", status="in_progress", body=LONG, component_ids=["web"])
    acme.post("/incidents", name="Planned", scheduled_for="2099-01-15T09:00Z", body=LONG)
    past = acme.post("/incidents", name=LONG, body=LONG, status="resolved", impact_override="minor")
    acme.move(past["id"], started_at=-timedelta(days=5), ends_at=-timedelta(days=5))


# How it is renewed


@pytest.fixture
def watched(new_context: NewContext, acme: Api) -> Page:
    """The page in a browser whose clock the test moves."""
    busy(acme)
    page = new_context().new_page()
    page.clock.install()
    page.goto(address(acme))
    return page


def answer_with(page: Page, acme: Api, status: int) -> None:
    """Let spk answer as it does where the page is gone, or the database is."""
    headers = {"HX-Retarget": "#key-status", "HX-Reswap": "innerHTML"}
    words = '<p class="message">Something went wrong.</p>'
    page.route(f"**{address(acme)}", lambda route: route.fulfill(status=status, headers=headers, body=words))


def after_a_minute(page: Page, acme: Api) -> Response:
    """Let a minute pass, and wait for what the page asks for then."""
    with page.expect_response(f"**{address(acme)}") as response:
        page.clock.run_for(MINUTE)
    return response.value


def test_a_page_renews_itself_and_moves_neither_focus_nor_place(watched: Page, acme: Api) -> None:
    link = watched.get_by_role("link", name="All history")
    link.focus()
    watched.evaluate("scrollTo(0, 400); document.body.dataset.same = 'yes'")
    place = watched.evaluate("scrollY")
    acme.patch("/components/web", status="major_outage")
    answer = after_a_minute(watched, acme)
    assert answer.request.headers["hx-request"] == "true"
    first = watched.locator(".components li").first
    expect(first).to_contain_text("Major outage")
    expect(watched.get_by_role("status")).to_contain_text("Major Service Outage")
    expect(link).to_be_focused()
    assert watched.evaluate("scrollY") == place
    assert watched.evaluate("document.body.dataset.same") == "yes"


def test_a_page_goes_on_asking_once_a_minute(watched: Page, acme: Api) -> None:
    asked: list[str] = []
    watched.on("request", lambda request: asked.append(request.resource_type))
    for name in ("First", "Second", "Third"):
        acme.post("/incidents", name=name)
        after_a_minute(watched, acme)
        expect(watched.get_by_role("heading", name=name, level=3)).to_be_visible()
    assert asked.count("fetch") == 3


@pytest.mark.parametrize("failure", ["no answer", "503", "404"])
def test_a_page_that_cannot_be_renewed_stays_and_tries_again(
    failure: str, watched: Page, acme: Api, complaints: PageErrors
) -> None:
    complaints.expect("net::ERR_FAILED", "status of 503", "status of 404", "Failed to fetch")
    complaints.expect("#key-status")  # see the next test
    before = watched.locator("main").inner_text()
    if failure == "no answer":
        watched.route(f"**{address(acme)}", lambda route: route.abort())
        with watched.expect_event("requestfailed"):
            watched.clock.run_for(MINUTE)
    else:
        answer_with(watched, acme, int(failure))
        after_a_minute(watched, acme)
    assert watched.locator("main").inner_text() == before
    watched.unroute_all()
    acme.post("/incidents", name="New")
    after_a_minute(watched, acme)
    expect(watched.get_by_role("heading", name="New", level=3)).to_be_visible()


@pytest.mark.parametrize("is_open", [True, False], ids=["folded", "unfolded"])
def test_a_group_stays_as_its_reader_left_it(is_open: bool, watched: Page, acme: Api) -> None:
    if not is_open:
        acme.delete("/incidents/running", 200)
        acme.patch("/components/web", status="operational")
    watched.reload()
    summary = watched.locator("details > summary").first
    summary.click()
    acme.patch("/components/web", name="Renamed")
    after_a_minute(watched, acme)
    expect(watched.locator("li.group li")).to_contain_text("Renamed")
    expect(watched.locator("li.group li")).to_be_visible(visible=not is_open)


def test_a_group_unfolds_when_something_in_it_breaks_and_folds_again(watched: Page, acme: Api) -> None:
    acme.delete("/incidents/running", 200)
    acme.patch("/components/web", status="operational")
    watched.reload()
    component = watched.locator("li.group li")
    expect(component).to_be_hidden()
    for status in ("partial_outage", "operational"):
        acme.patch("/components/web", status=status)
        after_a_minute(watched, acme)
        expect(component).to_be_visible(visible=status != "operational")


def test_the_tab_says_how_it_is_now(watched: Page, acme: Api) -> None:
    acme.patch("/components/web", status="operational")
    for component in acme.all("/components"):
        acme.patch(f"/components/{component['id']}", status="operational")
    for incident in acme.all("/incidents"):
        acme.delete(f"/incidents/{incident['id']}", 200)
    after_a_minute(watched, acme)
    expect(watched.get_by_role("status")).to_contain_text("All Systems Operational")
    expect(watched).to_have_title("All Systems Operational · Acme", timeout=1_000)


# How it looks


def quiet_page(page: Page, acme: Api) -> None:
    page.goto(address(acme))


def busy_page(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(address(acme))


def page_with_a_long_name(page: Page, acme: Api) -> None:
    acme.patch("", name=LONG, description=LONG)
    page.goto(address(acme))


def open_incident(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(address(acme))
    page.get_by_role("link", name="Open WWW").first.click()


def planned_maintenance(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/incidents/planned")


def component(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/components/web")


def history(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/history")


def empty_history(page: Page, acme: Api) -> None:
    page.goto(f"{address(acme)}/history?page=2")


pages = [
    quiet_page,
    busy_page,
    page_with_a_long_name,
    open_incident,
    planned_maintenance,
    component,
    history,
    empty_history,
]


every_page = pytest.mark.parametrize("show", pages, ids=lambda show: show.__name__.replace("_", " "))


@pytest.fixture
def page(tab: Page, complaints: PageErrors) -> Iterator[Page]:
    """A tab in which nobody is signed in."""
    tab.context.clear_cookies()
    yield tab
    tab.set_viewport_size(WIDE)
    tab.goto("about:blank")


@every_page
def test_axe_finds_nothing(
    page: Page, acme: Api, complaints: PageErrors, show: Callable[[Page, Api], None]
) -> None:
    complaints.expect("Content Security Policy")  # axe adds styles of its own
    complaints.expect("status of 404")  # past the end of the history
    show(page, acme)
    assert violations(page) == []


@every_page
def test_nothing_is_wider_than_the_screen(
    page: Page, acme: Api, complaints: PageErrors, show: Callable[[Page, Api], None]
) -> None:
    complaints.expect("status of 404")  # past the end of the history
    show(page, acme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        content, space = page.locator("html").evaluate(EXTENT)
        assert content <= space, f"at {width} px"


def test_line_breaks_are_seen(page: Page, acme: Api) -> None:
    acme.post("/incidents", name="Slow", body="Three.\nFour.")
    page.goto(address(acme))
    expect(page.locator(".lede")).to_have_text("One.\nTwo.", use_inner_text=True)
    expect(page.locator(".timeline .body").first).to_have_text(
        "Investigating Three.\nFour.", use_inner_text=True
    )


def test_markup_that_others_wrote_is_text(page: Page, acme: Api) -> None:
    name = "<img src=x onerror=alert(1)> <b hx-get=/>"
    acme.post("/components", name=name, description=name)
    acme.post("/incidents", name=name, body=name)
    page.goto(address(acme))
    expect(page.get_by_role("heading", name=name, level=3)).to_be_visible()
    expect(page.get_by_text(name, exact=True)).to_have_count(5)


def test_from_the_page_one_finds_an_incident_and_comes_back(page: Page, acme: Api) -> None:
    acme.post("/incidents", name="Slow", status="resolved")
    page.goto(address(acme))
    page.get_by_role("link", name="All history").click()
    page.get_by_role("link", name="Slow").click()
    expect(page.get_by_role("heading", name="Slow", level=1)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Acme").click()
    expect(page.get_by_role("status")).to_have_text("All Systems Operational")


def test_a_bad_day_tells_what_happened_under_pointer_and_focus_and_leads_to_it(page: Page, acme: Api) -> None:
    acme.patch("/components/web", status="major_outage")
    acme.post("/incidents", name="Slow", component_ids=["web"])
    page.goto(address(acme))
    day = page.get_by_role("link", name=": major outage")
    day.hover()
    assert ": major outage" in day.evaluate(TOOLTIP)
    page.mouse.move(0, 0)
    assert day.evaluate(TOOLTIP) == "none"
    page.get_by_role("region", name="Open incidents").locator("time").last.focus()
    page.keyboard.press("Tab")
    expect(day).to_be_focused()
    assert ": major outage" in day.evaluate(TOOLTIP)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Web", level=1)).to_be_visible()
    page.get_by_role("link", name="Slow").click()
    expect(page.get_by_role("heading", name="Slow", level=1)).to_be_visible()


def test_a_phone_shows_thirty_days(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    days = page.locator(".bars").first.locator(":visible")
    expect(days).to_have_count(90)
    page.set_viewport_size({"width": 360, "height": 800})
    expect(days).to_have_count(30)
    expect(page.get_by_text("30 days ago").first).to_be_visible()


def test_the_badge_is_a_picture(page: Page, acme: Api, complaints: PageErrors) -> None:
    complaints.expect("status of 404")  # a picture names no icon, so Chromium asks for favicon.ico
    page.goto(address(acme))
    page.get_by_role("link", name="Badge").click()
    expect(page.locator("svg text")).to_have_text("All Systems Operational")


# The API


def test_the_api_is_shown_with_what_it_can_do(page: Page) -> None:
    page.goto("/api/docs")
    expect(page.get_by_role("heading", name="spk")).to_be_visible(timeout=30_000)
    operation = page.get_by_role("button", name="Add a component")
    expect(operation.first).to_be_visible()
    operation.first.click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()


def test_from_the_api_a_way_leads_back_and_whoami_comes_first(page: Page) -> None:
    page.goto("/api/docs")
    expect(page.locator(".opblock-summary-path").first).to_have_text("/api/v1/whoami", timeout=30_000)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link")).to_have_text(
        ["Status pages", "Security", "Help"]
    )


@pytest.mark.parametrize(("asked", "shown"), [("acme", "acme"), ("<b>", "")])
def test_the_examples_of_the_api_are_of_the_page_one_came_from(page: Page, asked: str, shown: str) -> None:
    page.goto(f"/api/docs?page={asked}")
    page.get_by_role("button", name="Add a component").first.click(timeout=30_000)
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_placeholder("page", exact=True)).to_have_value(shown)


# Read by pages of other sites


def test_a_page_of_another_site_reads_the_summary_as_clients_do(page: Page, acme: Api, base_url: str) -> None:
    with run_program() as other:
        page.goto(f"http://127.0.0.1:{other.port}/")
        found = page.evaluate(FETCH, f"{base_url}{address(acme)}/api/v2/summary.json")
    assert found == [200, True, "Acme"]
