"""What everybody reads is made when its page changes or the clock does, not for each reader.

Each read asks the database in which version its page is, so a copy is never older than the last change.
"""

import gzip
import hashlib
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import wraps
from threading import Lock
from typing import Any

from cachetools import LRUCache
from flask import Flask, Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers

from spk.db import now, reading
from spk.models.status_pages.clock import next_step
from spk.models.status_pages.page_version import PageVersion
from spk.request_state import request_state

MOST_KEPT = 32 * 1024**2  # bytes, in each worker
MINUTE = timedelta(minutes=1)  # the smallest unit of time that is shown
FOR_PROGRAMS = "public, max-age=15"  # s
# 1 s for nginx, which passes it on to nobody; before nginx 1.23 it counts only before Cache-Control.
FOR_NGINX = [("X-Accel-Expires", "1")]
AROUND = 2_048  # bytes that a copy takes besides
FOR_PEOPLE = "public, no-cache"  # kept by browsers, which ask each time whether it is the same

View = Callable[..., ResponseReturnValue]


class Copy:
    """An answer of one version of a page, whole and compressed, and the time for which it is right."""

    def __init__(self, response: Response, version: PageVersion, until: datetime) -> None:
        self.version, self.made, self.until = version, now(), until
        self.frame_origins = request_state().frame_origins
        body = response.get_data()
        # With what is said beside the body: who has that still is told of nothing else.
        etag = hashlib.sha256(f"{self.frame_origins}\n".encode() + body).hexdigest()[:32]
        response.vary.add("Accept-Encoding")
        del response.headers["Content-Length"]  # which Flask adds: 304 has none
        headers = [*FOR_NGINX, *response.headers]
        self.whole = self.compressed = body, etag, [*headers, ("ETag", f'"{etag}"')]
        if len(smaller := gzip.compress(body, mtime=0)) < len(body):
            encoded = ("Content-Encoding", "gzip"), ("ETag", f'"{etag}-gzip"')
            self.compressed = smaller, f"{etag}-gzip", [*headers, *encoded]
        self.size = len(body) + len(self.compressed[0]) + AROUND  # bytes

    def is_of(self, version: PageVersion) -> bool:
        """Whether it shows this version as of now, also to a clock that was put back."""
        return self.version == version and self.made <= now() < self.until

    def respond(self) -> Response:
        """What a reader gets, or 304 if they still have it (RFC 9110, 13.1.2)."""
        request_state().frame_origins = self.frame_origins
        wants_compressed = request.accept_encodings.quality("gzip") > 0
        body, etag, headers = self.compressed if wants_compressed else self.whole
        has_it = "If-None-Match" in request.headers and request.if_none_match.contains_weak(etag)
        return Response(b"" if has_it else body, 304 if has_it else 200, headers)


class Copies:
    """The copies of one worker, those least recently read making room for others."""

    def __init__(self) -> None:
        self._kept: LRUCache[Hashable, Copy] = LRUCache(MOST_KEPT, lambda copy: copy.size)
        self._lock = Lock()
        # A change lets all readers come at once: one of them makes the copy, and few wait for another one.
        self._making = [Lock() for _ in range(16)]

    def find(self, key: Hashable, version: PageVersion) -> Copy | None:
        with self._lock:
            copy = self._kept.get(key)
        return copy if copy and copy.is_of(version) else None

    def make(self, key: Hashable, slug: str | None, make: Callable[[], Response]) -> Response:
        """Answer with the copy that another reader has just made, or make it."""
        with self._making[hash(key) % len(self._making)]:
            version = PageVersion.find(slug)
            if version and (copy := self.find(key, version)):
                return copy.respond()
            with reading():
                response = make()
                if version is None or response.status_code != 200:
                    return response
                next_minute = now().replace(second=0, microsecond=0) + MINUTE
                copy = Copy(response, version, min(next_minute, next_step(version.id) or next_minute))
            if copy.size <= MOST_KEPT // 8 and PageVersion.find(slug) == version:
                with self._lock:
                    self._kept[key] = copy
        return copy.respond()


def init_app(app: Flask) -> None:
    app.extensions["copies"] = Copies()
    app.after_request(_replace_in_nginx)


def _replace_in_nginx(response: Response) -> Response:
    """Let nginx keep that a page is gone, too, or it would go on showing the page while spk is down."""
    if request_state().is_shared and response.status_code in (308, 404):
        response.headers = Headers([*FOR_NGINX, *response.headers])
    return response


def shared(cache_control: str, variant: Callable[[], Hashable] = lambda: None) -> Callable[[View], View]:
    """Share what a view answers, which depends on its arguments, the variant, its page and the clock only."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(slug: str | None = None, **values: Any) -> Response:  # noqa: ANN401  # of any view
            def make() -> Response:
                response = make_response(view(slug, **values))
                response.headers["Cache-Control"] = cache_control
                return response

            request_state().is_shared = True
            if (version := PageVersion.find(slug)) is None:
                with reading():
                    return make()  # which says so, or leads from a former slug
            copies: Copies = current_app.extensions["copies"]
            key = request.endpoint, version.id, *values.values(), variant()
            copy = copies.find(key, version)
            return copy.respond() if copy else copies.make(key, slug, make)

        return answer

    return decorate
