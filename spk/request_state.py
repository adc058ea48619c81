"""The state of the current request, shared by its hooks."""

import secrets
import time
from dataclasses import dataclass, field

from flask import Flask, g
from limits import RateLimitItem

from spk.models.accounts.caller import Caller, KeyRow


@dataclass(frozen=True)
class RateLimitUse:
    """What remains of a rate limit, and the seconds until it resets."""

    policy: str
    limit: RateLimitItem
    remaining: int
    seconds: int


@dataclass
class RequestState:
    """The state of one request, created by its first hook."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    started: float = field(default_factory=time.perf_counter)
    csp_nonce: str | None = None  # created when a page first uses it
    is_shared: bool = False  # whether anybody may keep the answer
    frame_origins: tuple[str, ...] = ()  # that may show this page in a frame
    key: KeyRow | None = None  # of the token, even one that is refused
    caller: Caller | None = None  # set once a key is accepted
    refusal: str | None = None  # why it was refused, as in the metrics
    known_browser: str | None = None  # the cookie for a browser that has just signed in
    rate_limit: RateLimitUse | None = None  # the last limit that counted it


def init_app(app: Flask) -> None:
    app.before_request(_begin)


def _begin() -> None:
    g.request_state = RequestState()


def request_state() -> RequestState:
    state: RequestState | None = g.get("request_state")
    if state is None:
        _begin()
        state = g.request_state
    return state
