"""Clients that take their time: nobody else waits for them."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spk import create_app
from spk.engines import close
from spk.server import SLOTS
from tests.attack.connection import SignedIn
from tests.data_dirs import copy_data_dir
from tests.locks import write_lock
from tests.people import LiveServer, Person, serve
from tests.slow_clients import UNFINISHED, ask, connect, get, publish_much, read_all, stop_reading

MANY = 3 * SLOTS
SOON = 4.0  # s: less than spk waits for a client or a lock, and more than a busy machine takes for an answer
SERVED = [b"HTTP/1.1 200 OK", b"HTTP/1.1 204 NO CONTENT", 303]


@pytest.fixture(scope="module")
def server(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """As it is shipped, but for the number of workers, with a page that has much on it."""
    directory = tmp_path_factory.mktemp("server")
    publish_much(copy_data_dir(prepared_data, directory / "data"))
    with serve(directory) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: LiveServer) -> Iterator[Person]:
    app = create_app(server.environ)
    yield Person(app, "ada@example.com")
    with app.app_context():
        close()


@pytest.fixture(scope="module")
def session(server: LiveServer) -> SignedIn:
    return SignedIn.at(server.url, "ada@example.com")


@pytest.fixture
def slow() -> Iterator[ExitStack]:
    """Where slow clients stay connected until the test ends."""
    with ExitStack() as stack:
        yield stack


def served_soon(server: LiveServer, ada: Person, session: SignedIn) -> list[bytes | int]:
    """What a supervisor, the gate and somebody who revokes a key are answered, none of whom waits long."""
    token = ada.create_key()
    started = time.monotonic()
    answers: list[bytes | int] = [
        ask(server, get("/healthz"), SOON),
        ask(server, get("/verify", f"Authorization: Bearer {token}"), SOON),
        session.revoke(server.url, token, htmx=False).status,
    ]
    assert time.monotonic() - started < SOON
    return answers


@pytest.mark.parametrize("sent", [b"", *UNFINISHED.values()], ids=["nothing", *UNFINISHED])
def test_slow_senders_keep_nobody_out(
    sent: bytes, server: LiveServer, ada: Person, session: SignedIn, slow: ExitStack
) -> None:
    for _ in range(MANY):
        slow.enter_context(connect(server)).sendall(sent)
    assert served_soon(server, ada, session) == SERVED


def test_readers_that_do_not_read_keep_nobody_out(
    server: LiveServer, ada: Person, session: SignedIn, slow: ExitStack
) -> None:
    for _ in range(MANY):
        stop_reading(slow.enter_context(connect(server)))
    assert served_soon(server, ada, session) == SERVED


@pytest.mark.parametrize("request_", [get("/healthz", "Connection: close"), b"nonsense\r\n\r\n"])
def test_clients_that_do_not_hang_up_keep_nobody_out(
    request_: bytes, server: LiveServer, ada: Person, session: SignedIn, slow: ExitStack
) -> None:
    for _ in range(MANY):
        slow.enter_context(connect(server)).sendall(request_)
    assert served_soon(server, ada, session) == SERVED


def test_while_many_wait_for_a_writer_the_gate_is_open(
    server: LiveServer, ada: Person, slow: ExitStack
) -> None:
    header = f"Authorization: Bearer {ada.create_key()}"
    assert ask(server, get("/verify", header)) == SERVED[1]  # so that its use is noted
    waits: list[float] = []
    with write_lock(ada.app):
        writers = [slow.enter_context(connect(server)) for _ in range(MANY)]
        for writer in writers:
            form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nname=x"
            writer.sendall(get("/api/v1/pages", header).replace(b"GET", b"POST")[:-2] + form)
        while not select.select(writers, [], [], 0)[0]:
            started = time.monotonic()
            assert [ask(server, get("/healthz")), ask(server, get("/verify", header))] == SERVED[:2]
            waits.append(time.monotonic() - started)
    assert len(waits) > 5
    assert max(waits) < SOON


def test_half_a_form_is_not_taken_for_a_whole_one(server: LiveServer, ada: Person) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    head = get("/api/v1/pages", f"Authorization: Bearer {ada.create_key()}", form, "Content-Length: 20")
    with connect(server) as client:
        client.sendall(head.replace(b"GET", b"POST") + b"name=Half")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).startswith(b"HTTP/1.1 400 ")
