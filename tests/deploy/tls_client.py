"""Requests as bytes, over TLS to a proxy."""

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPResponse
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def problem(self) -> dict[str, Any]:
        """The JSON that explains a refusal to a program."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        found = json.loads(self.body)
        assert found["status"] == self.status
        return dict(found)


@dataclass(frozen=True)
class Client:
    """A program that knows a proxy by a name and a port of this machine."""

    name: str
    port: int
    tls: bool = True
    protocols: tuple[str, ...] = ("http/1.1",)

    def ask(self, method: str, path: str, *headers: tuple[str, str], body: bytes = b"") -> Answer:
        """Send one request whose body is as long as Content-Length says, unless the headers say otherwise."""
        names = {name.lower() for name, _ in headers}
        extra = [("Host", self.name), ("Connection", "close"), ("Content-Length", str(len(body)))]
        if "transfer-encoding" in names or not body:
            extra.pop()
        lines = [f"{name}: {value}\r\n" for name, value in (*extra, *headers) if name.lower() not in names]
        lines += [f"{name}: {value}\r\n" for name, value in headers]
        return self.send(f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body, method)

    def get(self, path: str, *headers: tuple[str, str]) -> Answer:
        return self.ask("GET", path, *headers)

    def send(self, request: bytes, method: str = "GET", address: str = "127.0.0.1") -> Answer:
        """Send these bytes from an address; the answer, or status 0 where the connection ends without one."""
        with (
            self.connect(address) as connection,
            closing(HTTPResponse(connection, method=method)) as response,
        ):
            with suppress(OSError):  # an answer may come before all is sent
                connection.sendall(request)
            try:
                response.begin()
            except OSError:
                return Answer(0, Message(), b"")
            return Answer(response.status, response.headers, response.read())

    def connect(self, address: str = "127.0.0.1") -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), 20, (address, 0))
        return trusting(*self.protocols).wrap_socket(plain, server_hostname=self.name) if self.tls else plain


def trusting(*protocols: str) -> ssl.SSLContext:
    """Takes any certificate: those of the tests nobody has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context


def key(token: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {token}")


def chunked(body: bytes, size: int = 50_000) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def wait_until_up(
    client: Client, process: "subprocess.Popen[bytes]", log: Path, is_ready: Callable[[], bool] | None = None
) -> None:
    """Wait until the server takes connections, with TLS has a certificate, and is ready, if that is more."""
    deadline = time.monotonic() + 120  # a second, unless much else runs on the machine
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.connect().close()
            if is_ready is None or is_ready():
                return
        except OSError:
            pass
        time.sleep(0.02)  # the port opens when it opens: there is no event to wait for
    raise RuntimeError(f"{process.args!r} did not come up:\n{log.read_text()}")
