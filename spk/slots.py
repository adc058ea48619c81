"""Limits how many requests the application handles at once, so that slow clients can’t occupy it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from threading import Semaphore
from typing import TYPE_CHECKING

from werkzeug.wsgi import get_content_length

from spk.config import MAX_BODY
from spk.paths import GATE, HEALTH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Slots:
    """The application, behind a semaphore that is held neither for the body nor for sending the response.

    The gate never waits for a writer, so it has its own semaphore, and `/healthz` needs none.
    """

    def __init__(self, app: "WSGIApplication", number: int) -> None:
        self.app = app
        self.slots = Semaphore(number)
        self.own: dict[str, AbstractContextManager[object]] = {GATE: Semaphore(number), HEALTH: nullcontext()}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        _read_body(environ)
        with self.own.get(environ["PATH_INFO"], self.slots):
            return self.app(environ, start_response)


def _read_body(environ: "WSGIEnvironment") -> None:
    """Read the body before taking a slot, unless the application will refuse it unread."""
    length = get_content_length(environ)
    if length and length <= MAX_BODY:
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        # With this flag from gunicorn, Werkzeug would take a body that was cut off for a whole one.
        del environ["wsgi.input_terminated"]
