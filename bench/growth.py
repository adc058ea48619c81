"""What a thousand times as many keys cost: python -m bench.growth.

One process asks an application of 1,000 keys and one of 1,000,000 in turns, without a network between.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import class_mapper

from bench.app import make
from bench.peer_servers import seed_spk, spk_environ
from spk.db import db, now, writing
from spk.engines import close
from spk.models import ApiKey, Incident, IncidentUpdate, User
from spk.models.status_pages.identifier import new_id
from spk.models.status_pages.owned_pages import OwnedPages
from tests.people import PASSWORD, Browser, password_hash

EMAIL = "many@example.com"
SIZES = (1_000, 1_000_000)
ROUNDS = 15
MANY = 10_000


def furnish(app: Flask) -> None:
    """One account more, with many keys, most of them revoked, and a page with many incidents."""
    with app.app_context(), writing():
        user = User.create(EMAIL, password_hash(), "business")
        db.session.flush()
        db.session.execute(insert(ApiKey), [key(user, number) for number in range(MANY)])
        page = OwnedPages(user).create(name="Example")
        page.create_component(name="API")
        incident = page.incidents.create(name="Slow answers", status="resolved", body="It was a disk.")
        db.session.flush()
        multiply(incident, MANY)
    with app.app_context():
        close()


def key(user: User, number: int) -> dict[str, object]:
    return {
        "user_id": user.id,
        "name": f"key {number}",
        "prefix": f"spk_{number:08}",
        "token_hash": "0" * 64,
        "revoked_at": now() if number >= 100 else None,
    }


def multiply(incident: Incident, times: int) -> None:
    """Add so many like it, each with its first update."""
    if times:
        copies = [new_id() for _ in range(times)]
        db.session.execute(insert(Incident), [row(incident) | {"id": id_, "slug": id_} for id_ in copies])
        update = row(incident.updates[0])
        updates = [update | {"id": new_id(), "incident_id": id_} for id_ in copies]
        db.session.execute(insert(IncidentUpdate), updates)


def row(thing: Incident | IncidentUpdate) -> dict[str, object]:
    """The values of a row, to make more like it."""
    return {column.key: getattr(thing, column.key) for column in class_mapper(type(thing)).column_attrs}


class Place:
    """An application with so many keys, a script with one of them, and somebody who is signed in."""

    def __init__(self, directory: Path, keys: int) -> None:
        headers = seed_spk(directory, keys).read_text().splitlines()
        # Each request another key, from all over the table.
        self.headers = [line.partition(": ")[2] for line in headers[:: max(1, keys // 500)]]
        self.turn = 0
        os.environ |= spk_environ(directory)
        self.app = make()
        furnish(self.app)
        self.client = self.app.test_client()
        self.browser = Browser(self.app.test_client())
        self.browser.submit("/login", "/login", email=EMAIL, password=PASSWORD)

    def authenticate(self) -> None:
        for _ in range(100):
            self.turn = (self.turn + 1) % len(self.headers)
            headers = {"Authorization": self.headers[self.turn]}
            assert self.client.get("/api/v1/bench/key", headers=headers).status_code == 200

    def security_page(self) -> None:
        assert self.browser.get("/user/security").text.count('<tr id="key-') == 200

    def summary(self) -> None:
        assert self.client.get("/api/v2/summary.json").status_code == 200


def cpu_of(place: Place, action: str) -> float:
    """CPU seconds that it takes."""
    before = time.process_time()
    getattr(place, action)()
    return time.process_time() - before


def report(places: list[Place]) -> Iterator[str]:
    yield f"| | {SIZES[0]:,} keys, ms | {SIZES[1]:,} keys, ms | ratio |"
    yield "| --- | --- | --- | --- |"
    for action, times in (("authenticate", 100), ("security_page", 1), ("summary", 1)):
        rounds = [[cpu_of(place, action) for place in places] for _ in range(ROUNDS)]
        few, many = (median(seen) * 1000 / times for seen in zip(*rounds, strict=True))
        ratio = median(late / early for early, late in rounds)
        yield f"| {action} | {few:.2f} | {many:.2f} | {ratio:.2f} |"


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        print(*report([Place(Path(name) / str(size), size) for size in SIZES]), sep="\n")
