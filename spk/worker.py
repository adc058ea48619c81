"""The gunicorn worker: answers unreadable requests with the API’s errors, and ends slow connections."""

import math
import socket
import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from flask import Response
from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from spk.api.problem import Problem, problem
from spk.connection import Connection
from spk.headers import HEADERS

READ_TIMEOUT = 30.0  # s, for a whole request
SEND_TIMEOUT = 10.0  # s in which a client must accept some of the response
CROWDED = 0.75  # of the threads: while more are in use,
CROWDED_BYTES = 64 * 1024**2  # or more is unsent,
CROWDED_TIMEOUT = 2.0  # s apply to both
UNREADABLE = Problem(400, "invalid_request", "This request can’t be read: it isn’t valid HTTP.")
PROBLEMS = {
    errors.LimitRequestLine: Problem(414, "address_too_long", "This address is too long."),
    errors.LimitRequestHeaders: Problem(431, "headers_too_large", "Send fewer or shorter headers."),
    errors.ExpectationFailed: Problem(417, "expectation_failed", "Send this without the header Expect."),
    errors.UnsupportedTransferCoding: Problem(501, "not_implemented", "Send the body with Content-Length."),
}
RESPONSE_ERRORS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn publishes no types
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.started: dict[Connection, float] = {}  # when a thread took each connection

    def accept(self, listener: Any) -> None:  # noqa: ANN401  # of gunicorn, without types
        """Wait for the first byte in the main loop, so that silent connections take no threads."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            conn = Connection.accept(listener, self.cfg)
            self.nr_conns += 1
            conn.set_timeout()
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: Connection) -> bool:
        self.started[conn] = time.monotonic()
        try:
            is_kept: bool = super().handle(conn)
            if not is_kept:
                util.close_graceful(conn.sock)  # gunicorn would do it in the main loop, and block everybody
            return is_kept
        finally:
            del self.started[conn]

    def murder_pending(self) -> None:
        """Called at least once a second; gunicorn’s own timeouts don’t cover waiting in a thread."""
        super().murder_pending()
        now, started = time.monotonic(), self.started.copy()
        unsent = sum(conn.sock.unsent for conn in started)
        is_crowded = len(started) > CROWDED * self.cfg.threads or unsent > CROWDED_BYTES
        limit = CROWDED_TIMEOUT if is_crowded else math.inf
        for conn, since in started.items():
            with suppress(OSError):
                if now - conn.sock.sends_since > min(SEND_TIMEOUT, limit):
                    conn.sock.shutdown(socket.SHUT_RDWR)
                elif conn.sock.is_read and now - since > min(READ_TIMEOUT, limit):
                    conn.sock.shutdown(socket.SHUT_RD)  # ends the read; a response can still be sent

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:  # noqa: ANN401  # of gunicorn, without types
        """Avoid gunicorn’s HTML response, and its log line, which quotes the request."""
        if not isinstance(exc, errors.ParseException) or isinstance(exc, RESPONSE_ERRORS):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("unreadable request: %s", type(exc).__name__)
        if req is None:  # else it was answered already, and only the rest of its body is invalid
            with suppress(OSError):
                util.write_nonblock(client, _as_bytes(PROBLEMS.get(type(exc), UNREADABLE)))


def _as_bytes(refusal: Problem) -> bytes:
    answer: Response = problem(refusal, str(refusal.description))
    answer.headers.update({**HEADERS, "Cache-Control": "no-store", "Connection": "close"})
    return f"HTTP/1.1 {answer.status}\r\n{answer.headers}".encode() + answer.get_data()
