"""People who create, use and revoke keys without pause, and note what they were answered."""

import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Semaphore

from tests.attack.connection import NO_ANSWER, Connection, SignedIn
from tests.people import token_in

NO_DECISION = (NO_ANSWER, 503)
KEPT = 3  # keys that a customer has in use


class Customer:
    """One of them, with an account of their own, at one server after the other."""

    def __init__(self, urls: list[str], session: SignedIn) -> None:
        self.urls = itertools.cycle(urls)
        self.session = session
        self.working: list[str] = []
        self.doubtful: list[str] = []  # whose revoke was sent, and not answered
        self.revoked: list[str] = []
        self.answers: Counter[tuple[str, int]] = Counter()

    def turn(self, connection: Connection) -> None:
        """Create a key, use some, revoke one."""
        self.create(next(self.urls))
        for token in self.working[-KEPT:]:
            self.answers["use", connection.use(token)] += 1
        for token in self.revoked[-KEPT:]:
            self.answers["misuse", connection.use(token)] += 1
        if len(self.working) > KEPT:
            self.revoke(next(self.urls), self.working.pop(0))

    def create(self, url: str) -> None:
        answer = self.session.create(url)
        self.answers["create", answer.status] += 1
        if answer.status == 201:
            self.working.append(token_in(answer.text))

    def revoke(self, url: str, token: str) -> None:
        answer = self.session.revoke(url, token)
        self.answers["revoke", answer.status] += 1
        decided = answer.status == 200 and "was revoked" in answer.text
        (self.revoked if decided else self.doubtful).append(token)

    def count(self, *statuses: int) -> int:
        return sum(number for (_what, status), number in self.answers.items() if status in statuses)

    @property
    def surprises(self) -> dict[tuple[str, int], int]:
        """Answers that are neither right nor say that nothing could be decided."""
        right = {("create", 201), ("use", 200), ("misuse", 401), ("revoke", 200)}
        return {
            answer: number
            for answer, number in self.answers.items()
            if answer not in right and answer[1] not in NO_DECISION
        }


@contextmanager
def at_work(customers: list[Customer]) -> Iterator[Semaphore]:
    """Let them work while the block lasts; the semaphore is released with each turn of one of them."""
    turns, stop = Semaphore(0), Event()

    def work(customer: Customer) -> None:
        with Connection(next(customer.urls)) as connection:
            while not stop.is_set():
                customer.turn(connection)
                turns.release()

    with ThreadPoolExecutor(len(customers)) as pool:
        running = [pool.submit(work, customer) for customer in customers]
        try:
            yield turns
        finally:
            stop.set()
        for each in running:
            each.result()


def wait_for(turns: Semaphore, number: int) -> None:
    """Wait for so many turns from now on."""
    while turns.acquire(blocking=False):
        pass
    for _ in range(number):
        assert turns.acquire(timeout=60)


@dataclass(frozen=True)
class Wrong:
    """A key with which the server does not do what it has answered."""

    is_said_to_be: str
    prefix: str
    status: int


def wrongly_decided(url: str, customers: list[Customer], last: int = 1_000) -> list[Wrong]:
    """Ask for each customer’s last keys; one that is refused, though nobody was told so, stays refused."""
    found: list[Wrong] = []
    with Connection(url) as connection:
        for customer in customers:
            for token in tuple(customer.doubtful):
                if connection.use(token) == 401:
                    customer.doubtful.remove(token)
                    customer.revoked.append(token)
            expected = ((customer.working, "working", 200), (customer.revoked, "revoked", 401))
            for tokens, words, right in expected:
                statuses = [(token[:12], connection.use(token)) for token in tokens[-last:]]
                found += [Wrong(words, prefix, status) for prefix, status in statuses if status != right]
    return found
