"""The gunicorn worker: answers unreadable requests with the API’s errors, and limits the time to read one."""

import socket
import time
from contextlib import suppress
from typing import Any

from flask import Response
from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from spk.api.problem import Problem, problem
from spk.headers import HEADERS

READ_TIMEOUT = 30.0  # s: a request that takes longer to arrive would block a thread
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
        self.deadlines: dict[Any, float] = {}  # by connection, on the monotonic clock

    def handle(self, conn: Any) -> Any:  # noqa: ANN401  # of gunicorn, without types
        self.deadlines[conn] = time.monotonic() + READ_TIMEOUT
        try:
            return super().handle(conn)
        finally:
            del self.deadlines[conn]

    def murder_pending(self) -> None:
        """Called at least once a second; gunicorn’s own timeouts don’t cover reading in a thread."""
        super().murder_pending()
        for conn, deadline in self.deadlines.copy().items():
            if deadline < time.monotonic():
                with suppress(OSError):
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
