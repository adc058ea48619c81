"""A PostgreSQL of the tests' own, from the system's programs, gone with the block it is made in."""

import itertools
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql

MISSING = "There is no PostgreSQL here: run `sh tests/install-services.sh`."
numbers = itertools.count()
GIGABYTE = 1 << 30
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": 200,
    # What is lost with the machine is lost with the test; what is lost with the server is not.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "autovacuum": "off",  # it would hold on to a database that is to be copied
}


@dataclass(frozen=True)
class Postgres:
    """A server that can be stopped and started again."""

    programs: Path
    directory: Path
    port: int

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://spk@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str | None = None) -> str:
        """The URL of a database, empty or a copy of the one with this URL."""
        url = self.url(f"database_{next(numbers)}")
        create_database(url, template)
        return url

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = {**SETTINGS, "port": self.port, "unix_socket_directories": self.directory}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._control("start", "-l", str(self.directory / "log"), "-o", options)

    def stop(self) -> None:
        """Stop it at once, and wait until it is gone."""
        self._control("stop", "-m", "immediate")

    def _control(self, *words: str) -> None:
        as_owner(self.programs / "pg_ctl", "-s", "-w", "-D", str(self.directory / "data"), *words)


@contextmanager
def run_postgres() -> Iterator[Postgres]:
    """Make a PostgreSQL and start it."""
    programs = find_programs()
    with TemporaryDirectory(prefix="spk-postgres-", dir=quickest_place()) as directory:
        if user := owner():
            shutil.chown(directory, user)
        server = Postgres(programs, Path(directory), free_port())
        options = ("--no-sync", "--no-instructions", "--auth=trust", "--username=spk")
        text = ("--encoding=UTF8", "--locale=C.UTF-8")
        as_owner(programs / "initdb", "-D", f"{directory}/data", *options, *text)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def find_programs() -> Path:
    """The directory of the newest PostgreSQL's programs; skips what asks where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    found = shutil.which("postgres") or (debian and debian[-1])
    if not found:
        pytest.skip(MISSING)
    return Path(found).parent


def quickest_place() -> str | None:
    """In memory, where there is room: a database is 300 files to copy."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 * GIGABYTE else None


def owner() -> str | None:
    """Whom the server runs as: PostgreSQL refuses to be root."""
    return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None


def as_owner(*command: str | Path) -> None:
    user = owner()
    group = pwd.getpwnam(user).pw_gid if user else None
    groups: list[int] | None = [] if user else None
    # A file, not a pipe: the server keeps it open.
    done = subprocess.run(
        command, user=user, group=group, extra_groups=groups, cwd="/", stdout=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, f"{command} failed"


def create_database(url: str, template: str | None = None) -> None:
    """Make the database of this URL, empty or a copy of another's."""
    # Files are copied in half the time that it takes to log what is in them.
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    names = (name_of(url), name_of(template or "template1"))
    administrate(url, command.format(*map(sql.Identifier, names)))


def drop_database(url: str) -> None:
    administrate(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name_of(url))))


def administrate(url: str, command: sql.Composed) -> None:
    server = url.replace("+psycopg", "").rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(command)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def database_files(url: str) -> list[Path]:
    """The files of a database, with all in them that is in its memory."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        found = connection.execute(
            "SELECT current_setting('data_directory') || '/base/' || oid"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert found
    return [file for file in Path(found[0]).iterdir() if file.is_file()]
