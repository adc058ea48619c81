"""The times of a status page, where its readers are."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.people import Api, Person

AFTER = "time => getComputedStyle(time, '::after').content"
BEFORE = "time => getComputedStyle(time, '::before').content"


@pytest.fixture
def acme(ada: Person) -> Api:
    """A page in Tokyo, with an incident of three hours ago."""
    acme = ada.page_api("Times")
    acme.patch(time_zone="Asia/Tokyo")
    incident = acme.post("/incidents", name="Slow", body="We look.")
    update = incident["incident_updates"][0]
    when = str(acme.get()["updated_at"])
    acme.patch(f"/incidents/slow/incident_updates/{update['id']}", display_at=hours_before(when, 3))
    return acme


def hours_before(time: str, hours: int) -> str:
    return (datetime.fromisoformat(time) - timedelta(hours=hours)).isoformat()


@pytest.fixture
def page(new_context: NewContext, acme: Api) -> Page:
    """The page as somebody in New York sees it."""
    page = new_context(timezone_id="America/New_York").new_page()
    page.goto(acme.root.replace("/api/v1/pages", "/p"))
    return page


def test_a_time_says_how_long_ago_it_was_beside_the_pages_own(page: Page) -> None:
    time = page.locator("time").first
    expect(time).to_contain_text("JST")
    assert time.evaluate(AFTER) == '" · 3 hours ago"'


def test_under_pointer_and_focus_it_is_that_of_its_reader(page: Page) -> None:
    time = page.locator("time").first
    assert time.evaluate(BEFORE) == "none"
    time.hover()
    assert "where you are" in time.evaluate(BEFORE)
    here = time.get_attribute("data-here") or ""
    assert "GMT-" in here or "EST" in here or "EDT" in here
    page.mouse.move(0, 0)
    page.get_by_role("link", name="Slow").first.focus()
    page.keyboard.press("Tab")
    expect(time).to_be_focused()
    assert "where you are" in time.evaluate(BEFORE)


def test_a_window_tells_its_start_and_its_end_where_its_reader_is(acme: Api, new_context: NewContext) -> None:
    start = hours_before(acme.get()["updated_at"], -50)
    acme.post("/incidents", name="Deploy", scheduled_for=start, duration_minutes=90)
    page = new_context(timezone_id="UTC").new_page()
    page.goto(acme.root.replace("/api/v1/pages", "/p"))
    times = page.locator(".window time").all()
    begun = datetime.fromisoformat(start)
    ends = begun + timedelta(minutes=90)
    shown = [time.get_attribute("data-here") or "" for time in times]
    assert [f"{each:%H:%M:%S}" in here for each, here in zip((begun, ends), shown, strict=True)] == [
        True,
        True,
    ]
    assert [time.evaluate(AFTER) for time in times] == ["none", "none"]


def test_without_scripts_the_pages_own_time_is_there(acme: Api, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(acme.root.replace("/api/v1/pages", "/p"))
    expect(page.locator("time").first).to_contain_text("JST")
