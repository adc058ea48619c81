"""What the clock does to a maintenance: every view tells it alike, and nothing written later hides it."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Thread
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from spk.db import db, now, reading, writing
from spk.models import Component, Incident, IncidentUpdate, StatusPage
from spk.models.status_pages.schedule import UNFINISHED
from spk.models.status_pages.vocabulary import ComponentStatus
from tests.people import Api, Json, Person
from tests.shared_app import forget_copies
from tests.statements import statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
PLANNED, BEGAN, ENDED = NOON - 5 * DAY, NOON - 3 * DAY, NOON - 3 * DAY + HOUR
BY_CLOCK = [("completed", "It ended as planned."), ("in_progress", "It started as planned.")]
Write = Callable[[Api, str], object]
ATOM = "{http://www.w3.org/2005/Atom}"


def plan(acme: Api, name: str = "Upgrade") -> str:
    """A maintenance of Web to come."""
    window = {"scheduled_for": "2099-01-15T10:00Z", "duration_minutes": 60}
    return str(acme.post("/incidents", name=name, body="Soon.", component_ids=["web"], **window)["id"])


def let_pass(acme: Api, incident: str, began: datetime = BEGAN, ended: datetime = ENDED) -> None:
    """As if all had been written five days ago, and the window was then."""
    with acme.client.application.app_context(), writing():
        window = {"scheduled_for": began, "started_at": began, "scheduled_until": ended, "ends_at": ended}
        written = dict.fromkeys(("created_at", "updated_at"), PLANNED)
        one = update(Incident).where(Incident.id == incident)
        db.session.execute(one.values(**window, **written))
        db.session.execute(update(IncidentUpdate).values(created_at=PLANNED))
        db.session.execute(update(Component).values(status_since=PLANNED, **written))
        db.session.execute(update(StatusPage).values(written))
    forget_copies(acme.client.application)


@pytest.fixture
def over(acme: Api) -> str:
    """One of Web that the clock began and ended three days ago."""
    incident = plan(acme)
    let_pass(acme, incident)
    return incident


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def told(incident: Json) -> list[tuple[str, str]]:
    return [(each["status"], each["body"]) for each in incident["incident_updates"]]


def blue_days(acme: Api) -> list[int]:
    """Of each component, how many days were of maintenance."""
    page = acme.client.get("/p/acme").text
    found = re.findall(r'<div class="bars".*?</div>', page, re.DOTALL)
    return [days.count('<a class="maintenance"') for days in found]


VIEWS = {
    "a script of its owner’s": "/api/v1/pages/acme/incidents/upgrade",
    "a list of its owner’s": "/api/v1/pages/acme/incidents",
    "everybody’s list": "/p/acme/api/v2/scheduled-maintenances.json",
}


@pytest.mark.parametrize("path", VIEWS.values(), ids=VIEWS)
def test_its_updates_say_when_it_began_and_ended(path: str, acme: Api, over: str) -> None:
    headers = {"Authorization": f"Bearer {acme.token}"}
    found = acme.client.get(path, headers=headers if "v1" in path else {}).json
    if isinstance(found, dict):
        found = found.get("scheduled_maintenances", [found])
    (incident,) = found or []
    assert told(incident) == [*BY_CLOCK, ("scheduled", "Soon.")]
    times = [time(each["created_at"]) for each in incident["incident_updates"]]
    assert times == [ENDED, BEGAN, PLANNED]
    assert len({each["id"] for each in incident["incident_updates"]}) == 3
    assert {each["incident_id"] for each in incident["incident_updates"]} == {over}


def test_whatever_it_changed_was_updated_then(acme: Api, over: str, client: FlaskClient) -> None:
    web, database = (time(each["updated_at"]) for each in acme.all("/components"))
    summary = client.get("/p/acme/api/v2/summary.json").json or {}
    pages = (acme.get(), summary["page"], *Api(client, acme.token, "/api/v1").all("/pages"))
    assert time(acme.get(f"/incidents/{over}")["updated_at"]) == ENDED
    assert (web, database) == (ENDED, PLANNED)
    assert {time(page["updated_at"]) for page in pages} == {ENDED}


def test_one_that_runs_was_updated_when_it_began(acme: Api) -> None:
    let_pass(acme, plan(acme), ended=NOON + 2 * DAY)
    incident = acme.get("/incidents/upgrade")
    assert told(incident) == [BY_CLOCK[1], ("scheduled", "Soon.")]
    assert time(incident["updated_at"]) == time(acme.get()["updated_at"]) == BEGAN


@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/history", "/p/acme/incidents/upgrade"])
def test_people_read_it_on_the_page(path: str, over: str, client: FlaskClient) -> None:
    words = " ".join(html.unescape(re.sub("<[^>]+>", " ", client.get(path).text)).split())
    began, ended = (f"{each:%-d %b %Y, %H:%M} UTC" for each in (BEGAN, ENDED))
    told = (
        f"Completed It ended as planned. {ended} In progress It started as planned. {began} Scheduled Soon."
    )
    assert told in words


def test_feeds_tell_it_and_when_it_was(over: str, client: FlaskClient) -> None:
    atom = ET.fromstring(client.get("/p/acme/history.atom").data)
    updated = [each.text or "" for each in atom.iter(f"{ATOM}updated")]
    assert [time(each) for each in updated] == [ENDED, ENDED]  # of the feed, and of its one entry
    rss = ET.fromstring(client.get("/p/acme/history.rss").data)
    assert parsedate_to_datetime(rss.findtext("channel/lastBuildDate") or "") == ENDED
    for words in (atom.findtext(f"{ATOM}entry/{ATOM}summary"), rss.findtext("channel/item/description")):
        found = re.findall(r"<strong>([^<]+)</strong></p>\s*<p[^>]*>([^<]+)", words or "")
        assert found == [
            ("Completed", BY_CLOCK[0][1]),
            ("In progress", BY_CLOCK[1][1]),
            ("Scheduled", "Soon."),
        ]


def test_its_days_are_blue_on_the_page(acme: Api, over: str) -> None:
    assert blue_days(acme) == [1, 0]


def test_each_of_its_days_is_blue_until_today(acme: Api) -> None:
    let_pass(acme, plan(acme), ended=NOON + 2 * DAY)
    assert blue_days(acme) == [4, 0]


def test_a_day_that_begins_as_it_ends_stays_green(acme: Api) -> None:
    midnight = NOON.replace(hour=0) - 2 * DAY
    let_pass(acme, plan(acme), ended=midnight)
    assert blue_days(acme) == [1, 0]


def test_what_was_over_before_the_history_begins_is_in_no_day(acme: Api) -> None:
    let_pass(acme, plan(acme), began=NOON - 99 * DAY, ended=NOON - 98 * DAY)
    assert blue_days(acme) == [0, 0]
    acme.patch("/incidents/upgrade", name="Upgraded")
    assert blue_days(acme) == [0, 0]


LATER: dict[str, Write] = {
    "a change": lambda acme, incident: acme.patch(f"/incidents/{incident}", metadata={}),
    "somebody completes it, too": lambda acme, incident: acme.patch(
        f"/incidents/{incident}", status="completed"
    ),
    "another incident": lambda acme, _: acme.post("/incidents", name="Slow"),
}


@pytest.mark.parametrize("write", LATER.values(), ids=LATER)
def test_what_is_written_later_leaves_it_as_it_was(write: Write, acme: Api, over: str) -> None:
    before = acme.get(f"/incidents/{over}")
    write(acme, over)
    with acme.client.application.app_context(), reading():
        assert db.session.scalar(select(Incident.status).filter_by(id=over)) == "completed"
    after = acme.get(f"/incidents/{over}")
    assert after == {**before, "updated_at": after["updated_at"]}
    assert blue_days(acme) == [1, 0]


def test_what_is_said_after_it_comes_after_it(acme: Api, over: str) -> None:
    incident = acme.patch(f"/incidents/{over}", body="All went well.")
    assert told(incident) == [("completed", "All went well."), *BY_CLOCK, ("scheduled", "Soon.")]
    assert incident == acme.get(f"/incidents/{over}")


def test_one_that_is_taken_up_again_keeps_what_was(acme: Api, over: str) -> None:
    until = now() + HOUR
    acme.patch(f"/incidents/{over}", scheduled_until=until.isoformat())
    acme.move(over, scheduled_until=-HOUR, ends_at=-HOUR)
    statuses = [status for status, _ in told(acme.get(f"/incidents/{over}"))]
    assert statuses == ["completed", "completed", "in_progress", "scheduled"]


def test_a_component_that_leaves_it_keeps_its_blue_days(acme: Api) -> None:
    incident = plan(acme)
    let_pass(acme, incident, ended=NOON + 2 * DAY)
    acme.patch(f"/incidents/{incident}", component_ids=["db"])
    assert blue_days(acme) == [4, 4]


def test_one_that_people_start_and_end_makes_a_blue_day_too(acme: Api) -> None:
    incident = acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["web"])["id"]
    acme.patch(f"/incidents/{incident}", status="completed")
    assert blue_days(acme) == [1, 0]
    assert told(acme.get(f"/incidents/{incident}")) == [("completed", ""), ("in_progress", "")]


@pytest.mark.parametrize(
    ("window", "status"),
    [
        ({"duration_minutes": 30}, "in_progress"),
        ({"scheduled_for": BEGAN.isoformat(), "scheduled_until": ENDED.isoformat()}, "completed"),
    ],
)
def test_one_that_is_planned_when_it_has_begun_is_told_by_its_first_update(
    window: Json, status: str, acme: Api
) -> None:
    acme.post("/incidents", name="Upgrade", **window)
    assert told(acme.get("/incidents/upgrade")) == [(status, "")]


def test_one_that_is_called_off_makes_none(acme: Api) -> None:
    acme.patch(f"/incidents/{plan(acme)}", status="completed")
    assert blue_days(acme) == [0, 0]


def test_what_a_clock_wrote_that_ran_ahead_is_not_told_twice(acme: Api, over: str) -> None:
    acme.patch(f"/incidents/{over}", metadata={})
    with acme.client.application.app_context(), writing():
        db.session.execute(update(Incident).values(status="scheduled", updated_at=PLANNED))
    assert told(acme.get(f"/incidents/{over}")) == [*BY_CLOCK, ("scheduled", "Soon.")]
    assert told(acme.patch(f"/incidents/{over}", metadata={})) == [*BY_CLOCK, ("scheduled", "Soon.")]


def as_if_old(acme: Api) -> None:
    """Let the components have been there for five days."""
    with acme.client.application.app_context(), writing():
        db.session.execute(update(Component).values(created_at=PLANNED, status_since=PLANNED))


def test_one_that_is_planned_when_it_is_over_makes_blue_days(acme: Api) -> None:
    past = {"scheduled_for": BEGAN.isoformat(), "scheduled_until": ENDED.isoformat()}
    acme.post("/incidents", name="Upgrade", component_ids=["web"], **past)
    as_if_old(acme)
    assert blue_days(acme) == [1, 0]


MOVES = {
    "into the past": (BEGAN, ENDED, ["completed", "in_progress", "scheduled"]),
    "to now": (BEGAN, None, ["in_progress", "scheduled"]),
}


@pytest.mark.parametrize(("start", "end", "statuses"), MOVES.values(), ids=MOVES)
def test_what_a_move_of_its_window_begins_or_ends_is_told(
    start: datetime, end: datetime | None, statuses: list[str], acme: Api
) -> None:
    incident = plan(acme)
    window = {"scheduled_for": start.isoformat(), "scheduled_until": (end or now() + HOUR).isoformat()}
    moved = acme.patch(f"/incidents/{incident}", **window)
    as_if_old(acme)
    assert [status for status, _ in told(moved)] == statuses
    assert moved["status"] == statuses[0]
    assert time(moved["updated_at"]) >= time(moved["incident_updates"][-1]["created_at"])
    assert blue_days(acme) == [1 if end else 4, 0]


def test_one_that_is_cut_short_is_told_to_be_over(acme: Api) -> None:
    incident = plan(acme)
    let_pass(acme, incident, ended=NOON + 2 * DAY)
    cut = acme.patch(f"/incidents/{incident}", scheduled_until=(now() - HOUR).isoformat())
    assert (cut["status"], told(cut)) == ("completed", [*BY_CLOCK, ("scheduled", "Soon.")])


@pytest.mark.parametrize(("ended", "blue"), [(NOON + 2 * DAY, 4), (ENDED, 1)], ids=["running", "over"])
def test_one_that_has_begun_and_is_put_off_is_told_to_be_scheduled(
    ended: datetime, blue: int, acme: Api
) -> None:
    incident = plan(acme)
    let_pass(acme, incident, ended=ended)
    moved = acme.patch(f"/incidents/{incident}", scheduled_for="2098-01-01T00:00Z", duration_minutes=60)
    assert (moved["status"], told(moved)[0]) == ("scheduled", ("scheduled", ""))
    assert blue_days(acme) == [blue, 0]


def test_none_ends_between_a_look_at_it_and_what_is_written(
    acme: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[datetime] = []
    component_statuses = StatusPage.component_statuses

    def look(page: StatusPage) -> dict[str, ComponentStatus]:
        looked.append(now())
        return component_statuses(page)

    monkeypatch.setattr(StatusPage, "component_statuses", look)
    acme.patch(f"/incidents/{plan(acme)}", body="We begin soon.")
    *_, first, last = looked
    assert first == last


def test_a_component_that_a_person_frees_was_updated_then(acme: Api) -> None:
    incident = plan(acme)
    let_pass(acme, incident, ended=NOON + 2 * DAY)
    done = acme.patch(f"/incidents/{incident}", status="completed")
    assert time(acme.get("/components/web")["updated_at"]) == time(done["updated_at"])
    assert time(acme.get("/components/db")["updated_at"]) == PLANNED


def test_what_it_did_stays_when_it_is_deleted(acme: Api, over: str) -> None:
    before = acme.get("/components/web")["updated_at"], blue_days(acme)
    acme.delete(f"/incidents/{over}", 200)
    assert (acme.get("/components/web")["updated_at"], blue_days(acme)) == before


def test_it_opens_again_only_as_long_as_the_plan_allows_updates(acme: Api, over: str) -> None:
    with acme.client.application.app_context(), writing():
        words = {"incident_id": over, "status": "completed", "body": "", "created_at": PLANNED}
        db.session.add_all(IncidentUpdate(**words) for _ in range(100))
    later = (now() + HOUR).isoformat()
    assert "100 updates" in acme.patch(f"/incidents/{over}", 409, scheduled_until=later)["detail"]
    acme.patch(f"/incidents/{over}", name="Upgraded")


def test_a_reader_sees_closed_what_was_closed_since_it_began(acme: Api) -> None:
    incident = acme.post("/incidents", name="Slow")["id"]
    with acme.client.application.app_context(), reading():
        thread = Thread(target=acme.patch, args=(f"/incidents/{incident}",), kwargs={"status": "resolved"})
        thread.start()
        thread.join()
        page = StatusPage.published()
        assert page
        found = page.incidents.find(incident)
        assert found
        assert (found.current_status, found.is_open) == ("resolved", False)
        assert page.incidents.listed("unresolved") == []


def waiting(acme: Api) -> int:
    """How many have ended that nobody has written down."""
    ended = select(func.count()).where(Incident.status.in_(UNFINISHED), Incident.ends_at < now())
    with acme.client.application.app_context(), reading():
        return db.session.scalar(ended) or 0


@pytest.mark.parametrize("way", ["opens", "opens again"])
def test_with_each_that_opens_two_are_written_down(way: str, acme: Api) -> None:
    first = plan(acme, "First")
    acme.patch(f"/incidents/{first}", status="completed")
    for incident in [plan(acme, f"Upgrade {number}") for number in range(5)]:
        let_pass(acme, incident)
    assert waiting(acme) == 5
    if way == "opens":
        acme.post("/incidents", name="Slow")
    else:
        acme.patch(f"/incidents/{first}", status="in_progress")
    assert waiting(acme) == 3


def test_more_pages_and_windows_take_no_more_queries(ada: Person, client: FlaskClient) -> None:
    api = ada.api()
    plan(ada.page_api("Acme", "Web"))
    api.all("/pages")  # the first use of a key is written down
    with statements() as few:
        api.all("/pages")
    for name in ("Beta", "Gamma"):
        plan(ada.page_api(name, "Web"))
    with statements() as many:
        assert len(api.all("/pages")) == 3
    assert few
    assert len(many) == len(few)
