import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from spk.db import db, now, writing
from spk.models import Incident, IncidentUpdate, StatusPage, User
from spk.models.refusal import InvalidField, PlanRequired
from spk.models.status_pages.clock import read_clock
from spk.models.status_pages.incident import incident_components
from spk.models.status_pages.owned_pages import OwnedPages
from spk.models.status_pages.page_incidents import ListName, PublicListName, running_impacts
from tests.people import Person

HOUR = timedelta(hours=1)


@pytest.fixture
def acme(app: Flask, ada: Person) -> Iterator[StatusPage]:
    """Ada’s page with the components web and db, in a transaction of its own."""
    with app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        acme = OwnedPages(user).create(name="Acme")
        for name in ("Web", "Db"):
            acme.create_component(name=name)
        yield acme


@pytest.fixture
def all_kinds(acme: StatusPage) -> StatusPage:
    """A page with an incident and a maintenance of every kind."""
    acme.incidents.create(name="open")
    acme.incidents.create(name="resolved", status="resolved")
    acme.incidents.create(name="to come", scheduled_for=now() + HOUR)
    acme.incidents.create(name="begun early", scheduled_for=now() + HOUR).change(status="in_progress")
    acme.incidents.create(name="begun", scheduled_for=now() - HOUR, scheduled_until=now() + HOUR)
    acme.incidents.create(name="ran out", scheduled_for=now() - 2 * HOUR, scheduled_until=now() - HOUR)
    acme.incidents.create(name="completed", status="completed")
    return acme


LISTS: list[tuple[ListName | PublicListName, set[str]]] = [
    ("all", {"open", "resolved", "to come", "begun early", "begun", "ran out", "completed"}),
    ("unresolved", {"open", "begun early", "begun"}),
    ("scheduled", {"to come", "begun early", "begun"}),
    ("upcoming", {"to come"}),
    ("active_maintenance", {"begun early", "begun"}),
    ("realtime", {"open", "resolved"}),
    ("open_realtime", {"open"}),
    ("maintenance", {"to come", "begun early", "begun", "ran out", "completed"}),
]


@pytest.mark.parametrize(("which", "names"), LISTS, ids=[which for which, _ in LISTS])
def test_each_list_has_its_own(
    which: ListName | PublicListName, names: set[str], all_kinds: StatusPage
) -> None:
    assert {incident.name for incident in all_kinds.incidents.listed(which)} == names


def test_lists_and_records_say_the_same(all_kinds: StatusPage) -> None:
    """What a query finds running is what its record says is running."""
    running = all_kinds.incidents.listed("active_maintenance")
    assert {incident.current_status for incident in running} == {"in_progress"}
    assert {incident.current_status for incident in all_kinds.incidents.listed("upcoming")} == {"scheduled"}
    over = {incident.id for incident in all_kinds.incidents.listed("all") if incident.resolved_at}
    lists = all_kinds.incidents.listed("unresolved"), all_kinds.incidents.listed("upcoming")
    open_ = {incident.id for found in lists for incident in found}
    assert over | open_ == {incident.id for incident in all_kinds.incidents.listed("all")}
    assert not over & open_


def test_what_has_started_since_is_told_from_the_latest(all_kinds: StatusPage) -> None:
    started = all_kinds.incidents.started(since=now() - 1.5 * HOUR)
    assert {incident.name for incident in started} == {
        "open",
        "resolved",
        "begun early",
        "begun",
        "completed",
    }
    assert started[-1].name == "begun"
    assert all_kinds.incidents.started(limit=1) == started[:1]


def test_a_deleted_incident_leaves_nothing(acme: StatusPage) -> None:
    incident = acme.incidents.create(name="Down", body="We look.", component_ids=["web"])
    db.session.flush()
    incident.delete()
    for table in (Incident.__table__, IncidentUpdate.__table__, incident_components):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0
    assert len(acme.components) == 2


def test_a_deleted_component_leaves_its_incidents(acme: StatusPage) -> None:
    acme.incidents.create(name="Down", component_ids=["web", "db"])
    acme.components[0].delete()
    db.session.expire_all()
    assert [component.slug for component in acme.incidents.listed("all")[0].components] == ["db"]


def test_maintenance_needs_a_plan_that_has_it(acme: StatusPage) -> None:
    acme.user.set_plan("free")
    with pytest.raises(PlanRequired) as refusal:
        acme.incidents.create(name="Upgrade", status="scheduled")
    assert refusal.value.feature == "maintenance_windows"
    acme.incidents.create(name="Down")


def test_what_was_planned_can_be_ended_on_any_plan(acme: StatusPage) -> None:
    incident = acme.incidents.create(name="Upgrade", status="in_progress")
    acme.user.set_plan("free")
    incident.change(status="completed")
    assert incident.current_status == "completed"


def test_an_incident_is_found_by_id_before_slug(acme: StatusPage) -> None:
    first = acme.incidents.create(name="First")
    second = acme.incidents.create(name="Second")
    second.slug = first.id
    db.session.flush()
    assert acme.incidents.find(first.id) is first
    with pytest.raises(InvalidField, match="is taken"):
        acme.incidents.create(name="Third", slug=second.id)


@pytest.mark.parametrize("key", ["", "\x00", "\ud800", "Down", "99999999999999999999", "a" * 10_000])
def test_what_is_no_key_finds_nothing(key: str, acme: StatusPage) -> None:
    acme.incidents.create(name="Down")
    assert acme.incidents.find(key) is None


def test_an_update_keeps_what_was_said_of_a_component_that_is_renamed(acme: StatusPage) -> None:
    incident = acme.incidents.create(name="Down", components={"web": "major_outage"})
    acme.components[0].change(name="Shop", status="operational")
    (told,) = incident.updates[0].affected_components or []
    assert (told["name"], told["new_status"]) == ("Web", "major_outage")


def test_the_address_of_an_incident_is_on_its_page(acme: StatusPage) -> None:
    incident = acme.incidents.create(name="Down")
    assert incident.shortlink == f"{acme.url}/incidents/{incident.id}"


@pytest.mark.only_sqlite("each database tells in its own way how it will look")
def test_what_is_open_is_found_without_reading_what_is_over(all_kinds: StatusPage) -> None:
    """SQLite says itself how it will look: by the range of an index, and not through all incidents."""
    asked: list[str] = []

    def explain(
        _connection: object, cursor: sqlite3.Cursor, statement: str, parameters: tuple[object], *_: object
    ) -> None:
        if "FROM incidents" in statement or "JOIN incidents" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            asked.extend(row[3] for row in cursor.fetchall() if " incidents " in row[3])

    event.listen(db.engine, "before_cursor_execute", explain)
    open_lists: tuple[ListName | PublicListName, ...] = (
        "unresolved",
        "scheduled",
        "upcoming",
        "open_realtime",
    )
    for which in open_lists:
        all_kinds.incidents.listed(which)
    running_impacts([all_kinds.id])
    read_clock([all_kinds.id])
    event.remove(db.engine, "before_cursor_execute", explain)
    *lists, clock = asked
    assert len(lists) == 5
    assert [plan for plan in lists if "(page_id=? AND ends_at>?)" not in plan] == []
    assert "(page_id=? AND status=?)" in clock
