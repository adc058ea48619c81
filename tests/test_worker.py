"""Clients that take their time: nobody else waits for them for long."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spk.server import THREADS
from tests.data_dirs import copy_data_dir
from tests.people import LiveServer, serve

# With less patience than it is shipped with, so that the tests needn't have it either.
HASTY = "import spk.worker; spk.worker.READ_TIMEOUT = 1; from spk.cli import main; main(['serve'])"
HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
UNFINISHED = {
    "half a line": HEAD[:9],
    "half a head": HEAD,
    "half a body": HEAD + b"Content-Length: 50\r\n\r\nemail=",
    "half an empty line": HEAD + b"\r\n"[:1],
}


@pytest.fixture(scope="module")
def server(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    directory = tmp_path_factory.mktemp("hasty")
    copy_data_dir(prepared_data, directory / "data")
    with serve(directory, sys.executable, "-c", HASTY) as server:
        yield server


def connect(server: LiveServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.environ["SPK_BIND"].split(":")[1])), timeout=20)


@pytest.mark.parametrize("what", UNFINISHED)
def test_as_many_slow_clients_as_threads_keep_nobody_out(what: str, server: LiveServer) -> None:
    with ExitStack() as slow:
        for _ in range(THREADS):
            slow.enter_context(connect(server)).sendall(UNFINISHED[what])
        with connect(server) as other:
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 200"


def test_a_client_that_sends_a_byte_now_and_then_is_not_waited_for_longer(server: LiveServer) -> None:
    started = time.monotonic()
    with connect(server) as slow:
        slow.sendall(HEAD + b"X: ")
        slow.settimeout(0.1)
        while time.monotonic() < started + 20:
            try:
                slow.sendall(b"x")
                assert slow.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                pass
            return
    raise AssertionError("the server still reads")


def test_the_body_that_did_not_come_is_told(server: LiveServer) -> None:
    with connect(server) as slow:
        slow.sendall(UNFINISHED["half a body"])
        assert slow.recv(12) == b"HTTP/1.1 400"


def test_a_slow_client_leaves_no_error_in_the_log(server: LiveServer) -> None:
    with connect(server) as slow:
        slow.sendall(HEAD)
        assert slow.recv(1) == b""
    assert "Traceback" not in server.log()
