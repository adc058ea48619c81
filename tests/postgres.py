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
    """In memory, where there is room: a database is 300 files to copy, and each commit waits for a disk."""
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
    server = plain(url).rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(command)


class Rows:
    """What is in a database, to be put back: quicker than to make it anew."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(plain(url)) as connection:
            self._tables_as_made = connection.execute(TABLES_AS_MADE).fetchone()
            names = [name for (name,) in connection.execute(NAMES)]
            rows = {name: copy_out(connection, name) for name in names}
            self._rows = {name: found for name, found in rows.items() if found}
            # Foreign keys don't matter, since all is put back.
            empty: list[sql.Composable] = [sql.SQL("SET session_replication_role = replica")]
            empty += [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in names]
            numbers = [
                sql.SQL("SELECT setval({}, {}, {})").format(*each) for each in connection.execute(NUMBERS)
            ]
            self._commands = sql.SQL(";").join([*empty, *numbers])

    def put_back(self, url: str) -> bool:
        """Whether that was enough: not where somebody has changed the tables, or keeps a lock."""
        try:
            with psycopg.connect(plain(url), options="-c lock_timeout=1000") as connection:
                connection.execute(END_OTHERS)
                if connection.execute(TABLES_AS_MADE).fetchone() != self._tables_as_made:
                    return False
                connection.execute(self._commands)
                for name, rows in self._rows.items():
                    copy_in(connection, name, rows)
        except psycopg.Error:
            return False
        return True


# Rows of the catalogue carry the number of the transaction that wrote them.
TABLES_AS_MADE = """
    SELECT (SELECT array_agg((oid, xmin)::text ORDER BY oid) FROM pg_class WHERE oid >= 16384),
           (SELECT array_agg((oid, xmin)::text ORDER BY oid) FROM pg_constraint WHERE oid >= 16384),
           (SELECT array_agg((attrelid, attnum, xmin)::text ORDER BY attrelid, attnum)
            FROM pg_attribute WHERE attrelid >= 16384)
"""
NAMES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
NUMBERS = "SELECT sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
END_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def copy_out(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(bytes(part) for part in copy)


def copy_in(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
        copy.write(rows)


def plain(url: str) -> str:
    """As psycopg knows it, without SQLAlchemy’s name for the driver."""
    return url.replace("+psycopg", "")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def database_files(url: str) -> list[Path]:
    """The files of a database, with all in them that is in its memory."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        found = connection.execute(
            "SELECT current_setting('data_directory') || '/base/' || oid"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert found
    return [file for file in Path(found[0]).iterdir() if file.is_file()]
