"""Another program keeps the database locked for longer than anybody waits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from spk.models import token as tokens
from tests.attack.house import House, open_house
from tests.attack.line import Line, SignedIn
from tests.cast import token_in
from tests.locks import write_lock

WORDS = "The database can’t be reached right now. Try again in a moment."


@pytest.fixture(scope="module")
def house(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("locked"), database) as house:
        yield house


@pytest.fixture
def owner(house: House) -> SignedIn:
    return house.signed_in("owner")


def test_while_the_database_is_locked_writers_are_told_and_keys_work(house: House, owner: SignedIn) -> None:
    url = house.urls[0]
    token, doomed, gone = (token_in(owner.create(url).text) for _ in range(3))
    owner.revoke(url, gone)
    found: set[tuple[int, ...]] = set()
    with Line(url) as line, ThreadPoolExecutor(2) as pool:
        with write_lock(house.app):
            writers = [pool.submit(owner.create, url, htmx=False), pool.submit(owner.revoke, url, doomed)]
            while not all(writer.done() for writer in writers):
                found.add((line.use(token), line.use(doomed), line.use(gone), line.use(tokens.generate())))
        answers = [writer.result() for writer in writers]
        assert found == {(200, 200, 401, 401)}
        assert [answer.status for answer in answers] == [503, 503]
        assert [answer.headers and answer.headers["Retry-After"] for answer in answers] == ["5", "5"]
        assert [WORDS in answer.text for answer in answers] == [True, True]
        assert len(house.all_keys()) == 3
        assert owner.create(url).status == 201
        assert owner.revoke(url, doomed).status == 200
        assert [line.use(token), line.use(doomed), line.use(gone)] == [200, 401, 401]
