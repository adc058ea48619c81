"""PostgreSQL is stopped, as if by a crash, and started again while two servers are at work."""

from collections.abc import Iterator

import pytest

from tests.attack.customer import Wrong, at_work, wait_for, wrongly_decided
from tests.attack.servers import Installation, open_installation
from tests.attack.workers import workers_of
from tests.postgres import Postgres

ROUNDS = 5
CUSTOMERS = 4


@pytest.fixture(scope="module")
def installation(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with open_installation(
        tmp_path_factory.mktemp("lost"), postgres.new_database(), servers=2
    ) as installation:
        yield installation


def test_without_their_database_servers_decide_nothing_and_with_it_they_go_on(
    installation: Installation, postgres: Postgres
) -> None:
    customers = installation.customers(CUSTOMERS)
    before = [workers_of(server) for server in installation.servers]
    wrong: list[Wrong] = []
    for _ in range(ROUNDS):
        with at_work(customers) as turns:
            wait_for(turns, CUSTOMERS)
            postgres.stop()
            wait_for(turns, 2 * CUSTOMERS)
            postgres.start()
            wait_for(turns, 3 * CUSTOMERS)
        wrong += [each for url in installation.urls for each in wrongly_decided(url, customers)]
    assert wrong == []
    assert [customer.surprises for customer in customers] == [{}] * CUSTOMERS
    assert sum(customer.count(503) for customer in customers) >= ROUNDS * CUSTOMERS
    assert sum(len(customer.revoked) for customer in customers) >= ROUNDS * CUSTOMERS
    assert [workers_of(server) for server in installation.servers] == before
