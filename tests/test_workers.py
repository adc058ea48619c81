"""Several workers with SQLite: what one answers holds for all, and outlives them; `make attack` does more."""

from collections.abc import Iterator

import pytest

from tests.attack.customer import at_work, wait_for, wrongly_decided
from tests.attack.race import run_race
from tests.attack.servers import Installation, open_installation
from tests.attack.workers import kill_workers

pytestmark = pytest.mark.only_sqlite("test_two_servers.py has PostgreSQL")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with open_installation(tmp_path_factory.mktemp("workers")) as installation:
        yield installation


def test_no_worker_lets_a_key_in_once_its_revoke_is_answered(installation: Installation) -> None:
    owner = installation.signed_in("owner")
    races = [run_race(installation, owner, number) for number in range(2)]
    assert all(200 in race.before for race in races)
    assert {status for race in races for status in race.after} == {401}


def test_what_was_answered_holds_when_all_workers_are_killed(installation: Installation) -> None:
    customers = installation.customers(2)
    with at_work(customers) as turns:
        wait_for(turns, 10)  # so that one of them has begun to revoke
        kill_workers(installation.servers[0])
    assert wrongly_decided(installation.urls[0], customers) == []
    assert all(customer.working for customer in customers)
    assert any(customer.revoked for customer in customers)
