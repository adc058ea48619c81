"""A key is used without pause while it is revoked: what is sent after the answer is refused, everywhere."""

import sys
from pathlib import Path

import pytest

from tests.attack.race import Race, run_race
from tests.attack.servers import open_installation
from tests.postgres import Postgres

ROUNDS = 24
WRONG = (sys.executable, str(Path(__file__).with_name("cached_server.py")))
both = pytest.mark.parametrize("setup", ["four workers with SQLite", "two servers with PostgreSQL"])


def run_races(setup: str, directory: Path, postgres: Postgres, rounds: int, *program: str) -> list[Race]:
    servers, workers, database = (1, 4, "") if "SQLite" in setup else (2, 2, postgres.new_database())
    with open_installation(directory, database, *program, servers=servers, workers=workers) as installation:
        owner = installation.signed_in("owner")
        return [run_race(installation, owner, number) for number in range(rounds)]


@both
def test_no_request_that_is_sent_after_the_answer_to_a_revoke_is_let_in(
    setup: str, tmp_path: Path, postgres: Postgres
) -> None:
    races = run_races(setup, tmp_path, postgres, ROUNDS)
    assert all(200 in race.before for race in races)
    after = [status for race in races for status in race.after]
    assert len(after) >= 3_000
    assert set(after) == {401}


@both
def test_a_server_that_remembers_for_50_ms_whom_it_let_in_would_be_found_out(
    setup: str, tmp_path: Path, postgres: Postgres
) -> None:
    races = run_races(setup, tmp_path, postgres, 6, *WRONG)
    assert 200 in [status for race in races for status in race.after]
