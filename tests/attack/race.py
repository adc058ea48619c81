"""The race of a revoke with requests: none that is sent after its answer has come may be let in."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Semaphore

from tests.attack.connection import Connection, SignedIn
from tests.attack.servers import Installation
from tests.people import token_in

PROGRAMS = 6  # that use the key at once, every other one over a new connection for each request
AFTERWARDS = 25  # requests that each sends after the revoke


@dataclass(frozen=True)
class Use:
    """One request, when it was sent at the earliest, and its status."""

    sent: float
    status: int


@dataclass(frozen=True)
class Race:
    """All uses of one key, when its revoke was sent, and when the answer had come."""

    uses: list[Use]
    revoke_sent: float
    revoke_answered: float

    @property
    def before(self) -> list[int]:
        """What those got that may have come before it."""
        return [use.status for use in self.uses if use.sent < self.revoke_sent]

    @property
    def after(self) -> list[int]:
        return [use.status for use in self.uses if use.sent > self.revoke_answered]


def run_race(installation: Installation, owner: SignedIn, number: int) -> Race:
    """Use a key at all servers, revoke it at one."""
    here = installation.urls[number % len(installation.urls)]
    token = token_in(owner.create(here).text)
    used, revoked = Semaphore(0), Event()

    def use(program: int) -> list[Use]:
        url = installation.urls[program // 2 % len(installation.urls)]
        return list(uses(url, token, bool(program % 2), used, revoked))

    with ThreadPoolExecutor(PROGRAMS) as pool:
        running = [pool.submit(use, program) for program in range(PROGRAMS)]
        try:
            for _ in range(2 * PROGRAMS):
                assert used.acquire(timeout=30)
            sent = time.monotonic()
            answer = owner.revoke(here, token, htmx=False)  # a redirect, which is answered soonest
            answered = time.monotonic()
        finally:
            revoked.set()
    assert answer.status == 303
    return Race([use for each in running for use in each.result()], sent, answered)


def uses(url: str, token: str, keep: bool, used: Semaphore, revoked: Event) -> Iterator[Use]:
    """Use a key until it has been revoked, and some times more."""
    left = AFTERWARDS
    with Connection(url, keep=keep) as connection:
        while left:
            left -= revoked.is_set()
            yield Use(time.monotonic(), connection.use(token))
            used.release()
