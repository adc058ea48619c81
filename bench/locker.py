"""A program that holds SQLite's write lock half the time: python -m bench.locker DATABASE."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HALF = 0.05  # s


@contextmanager
def other_writer(database: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "bench.locker", str(database)])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def hold_and_release(database: str) -> None:
    with sqlite3.connect(database, isolation_level=None, timeout=5) as connection:
        while True:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(HALF)
            connection.execute("ROLLBACK")
            time.sleep(HALF)


if __name__ == "__main__":
    hold_and_release(sys.argv[1])
