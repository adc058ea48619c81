"""How a component was on each of the last 90 days."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from spk.db import db, now, writing
from spk.models import Component, ComponentDay, User
from spk.models.status_pages.component import GRACE_PERIOD
from spk.models.status_pages.component_day import midnight, seconds_by_day
from spk.models.status_pages.owned_pages import OwnedPages
from spk.models.status_pages.uptime import last_days
from spk.models.status_pages.vocabulary import ComponentStatus


@pytest.fixture
def component(app: Flask) -> Iterator[Component]:
    """A component that has been there for 100 days, and well."""
    with app.app_context(), writing():
        owner = User.find("ada@example.com")
        assert owner is not None
        found = OwnedPages(owner).create(name="Acme").create_component(name="API")
        found.created_at = found.status_since = now() - timedelta(days=100)
        db.session.flush()
        yield found


def impacts(component: Component) -> list[str | None]:
    """From 89 days ago until today."""
    db.session.expire(component, ["bad_days"])
    return [day.impact for day in last_days(component)]


def test_there_are_90_days_up_to_today(component: Component) -> None:
    days = [day.date for day in last_days(component)]
    assert (len(days), days[-1]) == (90, now().date())


def test_a_component_that_was_always_well_has_no_bad_day(component: Component) -> None:
    assert set(impacts(component)) == {"none"}


def test_a_day_remembers_its_worst_after_all_is_well_again(component: Component) -> None:
    component.created_at = component.status_since = now()
    for status in ("degraded_performance", "major_outage", "partial_outage", "operational"):
        component.change(status=status)
        component.status_since -= GRACE_PERIOD * 2
    assert impacts(component)[-1] == "critical"


def test_a_mistake_set_right_at_once_is_no_bad_day(component: Component) -> None:
    component.change(status="major_outage")
    component.change(status="operational")
    assert set(impacts(component)) == {"none"}


def test_a_status_that_lasts_marks_every_day_until_today(component: Component) -> None:
    component.change(status="partial_outage")
    component.status_since = now() - timedelta(days=3)
    assert impacts(component) == ["none"] * 86 + ["major"] * 4


def test_the_days_a_status_lasted_stay_marked(component: Component) -> None:
    component.change(status="partial_outage")
    component.status_since = now() - timedelta(days=3)
    component.change(status="operational")
    component.status_since = now() - timedelta(days=1)
    assert impacts(component) == ["none"] * 86 + ["major"] * 4


def test_the_same_status_said_again_starts_nothing_anew(component: Component) -> None:
    before = component.status_since
    component.change(status="operational")
    assert component.status_since == before


def test_there_is_nothing_to_tell_of_days_before_it_was_there(component: Component) -> None:
    component.created_at = now() - timedelta(days=2)
    assert impacts(component) == [None] * 87 + ["none"] * 3


def test_days_older_than_the_history_are_forgotten(component: Component) -> None:
    long_ago = (now() - timedelta(days=120)).date()
    db.session.add(ComponentDay(component_id=component.id, day=long_ago, impact="major"))
    component.change(status="major_outage")
    component.status_since -= GRACE_PERIOD * 2
    component.change(status="operational")
    assert long_ago not in db.session.scalars(select(ComponentDay.day)).all()


def test_a_status_that_lasted_for_years_notes_no_more_than_the_history(component: Component) -> None:
    component.change(status="major_outage")
    component.status_since = now() - timedelta(days=3000)
    component.change(status="operational")
    assert db.session.scalar(select(func.count()).select_from(ComponentDay)) == 90


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])  # they never share a day
def test_a_day_is_one_of_the_time_zone_of_the_page(component: Component, zone: str) -> None:
    component.page.time_zone = zone
    assert last_days(component)[-1].date == now().astimezone(ZoneInfo(zone)).date()


def test_a_day_has_the_seconds_of_each_status(component: Component) -> None:
    lasted: dict[ComponentStatus, int] = {
        "major_outage": 30,
        "partial_outage": 20,
        "degraded_performance": 10,
    }
    for status, minutes in lasted.items():
        component.change(status=status)
        component.status_since = now() - timedelta(minutes=minutes)
    component.change(status="operational")
    db.session.expire(component, ["bad_days"])
    seconds = {day: (day.critical, day.major, day.minor) for day in last_days(component) if day.is_bad}
    assert tuple(map(sum, zip(*seconds.values(), strict=True))) == (1800, 1200, 600)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
    ids=["as ever", "clocks go forward", "clocks go back"],
)
def test_a_day_is_as_long_as_its_clocks_say(day: str, hours: int) -> None:
    zone, of = ZoneInfo("Europe/Berlin"), date.fromisoformat(day)
    assert midnight(of, 1, zone) - midnight(of, 0, zone) == timedelta(hours=hours)


def test_a_period_is_shared_among_its_days() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    today = now().astimezone(zone).date()
    start = midnight(today, -2, zone) + timedelta(hours=20)
    assert seconds_by_day(start, start + timedelta(hours=29), zone) == {
        today - timedelta(days=2): 4 * 3600,
        today - timedelta(days=1): 24 * 3600,
        today: 3600,
    }
