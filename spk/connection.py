"""A connection that records when a thread waits for its client."""

import math
import socket
import time
from typing import TYPE_CHECKING, Any

from gunicorn import util
from gunicorn.workers.gthread import TConn

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIECE = 16 * 1024  # bytes: a client that accepts so many has made progress


class Socket(socket.socket):
    """Records whether a thread reads, what is unsent, and since when the client has accepted nothing."""

    is_read = False
    sends_since = math.inf
    unsent = 0  # bytes of the response

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        self.is_read = True
        try:
            return super().recv(bufsize, flags)
        finally:
            self.is_read = False

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        rest = memoryview(data)
        try:
            while rest:
                self.unsent, self.sends_since = len(rest), time.monotonic()
                super().sendall(rest[:PIECE], flags)
                rest = rest[PIECE:]
        finally:
            self.unsent, self.sends_since = 0, math.inf


class Connection(TConn):  # type: ignore[misc]  # gunicorn publishes no types
    """gunicorn’s connection, with such a socket."""

    @classmethod
    def accept(cls, listener: Any, cfg: object) -> "Connection":  # noqa: ANN401  # of gunicorn, without types
        """Accept the next client; raises BlockingIOError if there is none."""
        accepted, client = listener.accept()
        sock = Socket(accepted.family, accepted.type, accepted.proto, accepted.detach())
        if sock.family != socket.AF_UNIX:
            # Else the kernel buffers megabytes, and reports progress only for large parts of them.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, PIECE)
        return cls(cfg, sock, client, listener.getsockname())

    def close(self, graceful: bool = False) -> None:
        """Close at once; a thread has already closed it gracefully where that was possible."""
        util.close(self.sock)
