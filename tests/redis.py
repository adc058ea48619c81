"""A Redis of the tests' own, from the system's program, gone with the block it is made in."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.people import free_port


@contextmanager
def run_redis(directory: Path, port: int | None = None) -> Iterator[str]:
    """Start it and give its URL; skips what asks where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("There is no Redis here: run `sh tests/install-services.sh`.")
    port = port or free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(directory))
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        wait_until_it_answers(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with (
            suppress(ConnectionError),
            socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        ):
            connection.sendall(b"PING\r\n")
            if connection.recv(16) == b"+PONG\r\n":
                return
        time.sleep(0.02)  # the port opens when it opens: there is no event to wait for
    raise AssertionError("Redis did not come up")
