"""What many ask for at the same moment, of several workers, is done as if one had come after the other."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.attack.connection import Answer, Connection, SignedIn
from tests.attack.servers import Installation, open_installation
from tests.people import token_in

often = pytest.mark.parametrize("number", range(3))


@pytest.fixture(scope="module")
def installation(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One server of three workers with SQLite; two with PostgreSQL."""
    with open_installation(
        tmp_path_factory.mktemp("at-once"), database, servers=2 if database else 1, workers=3
    ) as it:
        yield it


def at_once(installation: Installation, times: int, ask: Callable[[str], Answer]) -> list[Answer]:
    """Ask so many times at the same moment, of one server after the other."""
    together = Barrier(times)

    def go(number: int) -> Answer:
        together.wait(30)
        return ask(installation.urls[number % len(installation.urls)])

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(go, range(times)))


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def with_words(answers: list[Answer], words: str) -> int:
    return sum(words in answer.text for answer in answers)


@often
def test_of_twenty_who_create_the_last_five_keys_five_get_one(
    installation: Installation, number: int
) -> None:
    person = installation.person(f"crowd{number}", "pro")
    for _ in range(15):
        person.create_key()
    session = SignedIn.at(installation.urls[0], person.email)
    answers = at_once(installation, 20, session.create)
    assert statuses(answers) == {201: 5, 409: 15}
    assert with_words(answers, "You have 20 active keys, the most your plan allows.") >= 15
    keys = person.keys()
    assert Counter(key.status for key in keys) == {"Active": 20}
    with Connection(installation.urls[-1]) as connection:
        assert {connection.use(token_in(answer.text)) for answer in answers if answer.status == 201} == {200}


@often
def test_a_form_that_is_sent_eight_times_at_once_makes_one_key(
    installation: Installation, number: int
) -> None:
    person = installation.person(f"twice{number}")
    session = SignedIn.at(installation.urls[0], person.email)
    answers = at_once(installation, 8, lambda url: session.create(url, nonce="nonce"))
    assert statuses(answers) == {201: 1, 409: 7}
    assert with_words(answers, "That key was already created") == 7
    assert len(person.keys()) == 1


@often
def test_a_key_that_is_revoked_eight_times_at_once_is_revoked_once(
    installation: Installation, number: int
) -> None:
    session = installation.signed_in(f"revoker{number}")
    token = token_in(session.create(installation.urls[0]).text)
    answers = at_once(installation, 8, lambda url: session.revoke(url, token))
    assert statuses(answers) == {200: 8}
    assert (with_words(answers, "was revoked"), with_words(answers, "was already revoked")) == (1, 7)
    assert installation.count_events("api_key:revoke", token[:12]) == 1
