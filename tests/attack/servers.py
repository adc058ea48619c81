"""Installation with one database, and the people who have accounts there."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from spk import create_app
from spk.db import db, reading, writing
from spk.engines import close
from spk.models import ApiKey, Event, User
from tests.attack.connection import SignedIn
from tests.attack.customer import Customer
from tests.attack.workers import wait_until_started
from tests.people import LiveServer, Person, password_hash, prepare_data, serve


@dataclass(frozen=True)
class Installation:
    """A database, and the servers that work with it."""

    servers: list[LiveServer]
    app: Flask

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]

    def person(self, name: str, plan: str = "business") -> Person:
        """A new account."""
        person = Person(self.app, f"{name}@example.com")
        with self.app.app_context(), writing():
            User.create(person.email, password_hash(), plan)
        return person

    def signed_in(self, name: str, plan: str = "business") -> SignedIn:
        return SignedIn.at(self.urls[0], self.person(name, plan).email)

    def customers(self, number: int, name: str = "customer") -> list[Customer]:
        """So many new accounts, with somebody behind each."""
        return [Customer(self.urls, self.signed_in(f"{name}{each}")) for each in range(number)]

    @property
    def is_on_sqlite(self) -> bool:
        return str(self.app.config["SQLALCHEMY_DATABASE_URI"]).startswith("sqlite")

    def all_keys(self) -> list[ApiKey]:
        with self.app.app_context(), reading():
            return ApiKey.all()

    def count_events(self, action: str, subject: str = "") -> int:
        """How many audit lines there are of this action, to all keys or to the one with this prefix."""
        found = select(func.count()).where(Event.action == action)
        with self.app.app_context(), reading():
            return db.session.scalar(found.where(Event.subject == subject) if subject else found) or 0


@contextmanager
def open_installation(
    directory: Path, database: str = "", *program: str, servers: int = 1, workers: int = 2, **settings: str
) -> Iterator[Installation]:
    """Run so many servers, of so many workers each, with the database of this URL, or one of SQLite’s."""
    home = directory / "0"
    url = database or f"sqlite:///{home / 'data' / 'spk.db'}"
    prepare_data({"SPK_DATA_DIR": str(home / "data"), "SPK_DATABASE_URL": url})
    for number in range(1, servers):
        shutil.copytree(home / "data", directory / str(number) / "data")
    running: list[LiveServer] = []
    with ExitStack() as stack:
        for number in range(servers):
            place = directory / str(number)
            server = serve(place, *program, SPK_DATABASE_URL=url, SPK_WORKERS=str(workers), **settings)
            running.append(stack.enter_context(server))
        app = create_app(running[0].environ)
        try:
            yield Installation(running, app)
        finally:
            with app.app_context():
                close()
            for each in running:
                wait_until_started(each)
