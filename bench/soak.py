"""Half an hour of everyday work: is memory flat, is an answer wrong? python -m bench.soak [MINUTES]."""

import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.load import worker_memory
from tests.attack.connection import Connection
from tests.attack.customer import Customer, wrongly_decided
from tests.attack.servers import Installation, open_installation

CUSTOMERS, PAUSE = 10, 1.0  # s between two turns of a customer; a turn is some eight requests
PAGES = (
    "/",
    "/login",
    "/help/api-keys",
    "/api/v2/summary.json",
    "/api/openapi.json",
    "/readyz",
    "/user/security",
)


def work(customer: Customer, until: float) -> Counter[tuple[str, int]]:
    """Create, use and revoke keys, and look at pages, signed in; what was answered to the latter."""
    looks: Counter[tuple[str, int]] = Counter()
    with Connection(next(customer.urls), keep=False) as line:
        while time.monotonic() < until:
            customer.turn(line)
            for path in PAGES:
                looks[path, line.ask("GET", path, {"Cookie": customer.session.cookie}).status] += 1
            time.sleep(PAUSE)
    return looks


def soak(installation: Installation, minutes: int) -> None:
    server = installation.servers[0].process.pid
    customers = installation.customers(CUSTOMERS)
    until = time.monotonic() + minutes * 60
    with ThreadPoolExecutor(CUSTOMERS) as pool:
        running = [pool.submit(work, customer, until) for customer in customers]
        for minute in range(minutes):
            say(f"minute {minute}: {worker_memory(server):.1f} MB in a worker")
            time.sleep(60)
        looks = sum((each.result() for each in running), Counter[tuple[str, int]]())
    say(f"at the end: {worker_memory(server):.1f} MB in a worker, {len(installation.all_keys()):,} keys")
    answers = sum((customer.answers for customer in customers), Counter[tuple[str, int]]())
    say(f"{(answers + looks).total():,} requests: {dict(answers)}, {dict(looks)}")
    say(f"wrongly decided: {wrongly_decided(installation.urls[0], customers)}")


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    with TemporaryDirectory() as directory, open_installation(Path(directory)) as installation:
        soak(installation, int([*sys.argv, "30"][1]))
