"""The rules of a window, without a database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from spk.db import now
from spk.models import Incident
from spk.models.refusal import InvalidField
from spk.models.status_pages.schedule import DEFAULT_DURATION, NO_END, Schedule, in_utc, window

HOUR = timedelta(hours=1)
START = datetime(2099, 1, 1, 12, tzinfo=UTC)


def maintenance(begins: timedelta, ends: timedelta, status: str = "scheduled") -> Incident:
    """One whose window begins and ends so long from now."""
    start, end = now() + begins, now() + ends
    return Incident(status=status, scheduled_for=start, scheduled_until=end, started_at=start, ends_at=end)


def incident(status: str = "investigating") -> Incident:
    return Incident(status=status, started_at=now(), ends_at=NO_END)


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        (datetime(2026, 7, 1, 12), datetime(2026, 7, 1, 12, tzinfo=UTC)),  # noqa: DTZ001  # naive on purpose
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)),
        (
            datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 7, 1, 10, tzinfo=UTC),
        ),
        (
            datetime(1970, 1, 1, tzinfo=timezone(timedelta(hours=14))),
            datetime(1969, 12, 31, 10, tzinfo=UTC),
        ),
    ],
)
def test_a_moment_is_in_utc(time: datetime, utc: datetime) -> None:
    assert (in_utc(time), in_utc(time).utcoffset()) == (utc, timedelta(0))


@pytest.mark.parametrize("year", [1, 1969, 3000, 9999])
@pytest.mark.parametrize("offset", [-14, 0, 14])
def test_a_moment_too_far_away_is_refused_before_it_is_reckoned_with(year: int, offset: int) -> None:
    for month, day in ((1, 1), (12, 31)):
        with pytest.raises(ValueError, match="between the years 1970 and 2999"):
            in_utc(datetime(year, month, day, tzinfo=timezone(timedelta(hours=offset))))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"scheduled_for": START}, (START, START + DEFAULT_DURATION)),
        ({"scheduled_for": START, "scheduled_until": None}, (START, START + DEFAULT_DURATION)),
        ({"scheduled_for": START, "scheduled_until": START}, (START, START + DEFAULT_DURATION)),
        ({"scheduled_for": START, "scheduled_until": START + 2 * HOUR}, (START, START + 2 * HOUR)),
        ({"scheduled_for": START, "duration_minutes": 90}, (START, START + HOUR * 1.5)),
        ({"scheduled_for": START, "duration_minutes": None}, (START, START + DEFAULT_DURATION)),
    ],
)
def test_a_new_window_always_ends(given: Schedule, expected: tuple[datetime, datetime]) -> None:
    assert window(given, None, None) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (START, START + 2 * HOUR)),
        ({"scheduled_for": START + HOUR}, (START + HOUR, START + 2 * HOUR)),
        ({"scheduled_until": START + 3 * HOUR}, (START, START + 3 * HOUR)),
        ({"duration_minutes": 30}, (START, START + HOUR / 2)),
        ({"scheduled_for": START + 2 * HOUR}, (START + 2 * HOUR, START + 3 * HOUR)),
    ],
)
def test_what_a_change_leaves_out_of_a_window_stays(
    given: Schedule, expected: tuple[datetime, datetime]
) -> None:
    assert window(given, START, START + 2 * HOUR) == expected


def test_minutes_count_from_now_where_the_start_is_past() -> None:
    start, before = now() - HOUR, now()
    begins, ends = window({"duration_minutes": 10}, start, start + 3 * HOUR)
    assert begins == start
    assert before + timedelta(minutes=10) <= ends <= now() + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scheduled_for": START, "scheduled_until": START - HOUR}, "scheduled_until"),
        ({"scheduled_until": datetime(1970, 1, 1, tzinfo=UTC)}, "scheduled_until"),
        ({"scheduled_until": START, "duration_minutes": 5}, "duration_minutes"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(given: Schedule, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        window(given, None, None)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("begins", "ends", "said", "status"),
    [
        (HOUR, 2 * HOUR, "scheduled", "scheduled"),
        (-HOUR, HOUR, "scheduled", "in_progress"),
        (-2 * HOUR, -HOUR, "scheduled", "completed"),
        (HOUR, 2 * HOUR, "in_progress", "in_progress"),
        (-HOUR, HOUR, "verifying", "verifying"),
        (-2 * HOUR, -HOUR, "in_progress", "completed"),
        (-2 * HOUR, -HOUR, "verifying", "completed"),
    ],
)
def test_the_clock_knows_better_than_the_last_update(
    begins: timedelta, ends: timedelta, said: str, status: str
) -> None:
    found = maintenance(begins, ends, said)
    assert found.current_status == status
    assert (found.resolved_at is not None) == (status == "completed")


@pytest.mark.parametrize("status", ["investigating", "identified", "monitoring", "resolved"])
def test_no_clock_turns_an_incident(status: str) -> None:
    found = incident(status)
    assert (found.current_status, found.is_maintenance) == (status, False)
    assert (found.resolved_at is None) == (status != "resolved")


def test_starting_early_moves_the_start_and_not_the_end() -> None:
    found = maintenance(HOUR, 2 * HOUR)
    ends = found.ends_at
    found.set_status("in_progress")
    assert found.started_at <= now()
    assert (found.ends_at, found.current_status) == (ends, "in_progress")


def test_a_maintenance_that_runs_keeps_its_start() -> None:
    found = maintenance(-HOUR, HOUR)
    start = found.started_at
    found.set_status("verifying")
    assert found.started_at == start


@pytest.mark.parametrize("status", ["in_progress", "verifying"])
def test_a_window_that_ran_out_is_reopened_for_an_hour(status: str) -> None:
    found, before = maintenance(-2 * HOUR, -HOUR), now()
    found.set_status("in_progress" if status == "in_progress" else "verifying")
    assert found.ends_at == found.scheduled_until
    assert found.ends_at
    assert before + DEFAULT_DURATION <= found.ends_at <= now() + DEFAULT_DURATION
    assert found.current_status == status


def test_completing_twice_keeps_the_first_end() -> None:
    found = maintenance(-HOUR, HOUR)
    found.set_status("completed")
    first = found.ends_at
    found.set_status("completed")
    assert found.ends_at == first
    assert found.resolved_at == first


def test_completing_what_ran_out_keeps_its_end() -> None:
    found = maintenance(-2 * HOUR, -HOUR)
    ends = found.ends_at
    found.set_status("completed")
    assert (found.resolved_at, found.status) == (ends, "completed")


def test_a_reopened_incident_has_no_end() -> None:
    found = incident()
    found.set_status("resolved")
    resolved = found.resolved_at
    found.set_status("identified")
    assert resolved
    assert found.ends_at == NO_END


def test_monitoring_says_since_when_the_last_time() -> None:
    found = incident()
    found.set_status("monitoring")
    first = found.monitoring_at
    found.set_status("investigating")
    assert found.monitoring_at == first
    found.set_status("monitoring")
    assert found.monitoring_at
    assert first
    assert found.monitoring_at > first


@pytest.mark.parametrize("field", ["scheduled_for", "scheduled_until", "duration_minutes"])
def test_an_incident_has_no_schedule(field: str) -> None:
    given: dict[str, Schedule] = {
        "scheduled_for": {"scheduled_for": START},
        "scheduled_until": {"scheduled_until": START},
        "duration_minutes": {"duration_minutes": 5},
    }
    with pytest.raises(InvalidField, match="Only a maintenance has a schedule") as refusal:
        incident().reschedule(given[field])
    assert refusal.value.field == field


def test_a_window_that_moves_takes_its_end_along() -> None:
    found = maintenance(-2 * HOUR, -HOUR)
    found.reschedule({"scheduled_for": START, "scheduled_until": START + HOUR})
    assert (found.started_at, found.ends_at, found.current_status) == (START, START + HOUR, "scheduled")


def test_what_somebody_completed_stays_so_when_its_window_moves() -> None:
    found = maintenance(-HOUR, HOUR)
    found.set_status("completed")
    found.reschedule({"scheduled_until": START})
    assert found.current_status == "completed"


def test_a_maintenance_that_runs_and_is_moved_to_a_later_time_is_planned_again() -> None:
    found = maintenance(-HOUR, HOUR, "in_progress")
    later = now() + 24 * HOUR
    found.reschedule({"scheduled_for": later, "scheduled_until": later + HOUR})
    assert (found.current_status, found.started_at, found.ends_at) == ("scheduled", later, later + HOUR)


def test_minutes_of_one_that_was_started_early_count_from_now() -> None:
    found = maintenance(24 * HOUR, 25 * HOUR)
    found.set_status("in_progress")
    found.reschedule({"duration_minutes": 30})
    assert found.scheduled_for == found.started_at
    assert timedelta(minutes=29) < found.ends_at - now() <= timedelta(minutes=30)


def test_one_that_was_started_by_mistake_is_planned_as_before() -> None:
    found = maintenance(24 * HOUR, 25 * HOUR)
    start, end = found.scheduled_for, found.ends_at
    found.set_status("in_progress")
    found.set_status("scheduled")
    assert (found.scheduled_for, found.started_at, found.ends_at) == (start, start, end)
    assert found.current_status == "scheduled"
