"""A program behind a proxy that keeps what it gets as bytes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer


@dataclass(frozen=True)
class Received:
    """A request as the program behind the proxy got it."""

    head: bytes
    body: bytes

    def line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode("latin-1")

    def all(self, name: str) -> list[str]:
        """The values of this header, `_` taken for `-` as many programs do."""
        lines = [line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:]]
        return [value.strip() for found, _, value in lines if found.lower().replace("_", "-") == name.lower()]


class Program(ThreadingTCPServer):
    """Answers “ok” to everything, with status 500 below /fails, and keeps it; a WebSocket echoes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.received: list[Received] = []
        self.port: int = self.server_address[1]

    def last(self) -> Received:
        return self.received[-1]


class _Keep(StreamRequestHandler):
    timeout = 20

    def handle(self) -> None:
        lines = list(iter(self.rfile.readline, b"\r\n"))
        head = b"".join(lines)
        message = Received(head, b"")
        length = (message.all("Content-Length") or ["0"])[0]
        body = self._chunks() if message.all("Transfer-Encoding") else self.rfile.read(int(length))
        assert isinstance(self.server, Program)
        if head:
            self.server.received.append(Received(head, body))
            if message.all("Upgrade"):
                self._echo(message.all("Upgrade")[0])
                return
            status = b"500 Oh" if b" /fails" in head else b"200 OK"
            self.wfile.write(b"HTTP/1.1 %b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok" % status)

    def _echo(self, protocol: str) -> None:
        head = f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
        self.wfile.write(head.encode())
        self.wfile.write(self.rfile.readline())

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


@contextmanager
def run_program() -> Iterator[Program]:
    with Program() as program:
        thread = threading.Thread(target=program.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield program
        finally:
            program.shutdown()
            thread.join()
