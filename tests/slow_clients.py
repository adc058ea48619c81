"""Clients that take their time over a request or an answer."""

import math
import socket
import time
from contextlib import suppress

from spk import create_app
from spk.db import writing
from spk.engines import close
from spk.models import StatusPage
from tests.people import LiveServer, Person

HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
UNFINISHED = {
    "half a line": HEAD[:9],
    "half a head": HEAD,
    "half a body": HEAD + b"Content-Length: 50\r\n\r\nemail=",
    "half an empty line": HEAD + b"\r\n"[:1],
}
LARGE = "/p/acme/incidents/long"
UPDATES, LENGTH = 25, 25_000
AT_LEAST = UPDATES * LENGTH * len("€".encode())  # bytes: more than the kernel takes for a client


def publish_much(environ: dict[str, str]) -> None:
    """Give Ada a page with a long incident."""
    app = create_app(environ)
    Person(app, "ada@example.com").create_page("Acme")
    with app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page is not None
        incident = page.incidents.create(name="Long", body="€" * LENGTH)
        for _ in range(UPDATES - 1):
            incident.change(body="€" * LENGTH)
    with app.app_context():
        close()


def connect(server: LiveServer, timeout: float = 20) -> socket.socket:
    """A connection of a client that has room for little, and waits for nothing longer than this."""
    host, _, port = server.environ["SPK_BIND"].rpartition(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(timeout)
    client.connect((host, int(port)))
    return client


def get(path: str, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in ("Host: localhost", *headers))
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def stop_reading(client: socket.socket) -> socket.socket:
    """Ask for a large answer, and take in its first byte."""
    client.sendall(get(LARGE))
    assert client.recv(1) == b"H"
    return client


def ask(server: LiveServer, request: bytes, timeout: float = 20) -> bytes:
    """The first line of the answer."""
    with connect(server, timeout) as client:
        client.sendall(request)
        return client.recv(1024).partition(b"\r\n")[0]


def read_all(client: socket.socket, bytes_a_second: float = math.inf) -> bytes:
    """All that comes, however the connection ends."""
    found = b""
    with suppress(ConnectionError):
        while piece := client.recv(65536):
            found += piece
            time.sleep(len(piece) / bytes_a_second)  # slowness is what this is about
    return found
