"""What a reader of a public page costs, beside one of /healthz: python -m bench.readers [ROUNDS].

A small page and a large one, gzipped, as browsers and programs ask for them; two workers, eight connections.
"""

import os
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from flask import Flask

from bench.growth import multiply
from bench.load import Load, Server
from bench.peer_servers import seed_spk, spk, spk_environ
from spk import create_app
from spk.db import db, writing
from spk.engines import close
from spk.models import User
from spk.models.status_pages.owned_pages import OwnedPages
from tests.people import password_hash

# By slug: components, and incidents of the past. Three are open.
SIZES = {"small": (10, 0), "large": (100, 10_000)}
PARTS = ("", "/api/v2/summary.json", "/history.atom", "/badge.svg")
WANTED, WANTED_P99 = 0.75, 1.5


def furnish(app: Flask) -> None:
    with app.app_context(), writing():
        user = User.create("readers@example.com", password_hash(), "business")
        db.session.flush()
        for name, (components, incidents) in SIZES.items():
            page = OwnedPages(user).create(name=name)
            for number in range(components):
                page.create_component(name=f"Part {number}")
            for number in range(3):
                page.incidents.create(
                    name=f"Slow {number}", body="We look.", component_ids=[f"part-{number}"]
                )
            past = page.incidents.create(name="Past", status="resolved", body="It was a disk.")
            db.session.flush()
            multiply(past, incidents)
    with app.app_context():
        close()


def run(server: Server, rounds: int) -> dict[str, list[Load]]:
    paths = ["/healthz", *(f"/p/{name}{part}" for name in SIZES for part in PARTS)]
    for path in paths:
        server.load(path)  # warm up
    seen: dict[str, list[Load]] = defaultdict(list)
    for _ in range(rounds):
        for path in paths:
            seen[path].append(server.load(path))
    return seen


def main(rounds: int) -> int:
    with TemporaryDirectory() as name:
        directory = Path(name) / "data"
        seed_spk(directory, 1)
        os.environ |= spk_environ(directory)
        furnish(create_app())
        (directory / "headers.txt").write_text("Accept-Encoding: gzip\n")
        with spk(directory) as server:
            seen = run(server, rounds)
    assert not any(load.errors or load.refused for loads in seen.values() for load in loads)
    beside = {
        path: (median(each.rate for each in loads), median(each.p99 for each in loads))
        for path, loads in seen.items()
    }
    rate, p99 = beside["/healthz"]
    print(
        "| | requests/s | of /healthz’ | p99, ms | of /healthz’ |",
        "| --- | --- | --- | --- | --- |",
        sep="\n",
    )
    for path, (own_rate, own_p99) in beside.items():
        print(f"| {path} | {own_rate:,.0f} | {own_rate / rate:.2f} | {own_p99:.1f} | {own_p99 / p99:.2f} |")
    return int(any(own < WANTED * rate or own_p99 > WANTED_P99 * p99 for own, own_p99 in beside.values()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
