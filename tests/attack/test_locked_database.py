"""Another program keeps the database locked for longer than anybody waits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from spk.models.accounts import token as tokens
from tests.attack.connection import Connection, SignedIn
from tests.attack.servers import Installation, open_installation
from tests.locks import write_lock
from tests.people import token_in

WORDS = "The database can’t be reached right now. Try again in a moment."


@pytest.fixture(scope="module")
def installation(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with open_installation(tmp_path_factory.mktemp("locked"), database) as installation:
        yield installation


@pytest.fixture
def owner(installation: Installation) -> SignedIn:
    return installation.signed_in("owner")


def test_while_the_database_is_locked_writers_are_told_and_keys_work(
    installation: Installation, owner: SignedIn
) -> None:
    url = installation.urls[0]
    token, doomed, gone = (token_in(owner.create(url).text) for _ in range(3))
    owner.revoke(url, gone)
    found: set[tuple[int, ...]] = set()
    with Connection(url) as connection, ThreadPoolExecutor(2) as pool:
        with write_lock(installation.app):
            writers = [pool.submit(owner.create, url, htmx=False), pool.submit(owner.revoke, url, doomed)]
            while not all(writer.done() for writer in writers):
                found.add(
                    (
                        connection.use(token),
                        connection.use(doomed),
                        connection.use(gone),
                        connection.use(tokens.generate()),
                    )
                )
        answers = [writer.result() for writer in writers]
        assert found == {(200, 200, 401, 401)}
        assert [answer.status for answer in answers] == [503, 503]
        assert [answer.headers and answer.headers["Retry-After"] for answer in answers] == ["5", "5"]
        assert [WORDS in answer.text for answer in answers] == [True, True]
        assert len(installation.all_keys()) == 3
        assert owner.create(url).status == 201
        assert owner.revoke(url, doomed).status == 200
        assert [connection.use(token), connection.use(doomed), connection.use(gone)] == [200, 401, 401]
