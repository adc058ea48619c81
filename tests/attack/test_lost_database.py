"""PostgreSQL is stopped, as if by a crash, and started again while two servers are at work."""

from collections.abc import Iterator

import pytest

from tests.attack.customer import Wrong, at_work, wait_for, wrongly_decided
from tests.attack.house import House, open_house
from tests.attack.workers import workers_of
from tests.postgres import Postgres

ROUNDS = 5
CUSTOMERS = 4


@pytest.fixture(scope="module")
def house(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("lost"), postgres.new_database(), servers=2) as house:
        yield house


def test_without_their_database_servers_decide_nothing_and_with_it_they_go_on(
    house: House, postgres: Postgres
) -> None:
    customers = house.customers(CUSTOMERS)
    before = [workers_of(server) for server in house.servers]
    wrong: list[Wrong] = []
    for _ in range(ROUNDS):
        with at_work(customers) as turns:
            wait_for(turns, CUSTOMERS)
            postgres.stop()
            wait_for(turns, 2 * CUSTOMERS)
            postgres.start()
            wait_for(turns, 3 * CUSTOMERS)
        wrong += [each for url in house.urls for each in wrongly_decided(url, customers)]
    assert wrong == []
    assert [customer.surprises for customer in customers] == [{}] * CUSTOMERS
    assert sum(customer.count(503) for customer in customers) >= ROUNDS * CUSTOMERS
    assert sum(len(customer.revoked) for customer in customers) >= ROUNDS * CUSTOMERS
    assert [workers_of(server) for server in house.servers] == before
