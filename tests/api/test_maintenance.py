"""Planned maintenance by script: a schedule, and what the clock does to it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.people import Api, Json

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
LISTS = ("unresolved", "scheduled", "upcoming", "active_maintenance")


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def plan(acme: Api, **fields: object) -> Json:
    """An upgrade of web, tomorrow for two hours."""
    window = {"scheduled_for": TOMORROW.isoformat(), "scheduled_until": (TOMORROW + 2 * HOUR).isoformat()}
    return acme.post("/incidents", **{"name": "Upgrade", "component_ids": ["web"], **window, **fields})


def begin(acme: Api, incident: Json) -> None:
    """Let the window begin, half an hour ago."""
    times = {"scheduled_for": -HOUR / 2, "started_at": -HOUR / 2, "scheduled_until": HOUR, "ends_at": HOUR}
    acme.move(incident["id"], **times)


def end(acme: Api, incident: Json) -> None:
    """Let the window end, a minute ago."""
    acme.move(
        incident["id"],
        scheduled_for=-HOUR,
        started_at=-HOUR,
        scheduled_until=-MINUTE,
        ends_at=-MINUTE,
    )


def status(acme: Api) -> str:
    return str(acme.get("/incidents/upgrade")["status"])


def web(acme: Api) -> str:
    return str(acme.get("/components/web")["status"])


def lists(acme: Api) -> list[str]:
    """In which lists there is anything."""
    return [name for name in LISTS if acme.all(f"/incidents/{name}")]


def test_a_maintenance_is_scheduled_and_touches_nothing_before_its_time(acme: Api) -> None:
    incident = plan(acme, body="We upgrade.")
    assert (incident["status"], incident["impact"]) == ("scheduled", "maintenance")
    assert time(incident["scheduled_for"]) == time(incident["started_at"]) == TOMORROW
    assert time(incident["scheduled_until"]) == TOMORROW + 2 * HOUR
    assert incident["resolved_at"] is None
    assert (incident["incident_updates"][0]["status"], web(acme)) == ("scheduled", "operational")
    assert lists(acme) == ["scheduled", "upcoming"]


def test_a_window_begins_by_the_clock(acme: Api) -> None:
    begin(acme, plan(acme))
    assert (status(acme), web(acme)) == ("in_progress", "under_maintenance")
    assert lists(acme) == ["unresolved", "scheduled", "active_maintenance"]


def test_a_window_ends_by_the_clock(acme: Api) -> None:
    incident = plan(acme)
    begin(acme, incident)
    end(acme, incident)
    over = acme.get("/incidents/upgrade")
    assert (over["status"], over["resolved_at"]) == ("completed", over["scheduled_until"])
    assert (web(acme), lists(acme)) == ("operational", [])


@pytest.mark.parametrize("said", ["in_progress", "verifying"])
def test_a_window_ends_by_the_clock_whatever_was_said_last(said: str, acme: Api) -> None:
    incident = acme.post("/incidents", name="Upgrade", status=said, component_ids=["web"])
    assert (status(acme), web(acme)) == (said, "under_maintenance")
    end(acme, incident)
    assert (status(acme), web(acme), lists(acme)) == ("completed", "operational", [])


def test_only_its_own_components_are_under_maintenance(acme: Api) -> None:
    begin(acme, plan(acme))
    assert acme.get("/components/db")["status"] == "operational"


@pytest.mark.parametrize("outage", ["degraded_performance", "partial_outage", "major_outage"])
def test_a_component_in_an_outage_stays_in_it_during_a_maintenance(outage: str, acme: Api) -> None:
    acme.patch("/components/web", status=outage)
    incident = plan(acme)
    begin(acme, incident)
    assert web(acme) == outage
    end(acme, incident)
    assert web(acme) == outage


def test_a_component_set_to_operational_in_a_maintenance_is_under_maintenance_until_its_end(
    acme: Api,
) -> None:
    acme.patch("/components/web", status="major_outage")
    begin(acme, plan(acme))
    assert acme.patch("/components/web", status="operational")["status"] == "under_maintenance"
    acme.patch("/incidents/upgrade", status="completed")
    assert web(acme) == "operational"


def test_of_two_maintenances_the_last_to_end_frees_the_component(acme: Api) -> None:
    acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["web"])
    acme.post("/incidents", name="Move", status="in_progress", component_ids=["web"])
    acme.patch("/incidents/upgrade", status="completed")
    assert web(acme) == "under_maintenance"
    acme.patch("/incidents/move", status="completed")
    assert web(acme) == "operational"


def test_duration_minutes_are_exact_from_now(acme: Api) -> None:
    before = datetime.now(UTC)
    incident = acme.post("/incidents", name="Deploy", duration_minutes=30, component_ids=["web"])
    start, until = time(incident["scheduled_for"]), time(incident["scheduled_until"])
    assert until - start == timedelta(minutes=30)
    assert before - timedelta(milliseconds=1) <= start <= datetime.now(UTC)
    assert (incident["status"], web(acme)) == ("in_progress", "under_maintenance")


def test_duration_minutes_count_from_a_start_that_is_to_come(acme: Api) -> None:
    incident = acme.post("/incidents", name="Deploy", scheduled_for=TOMORROW.isoformat(), duration_minutes=45)
    assert (time(incident["scheduled_for"]), incident["status"]) == (TOMORROW, "scheduled")
    assert time(incident["scheduled_until"]) == TOMORROW + timedelta(minutes=45)


def test_duration_minutes_sent_again_count_from_now(acme: Api) -> None:
    incident = acme.post("/incidents", name="Upgrade", duration_minutes=60)
    begin(acme, incident)
    before = datetime.now(UTC)
    longer = acme.patch("/incidents/upgrade", duration_minutes=15)
    until = time(longer["scheduled_until"])
    assert before <= until + timedelta(milliseconds=1) - timedelta(minutes=15) <= datetime.now(UTC) + MINUTE
    assert time(longer["scheduled_for"]) < before - 29 * MINUTE


@pytest.mark.parametrize(
    "fields",
    [
        {"scheduled_for": TOMORROW.isoformat()},
        {"scheduled_for": TOMORROW.isoformat(), "scheduled_until": None},
        {"scheduled_for": TOMORROW.isoformat(), "scheduled_until": TOMORROW.isoformat()},
        {"status": "in_progress"},
        {"status": "verifying"},
        {"status": "scheduled"},
    ],
    ids=["no end", "null", "end = start", "in_progress", "verifying", "scheduled"],
)
def test_a_window_that_does_not_say_when_it_ends_gets_an_hour(fields: dict[str, object], acme: Api) -> None:
    incident = acme.post("/incidents", name="Upgrade", **fields)
    assert time(incident["scheduled_until"]) - time(incident["scheduled_for"]) == HOUR


def test_an_end_alone_begins_now(acme: Api) -> None:
    incident = acme.post("/incidents", name="Upgrade", scheduled_until=TOMORROW.isoformat())
    assert incident["status"] == "in_progress"
    assert time(incident["scheduled_until"]) == TOMORROW


@pytest.mark.parametrize(
    ("start", "utc"),
    [
        ("2099-07-01T12:00:00+02:00", "2099-07-01T10:00:00.000+00:00"),
        ("2099-07-01T12:00:00-05:30", "2099-07-01T17:30:00.000+00:00"),
        ("2099-07-01T12:00:00.123456Z", "2099-07-01T12:00:00.123+00:00"),
        ("2099-07-01T12:00:00", "2099-07-01T12:00:00.000+00:00"),
        ("2099-07-01T12:00Z", "2099-07-01T12:00:00.000+00:00"),
    ],
)
def test_times_are_answered_in_utc(start: str, utc: str, acme: Api) -> None:
    assert acme.post("/incidents", name="Upgrade", scheduled_for=start)["scheduled_for"] == utc


WRONG: list[tuple[str, dict[str, object]]] = [
    ("scheduled_until", {"scheduled_until": (TOMORROW - HOUR).isoformat()}),
    ("duration_minutes", {"duration_minutes": 30, "scheduled_until": (TOMORROW + HOUR).isoformat()}),
    ("duration_minutes", {"duration_minutes": 0}),
    ("duration_minutes", {"duration_minutes": -5}),
    ("duration_minutes", {"duration_minutes": 366 * 24 * 60 + 1}),
    ("duration_minutes", {"duration_minutes": 10**30}),
    ("duration_minutes", {"duration_minutes": 1.5}),
    ("duration_minutes", {"duration_minutes": "30"}),
    ("scheduled_for", {"scheduled_for": "tomorrow"}),
    ("scheduled_for", {"scheduled_for": 4102444800}),
    ("scheduled_for", {"scheduled_for": "2099-02-30T00:00:00Z"}),
    ("scheduled_for", {"scheduled_for": "0001-01-01T00:00:00+14:00"}),
    ("scheduled_for", {"scheduled_for": "9999-12-31T23:59:59-14:00"}),
    ("scheduled_until", {"scheduled_until": "9999-12-31T23:59:59-14:00"}),
    ("scheduled_until", {"scheduled_until": []}),
    ("status", {"status": "investigating"}),
    ("status", {"status": "identified"}),
    ("status", {"status": "monitoring"}),
    ("status", {"status": "resolved"}),
]


def test_a_schedule_that_does_not_fit_is_named_and_nothing_changes(acme: Api) -> None:
    before = plan(acme)
    for wrong, fields in WRONG:
        assert list(acme.patch("/incidents/upgrade", 422, **fields)["fields"]) == [wrong], fields
        assert acme.get("/incidents/upgrade") == before


def test_a_schedule_that_does_not_fit_opens_nothing(acme: Api) -> None:
    for wrong, fields in WRONG:
        sent = {"name": "Upgrade", "scheduled_for": TOMORROW.isoformat(), **fields}
        assert list(acme.post("/incidents", 422, **sent)["fields"]) == [wrong], fields
    assert acme.all("/incidents") == []


@pytest.mark.parametrize("start", ["1970-01-01T00:00:00+14:00", "2999-12-31T23:59:59-14:00"])
def test_the_first_and_the_last_time_are_kept_and_read(start: str, acme: Api) -> None:
    incident = acme.post("/incidents", name="Upgrade", scheduled_for=start)
    assert time(incident["scheduled_for"]) == time(start)
    assert acme.get("/incidents/upgrade") == incident


def test_starting_early_starts_now_and_keeps_the_window(acme: Api) -> None:
    plan(acme)
    started = acme.patch("/incidents/upgrade", status="in_progress")
    assert (started["status"], web(acme)) == ("in_progress", "under_maintenance")
    assert time(started["started_at"]) <= datetime.now(UTC)
    assert time(started["scheduled_until"]) == TOMORROW + 2 * HOUR
    assert lists(acme) == ["unresolved", "scheduled", "active_maintenance"]
    (change,) = started["incident_updates"][0]["affected_components"]
    assert (change["old_status"], change["new_status"]) == ("operational", "under_maintenance")


def test_a_maintenance_that_started_early_keeps_its_start_when_its_end_moves(acme: Api) -> None:
    plan(acme)
    started = acme.patch("/incidents/upgrade", status="in_progress")
    longer = acme.patch("/incidents/upgrade", scheduled_until=(TOMORROW + 3 * HOUR).isoformat())
    assert longer["started_at"] == started["started_at"]


def test_completing_ends_a_maintenance_at_once(acme: Api) -> None:
    begin(acme, plan(acme))
    done = acme.patch("/incidents/upgrade", status="completed", body="Done.")
    assert (done["status"], web(acme), lists(acme)) == ("completed", "operational", [])
    assert time(done["resolved_at"]) < time(done["scheduled_until"])
    (change,) = done["incident_updates"][0]["affected_components"]
    assert (change["old_status"], change["new_status"]) == ("under_maintenance", "operational")


def test_completing_before_the_start_calls_it_off(acme: Api) -> None:
    plan(acme)
    done = acme.patch("/incidents/upgrade", status="completed")
    assert (done["status"], web(acme), lists(acme)) == ("completed", "operational", [])
    assert time(done["started_at"]) <= time(done["resolved_at"]) <= datetime.now(UTC)


def test_completing_twice_adds_nothing(acme: Api) -> None:
    begin(acme, plan(acme))
    once = acme.patch("/incidents/upgrade", status="completed")
    twice = acme.patch("/incidents/upgrade", status="completed")
    assert twice == {**once, "updated_at": twice["updated_at"]}


def test_completing_what_the_clock_has_completed_adds_nothing(acme: Api) -> None:
    incident = plan(acme)
    end(acme, incident)
    over = acme.get("/incidents/upgrade")
    again = acme.patch("/incidents/upgrade", status="completed")
    assert again == {**over, "updated_at": again["updated_at"]}


@pytest.mark.parametrize("said", ["in_progress", "verifying"])
def test_a_window_that_ran_out_is_reopened_for_an_hour(said: str, acme: Api) -> None:
    end(acme, plan(acme))
    before = datetime.now(UTC)
    again = acme.patch("/incidents/upgrade", status=said)
    assert (again["status"], again["resolved_at"], web(acme)) == (said, None, "under_maintenance")
    left = time(again["scheduled_until"]) - before
    assert HOUR - timedelta(seconds=1) < left < HOUR + MINUTE


def test_a_completed_maintenance_is_taken_up_again_until_its_end(acme: Api) -> None:
    incident = plan(acme)
    begin(acme, incident)
    until = acme.get("/incidents/upgrade")["scheduled_until"]
    acme.patch("/incidents/upgrade", status="completed")
    again = acme.patch("/incidents/upgrade", status="in_progress")
    assert (again["resolved_at"], again["scheduled_until"]) == (None, until)
    assert web(acme) == "under_maintenance"


def test_a_later_end_reopens_a_window_that_ran_out(acme: Api) -> None:
    end(acme, plan(acme))
    acme.patch("/incidents/upgrade", scheduled_until=TOMORROW.isoformat())
    assert (status(acme), web(acme)) == ("in_progress", "under_maintenance")


def test_a_later_end_does_not_reopen_what_somebody_completed(acme: Api) -> None:
    begin(acme, plan(acme))
    acme.patch("/incidents/upgrade", status="completed")
    acme.patch("/incidents/upgrade", scheduled_until=TOMORROW.isoformat())
    assert (status(acme), web(acme)) == ("completed", "operational")


def test_a_window_that_moves_begins_anew(acme: Api) -> None:
    begin(acme, plan(acme))
    window = {"scheduled_for": TOMORROW.isoformat(), "scheduled_until": (TOMORROW + HOUR).isoformat()}
    moved = acme.patch("/incidents/upgrade", **window)
    assert (moved["status"], time(moved["started_at"]), web(acme)) == ("scheduled", TOMORROW, "operational")


def test_a_maintenance_never_stores_that_it_is_under_maintenance(acme: Api) -> None:
    incident = plan(acme, status="in_progress", components={"web": "under_maintenance"})
    assert web(acme) == "under_maintenance"
    end(acme, incident)
    assert web(acme) == "operational"


def test_a_maintenance_sets_the_statuses_of_components_only_once_it_runs(acme: Api) -> None:
    plan(acme, components={"web": "major_outage"})
    assert web(acme) == "operational"
    acme.patch("/incidents/upgrade", status="in_progress", components={"web": "major_outage"})
    assert web(acme) == "major_outage"
    acme.patch("/incidents/upgrade", status="completed", components={"web": "operational"})
    assert web(acme) == "operational"


def test_a_maintenance_cannot_become_an_incident_nor_an_incident_a_maintenance(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    plan(acme)
    words = acme.patch("/incidents/down", 422, status="completed")["fields"]["status"]
    assert words == ["An incident is investigating, identified, monitoring or resolved."]
    words = acme.patch("/incidents/upgrade", 422, status="resolved")["fields"]["status"]
    assert words == ["A maintenance is scheduled, in_progress, verifying or completed."]


def test_a_running_maintenance_that_is_deleted_frees_its_components(acme: Api) -> None:
    begin(acme, plan(acme))
    acme.delete("/incidents/upgrade", 200)
    assert web(acme) == "operational"


def test_an_incident_is_in_no_list_of_maintenance(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    assert lists(acme) == ["unresolved"]


def test_octopus_deploys_way_works(acme: Api) -> None:
    """It posts a form, looks the incident up by name among the unresolved ones, and completes it by form."""
    opened = {"incident[name]": "Deploy 1.2.3", "incident[status]": "in_progress", "incident[message]": "Go"}
    assert acme.open("POST", "/incidents.json", data=opened).status_code == 201
    (found,) = [each for each in acme.all("/incidents/unresolved.json") if each["name"] == "Deploy 1.2.3"]
    form = {"incident[status]": "completed"}
    done = acme.open("PATCH", f"/incidents/{found['id']}.json", data=form)
    assert (done.status_code, acme.all("/incidents/unresolved.json")) == (200, [])


def test_what_the_clock_has_ended_was_updated_then(acme: Api) -> None:
    made = plan(acme)
    acme.move(made["id"], scheduled_for=-2 * HOUR, started_at=-2 * HOUR, scheduled_until=-HOUR, ends_at=-HOUR)
    acme.move(made["id"], updated_at=-3 * HOUR)
    found = acme.get(f"/incidents/{made['id']}")
    assert (found["status"], found["updated_at"]) == ("completed", found["resolved_at"])
