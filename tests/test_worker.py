"""Clients that take their time: they are not waited for for long."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.data_dirs import copy_data_dir
from tests.people import LiveServer, serve
from tests.slow_clients import (
    AT_LEAST,
    HEAD,
    LARGE,
    UNFINISHED,
    ask,
    connect,
    get,
    publish_much,
    read_all,
    stop_reading,
)

# With one thread, whoever is answered shows that the one before is not waited for any more.
ONE_THREAD = """
import spk.server, spk.worker
from spk.cli import main
spk.server.THREADS = 1
vars(spk.worker).update({})
main(["serve"])
"""
HASTY = {
    "always": {"READ_TIMEOUT": 1, "SEND_TIMEOUT": 1, "CROWDED_TIMEOUT": 60},
    "in a crowd": {"CROWDED_TIMEOUT": 1},
}
SERVED = b"HTTP/1.1 200 OK"


@pytest.fixture(scope="module", params=HASTY)
def hasty(
    request: pytest.FixtureRequest, prepared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """With less patience than it is shipped with, so that the tests needn’t have it either."""
    directory = tmp_path_factory.mktemp("hasty")
    publish_much(copy_data_dir(prepared_data, directory / "data"))
    with serve(directory, sys.executable, "-c", ONE_THREAD.format(HASTY[request.param])) as server:
        yield server


@pytest.fixture
def slow() -> Iterator[ExitStack]:
    """Where slow clients stay connected until the test ends."""
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("what", UNFINISHED)
def test_a_slow_sender_is_not_waited_for_for_long(what: str, hasty: LiveServer, slow: ExitStack) -> None:
    slow.enter_context(connect(hasty)).sendall(UNFINISHED[what])
    assert ask(hasty, get("/healthz")) == SERVED


def test_a_client_that_sends_a_byte_now_and_then_is_not_waited_for_longer(hasty: LiveServer) -> None:
    started = time.monotonic()
    with connect(hasty) as slow:
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


def test_a_reader_that_does_not_read_is_not_waited_for_for_long(hasty: LiveServer, slow: ExitStack) -> None:
    reader = stop_reading(slow.enter_context(connect(hasty)))
    assert ask(hasty, get("/healthz")) == SERVED
    assert len(read_all(reader)) < AT_LEAST


def test_much_that_is_unsent_is_a_crowd_too(prepared_data: Path, tmp_path: Path, slow: ExitStack) -> None:
    publish_much(copy_data_dir(prepared_data, tmp_path / "data"))
    hasty = {"CROWDED": 9, "CROWDED_BYTES": 100_000, "CROWDED_TIMEOUT": 1}
    with serve(tmp_path, sys.executable, "-c", ONE_THREAD.format(hasty)) as server:
        stop_reading(slow.enter_context(connect(server)))
        assert ask(server, get("/healthz")) == SERVED


def test_a_slow_reader_that_goes_on_gets_all_of_a_large_answer(hasty: LiveServer) -> None:
    with connect(hasty) as reader:
        reader.sendall(get(LARGE, "Connection: close"))
        assert len(read_all(reader, bytes_a_second=2_000_000)) > AT_LEAST


def test_the_body_that_did_not_come_is_told(hasty: LiveServer) -> None:
    with connect(hasty) as slow:
        slow.sendall(UNFINISHED["half a body"].replace(b"/login", b"/api/v1/pages"))
        assert b"The body is shorter than Content-Length says." in read_all(slow)


def test_a_slow_client_leaves_no_error_in_the_log(hasty: LiveServer, slow: ExitStack) -> None:
    slow.enter_context(connect(hasty)).sendall(HEAD)
    stop_reading(slow.enter_context(connect(hasty)))
    assert ask(hasty, get("/healthz")) == SERVED
    assert "Traceback" not in hasty.log()
