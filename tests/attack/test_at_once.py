"""What many ask for at the same moment, of several workers, is done as if one had come after the other."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, cycle
from threading import Barrier

import pytest

from tests.attack.connection import KEYS, Answer, Connection, SignedIn
from tests.attack.servers import Installation, open_installation
from tests.people import token_in

Ask = Callable[[str], Answer]
often = pytest.mark.parametrize("number", range(3))


@pytest.fixture(scope="module")
def installation(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One server of three workers with SQLite; two with PostgreSQL."""
    with open_installation(
        tmp_path_factory.mktemp("at-once"), database, servers=2 if database else 1, workers=3
    ) as it:
        yield it


def at_once(installation: Installation, requests: list[Ask]) -> list[Answer]:
    """Send all at the same moment, to one server after the other."""
    together = Barrier(len(requests))

    def go(request: Ask, url: str) -> Answer:
        together.wait(30)
        return request(url)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(go, requests, cycle(installation.urls)))


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
    answers = at_once(installation, [session.create] * 20)
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
    answers = at_once(installation, [partial(session.create, nonce="nonce")] * 8)
    assert statuses(answers) == {201: 1, 409: 7}
    assert with_words(answers, "That key was already created") == 7
    assert len(person.keys()) == 1


@often
def test_a_key_that_is_revoked_eight_times_at_once_is_revoked_once(
    installation: Installation, number: int
) -> None:
    session = installation.signed_in(f"revoker{number}")
    token = token_in(session.create(installation.urls[0]).text)
    answers = at_once(installation, [partial(session.revoke, token=token)] * 8)
    assert statuses(answers) == {200: 8}
    assert (with_words(answers, "was revoked"), with_words(answers, "was already revoked")) == (1, 7)
    assert installation.count_events("api_key:revoke", token[:12]) == 1


@often
def test_keys_that_are_revoked_by_every_door_at_once_are_revoked_once(
    installation: Installation, number: int
) -> None:
    """Those of two accounts: strangers report all of them, the owners revoke, replace and add some."""
    people = [installation.person(f"doors{number}-{each}") for each in range(2)]
    tokens = {person.email: [person.create_key() for _ in range(8)] for person in people}
    for each in people:  # the first two end together with those that replace them
        tokens[each.email] += [each.replace_key(old, "week") for old in tokens[each.email][:2]]
    prefixes = [token[:12] for token in chain(*tokens.values())]
    requests: list[Ask] = [partial(report, tokens=list(chain(*tokens.values())))] * 4
    for person, own in tokens.items():
        session = SignedIn.at(installation.urls[0], person)
        chosen = [token[:12] for token in own]
        requests += [partial(session.send, path=f"{KEYS}/revoke", htmx=False, prefix=chosen)] * 2
        requests += [partial(session.revoke, token=token) for token in own[::4]]
        requests += [
            partial(session.send, path=f"{KEYS}/{chosen[1]}/replace", ends="hour"),
            session.create,
        ] * 2
    answers = at_once(installation, requests)
    assert statuses(answers).keys() <= {200, 201, 202, 303, 409}
    ends = ("api_key:revoke", "api_key:leak")
    assert [sum(installation.count_events(end, prefix) for end in ends) for prefix in prefixes] == [1] * 20
    assert {key.status for key in installation.all_keys() if key.prefix in prefixes} == {"Revoked"}


def report(url: str, tokens: list[str]) -> Answer:
    """Say that these tokens were found."""
    with Connection(url) as connection:
        return connection.ask("POST", "/api/v1/credentials/revoke", {}, {"credentials[]": tokens})
