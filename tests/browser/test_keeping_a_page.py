"""Keeping a status page by hand, with scripts and without."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accessibility import WIDE, violations
from tests.browser.conftest import NewContext
from tests.browser.page_errors import PageErrors
from tests.browser.steps import fill_in_sign_in, sign_in
from tests.people import Api, LiveServer, Person

WIDTHS = (1280, 834, 704, 320)  # px
EXTENT = "page => [page.scrollWidth, page.clientWidth]"
LONG = "W" * 120
BACKGROUND = "row => getComputedStyle(row).backgroundColor"


@pytest.fixture
def page(tab: Page, ada: Person, complaints: PageErrors) -> Iterator[Page]:
    """A tab in which Ada is signed in."""
    sign_in(tab.context, ada)
    yield tab
    tab.unroute_all()
    tab.set_viewport_size(WIDE)
    tab.goto("about:blank")


def address(acme: Api) -> str:
    return acme.root.replace("/api/v1", "/user")


def status_of(page: Page, name: str) -> Locator:
    return page.get_by_label(f"Status of {name}")


def save_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Save statuses")


def save(page: Page, name: str, status: str) -> None:
    status_of(page, name).select_option(status)
    save_button(page).click()


def message(page: Page) -> Locator:
    return page.locator(".message")


# The whole job


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_page_is_made_and_kept_by_hand(
    scripts: bool, new_context: NewContext, ada: Person, live: LiveServer
) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    sign_in(page.context, ada)
    page.goto("/user/pages")
    page.get_by_label("Name").fill("Umbrella")
    page.get_by_role("button", name="Create page").click()
    expect(message(page)).to_have_text("“Umbrella” was created. Now add its components.")
    its_place = page.url

    for name in ("Shop", "Mail"):
        if name == "Mail":
            page.locator("summary", has_text="Add a component").click()
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Add component").click()
        expect(message(page)).to_have_text(f"“{name}” was added.")

    page.get_by_role("link", name="Open an incident").click()
    page.get_by_label("What is happening?").fill("Orders fail")
    page.get_by_label("What do you know so far?").fill("We look.")
    page.get_by_label("Shop").select_option("Major outage")
    page.get_by_role("button", name="Open incident").click()
    expect(message(page)).to_have_text("“Orders fail” is open. Everybody can see it now.")
    expect(page.locator("#overall")).to_have_text("Major Service Outage")
    expect(page).to_have_url(its_place)

    page.get_by_role("link", name="Update Orders fail").click()
    page.get_by_label("Status").select_option("Identified")
    page.get_by_label("What is new?").fill("A full disk.")
    page.get_by_role("button", name="Post update").click()
    expect(message(page)).to_have_text("“Orders fail” was updated.")

    page.get_by_role("link", name="View public page").click()
    expect(page.get_by_role("status")).to_have_text("Major Service Outage")
    expect(page.get_by_role("region", name="Open incidents")).to_contain_text("Identified A full disk.")
    page.get_by_role("link", name="Manage this page").click()

    page.get_by_role("link", name="Orders fail", exact=True).click()
    page.get_by_label("Status").select_option("Resolved")
    page.get_by_label("What is new?").fill("Orders work again.")
    expect(page.get_by_label("set its components back to operational")).to_be_checked()
    page.get_by_role("button", name="Post update").click()
    expect(page.locator("#overall")).to_have_text("All Systems Operational")
    expect(status_of(page, "Shop")).to_have_value("operational")

    page.get_by_role("link", name="Plan maintenance").click()
    page.get_by_label("What will be done?").fill("New disks")
    page.get_by_label("Starts").fill("2099-01-15T10:00")
    page.get_by_label("Ends").fill("2099-01-15T11:30")
    page.get_by_label("Mail").check()
    page.get_by_role("button", name="Plan maintenance").click()
    expect(message(page)).to_have_text("“New disks” is planned. It starts and ends by itself.")

    page.get_by_role("link", name="View public page").click()
    expect(page.get_by_role("status")).to_have_text("All Systems Operational")
    expect(page.get_by_role("region", name="Open incidents")).to_have_count(0)
    planned = page.get_by_role("region", name="Maintenance")
    expect(planned).to_contain_text("15 Jan 2099, 10:00 – 11:30 UTC")
    expect(planned).to_contain_text("Affects Mail")
    past = page.get_by_role("region", name="The last two weeks")
    expect(past).to_contain_text("Resolved Orders work again.")

    page.get_by_role("link", name="Manage this page").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete").click()
    expect(message(page)).to_have_text("“Umbrella” was deleted.")
    expect(page).to_have_url(f"{live.url}/user/pages")


# A component's status


def test_a_status_is_changed_where_it_stands(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    page.evaluate("document.body.dataset.same = 'yes'")
    save(page, "Db", "Partial outage")
    expect(page.locator("#overall")).to_have_text("Partial System Outage")
    expect(message(page)).to_have_text("“Db” is now partial outage.")
    expect(save_button(page)).to_be_focused()
    expect(status_of(page, "Db")).to_have_value("partial_outage")
    expect(status_of(page, "Web")).to_have_value("operational")
    assert page.evaluate("document.body.dataset.same") == "yes"
    assert acme.get("/components/db")["status"] == "partial_outage"


def test_statuses_are_changed_with_the_keyboard_alone(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    status_of(page, "Web").focus()
    page.keyboard.type("Maj")
    save_button(page).focus()
    page.keyboard.press("Enter")
    expect(message(page)).to_have_text("“Web” is now major outage.")
    expect(save_button(page)).to_be_focused()
    status_of(page, "Web").focus()
    page.keyboard.type("Oper")
    save_button(page).focus()
    page.keyboard.press("Enter")
    expect(message(page)).to_have_text("“Web” is now operational.")
    expect(page.locator("#overall")).to_have_text("All Systems Operational")


def test_several_statuses_are_marked_until_they_are_saved_together(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    rows = page.locator("#components li")
    plain = rows.first.evaluate(BACKGROUND)
    status_of(page, "Web").select_option("Major outage")
    assert rows.first.evaluate(BACKGROUND) != plain
    save(page, "Db", "Partial outage")
    expect(message(page)).to_have_text("2 statuses were changed.")
    assert [row.evaluate(BACKGROUND) for row in rows.all()] == [plain, plain]
    assert {component["status"] for component in acme.all("/components")} == {
        "major_outage",
        "partial_outage",
    }


def test_what_ci_said_meanwhile_is_not_taken_back(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    acme.patch("/components/web", status="major_outage")
    save(page, "Db", "Partial outage")
    expect(status_of(page, "Web")).to_have_value("major_outage")
    assert acme.get("/components/web")["status"] == "major_outage"


def test_the_whole_is_told_after_each_of_several_changes(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    for name, status, overall in (
        ("Web", "Degraded performance", "Partially Degraded Service"),
        ("Db", "Major outage", "Major Service Outage"),
        ("Db", "Operational", "Partially Degraded Service"),
        ("Web", "Operational", "All Systems Operational"),
    ):
        save(page, name, status)
        expect(page.locator("#overall")).to_have_text(overall)


def test_without_scripts_a_status_is_saved_with_a_button(
    new_context: NewContext, acme: Api, ada: Person
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page.context, ada)
    page.goto(address(acme))
    save(page, "Web", "Major outage")
    expect(message(page)).to_have_text("“Web” is now major outage.")
    expect(page.locator("#overall")).to_have_text("Major Service Outage")
    expect(status_of(page, "Web")).to_have_value("major_outage")


def fail(route: Route) -> None:
    route.fulfill(status=500, body="")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Route.abort, "Can’t reach the server. Check your connection and try again."),
        (fail, "Something went wrong on the server. Reload to see the statuses."),
    ],
    ids=["no answer", "500"],
)
def test_a_status_that_cannot_be_saved_says_so(
    failure: Callable[[Route], None], words: str, page: Page, acme: Api, complaints: PageErrors
) -> None:
    complaints.expect("net::ERR_FAILED", "status of 500", "Failed to fetch")
    page.goto(address(acme))
    page.route("**/statuses", lambda route: failure(route))
    save(page, "Web", "Major outage")
    expect(message(page)).to_have_text(words)
    assert acme.get("/components/web")["status"] == "operational"


def test_a_component_deleted_meanwhile_says_so(page: Page, acme: Api, complaints: PageErrors) -> None:
    complaints.expect("status of 404")
    page.goto(address(acme))
    acme.delete("/components/web")
    save(page, "Web", "Major outage")
    expect(message(page)).to_have_text("That component isn’t on this page.")


def test_who_is_signed_out_meanwhile_is_asked_to_sign_in(
    page: Page, acme: Api, ada: Person, live: LiveServer, complaints: PageErrors
) -> None:
    complaints.expect("status of 401")
    page.goto(address(acme))
    page.context.clear_cookies()
    save(page, "Web", "Major outage")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert acme.get("/components/web")["status"] == "operational"
    fill_in_sign_in(page, ada)
    expect(page.get_by_role("link", name="Status pages")).to_be_visible()


# What was typed


def test_a_refused_plan_leads_to_the_field_that_was_wrong(
    page: Page, acme: Api, complaints: PageErrors
) -> None:
    complaints.expect("status of 422")
    page.goto(f"{address(acme)}/new-maintenance")
    page.get_by_label("What will be done?").fill("New disks")
    page.get_by_label("Starts").fill("2099-01-15T10:00")
    page.get_by_label("Ends").fill("2099-01-15T09:00")
    page.get_by_label("Db").check()
    page.get_by_role("button", name="Plan maintenance").click()
    ends = page.get_by_label("Ends")
    expect(ends).to_have_accessible_description("A maintenance ends after it starts: choose a later time.")
    expect(ends).to_be_focused()
    expect(ends).to_have_value("2099-01-15T09:00")
    expect(page.get_by_label("What will be done?")).to_have_value("New disks")
    expect(page.get_by_label("Starts")).to_have_value("2099-01-15T10:00")
    expect(page.get_by_label("Db")).to_be_checked()


def test_deleting_can_be_left(page: Page, acme: Api) -> None:
    page.goto(f"{address(acme)}/components/web")
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("link", name="Cancel").click()
    expect(status_of(page, "Web")).to_be_visible()


# How it looks


def busy(acme: Api) -> None:
    """Let everything be going on, under the longest names."""
    acme.patch("", name=LONG, description=LONG)
    acme.post("/components", name="W" * 255, description=LONG, status="partial_outage")
    acme.post("/component-groups", name="W" * 255, slug="long", description=LONG, components=["db"])
    acme.post("/incidents", name="W" * 255, slug="open", body=LONG, components={"web": "major_outage"})
    acme.post("/incidents", name=LONG, slug="running", status="in_progress", component_ids=["db"])
    acme.post("/incidents", name=LONG, slug="planned", scheduled_for="2099-01-15T09:00Z", body=LONG)


def list_of_pages(page: Page, acme: Api) -> None:
    page.goto("/user/pages")


def empty_page(page: Page, acme: Api) -> None:
    for name in ("web", "db"):
        acme.delete(f"/components/{name}")
    page.goto(address(acme))


def busy_page(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(address(acme))


def changed_status(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    save(page, "Web", "Major outage")
    expect(message(page)).to_be_visible()


def refused_component(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    page.locator("summary", has_text="Add a component").click()
    page.get_by_label("Name").fill("W" * 256)
    page.get_by_role("button", name="Add component").click()
    expect(page.locator("#name-error")).to_be_visible()


def settings(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/settings")


def component(page: Page, acme: Api) -> None:
    page.goto(f"{address(acme)}/components/web")


def group(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/groups/long")


def new_incident(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/new-incident")


def new_maintenance(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/new-maintenance")


def incident(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/incidents/open")


def deletion(page: Page, acme: Api) -> None:
    busy(acme)
    page.goto(f"{address(acme)}/incidents/open/delete")


pages = [
    list_of_pages,
    empty_page,
    busy_page,
    changed_status,
    refused_component,
    settings,
    component,
    group,
    new_incident,
    new_maintenance,
    incident,
    deletion,
]


every_page = pytest.mark.parametrize("show", pages, ids=lambda show: show.__name__.replace("_", " "))


@every_page
def test_axe_finds_nothing(
    page: Page, acme: Api, complaints: PageErrors, show: Callable[[Page, Api], None]
) -> None:
    complaints.expect("Content Security Policy", "status of 422")  # axe adds styles of its own
    show(page, acme)
    assert violations(page) == []


@every_page
def test_nothing_is_wider_than_the_screen(
    page: Page, acme: Api, complaints: PageErrors, show: Callable[[Page, Api], None]
) -> None:
    complaints.expect("status of 422")
    show(page, acme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        content, space = page.locator("html").evaluate(EXTENT)
        assert content <= space, f"at {width} px"


def test_a_component_is_moved_by_keyboard_and_keeps_the_focus(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    page.get_by_role("button", name="Move Db up").focus()
    page.keyboard.press("Enter")
    expect(message(page)).to_have_text("“Db” was moved up.")
    expect(page.locator("#components strong").first).to_have_text("Db")
    up = page.get_by_role("button", name="Move Db up")
    expect(up).to_be_focused()
    expect(up).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(message(page)).to_have_text("“Db” stays where it is.")
    expect(up).to_be_focused()


def test_a_component_is_dragged_to_its_place(page: Page, acme: Api) -> None:
    acme.post("/components", name="Mail")
    page.goto(address(acme))
    grips = page.locator(".grip")
    grips.nth(2).drag_to(grips.nth(0))
    expect(message(page)).to_have_text("“Mail” was moved up.")
    expect(page.locator("#components strong")).to_have_text(["Mail", "Web", "Db"])
    assert [component["name"] for component in acme.all("/components")] == ["Mail", "Web", "Db"]


def test_a_component_is_dragged_within_its_group(page: Page, acme: Api) -> None:
    acme.post("/components", name="Mail")
    acme.post("/component-groups", name="Europe", components=["db", "mail"])
    page.goto(address(acme))
    mail = page.locator("li", has_text="Mail").last
    mail.locator(".grip").drag_to(page.locator("li li", has_text="Db").locator(".grip"))
    expect(message(page)).to_have_text("“Mail” was moved up.")
    expect(page.locator("#components strong")).to_have_text(["Web", "Europe", "Mail", "Db"])


def test_a_place_that_cannot_be_saved_says_so(page: Page, acme: Api, complaints: PageErrors) -> None:
    complaints.expect("net::ERR_FAILED", "Failed to fetch")
    page.goto(address(acme))
    page.route("**/order", lambda route: route.abort())
    page.locator(".grip").nth(1).drag_to(page.locator(".grip").nth(0))
    expect(message(page)).to_have_text("Can’t reach the server. Check your connection and try again.")
    expect(page.locator("#components strong")).to_have_text(["Web", "Db"])


def test_components_are_put_into_a_group_by_hand(page: Page, acme: Api) -> None:
    page.goto(address(acme))
    page.get_by_role("link", name="Put components into a group").click()
    page.get_by_label("Name").fill("Europe")
    page.get_by_label("Db").check()
    page.get_by_role("button", name="Add group").click()
    expect(message(page)).to_have_text("“Europe” was added.")
    expect(page.locator("#components strong")).to_have_text(["Web", "Europe", "Db"])
    save(page, "Db", "Partial outage")
    expect(page.locator("li.group > .state")).to_have_text("Partial outage")
