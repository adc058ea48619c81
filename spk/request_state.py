"""What is known of the request under way, for the hooks that come later."""

import secrets
import time
from dataclasses import dataclass, field

from flask import Flask, g
from limits import RateLimitItem

from spk.models.accounts.caller import Caller


@dataclass(frozen=True)
class RateLimitUse:
    """What is left of a limit, and the seconds until it begins anew."""

    policy: str
    limit: RateLimitItem
    remaining: int
    seconds: int


@dataclass
class RequestState:
    """One for each request, from its first hook on."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    started: float = field(default_factory=time.perf_counter)
    csp_nonce: str | None = None  # made once a page asks for it
    caller: Caller | None = None  # whose key opened the door
    refusal: str | None = None  # the code of why it was refused
    rate_limit: RateLimitUse | None = None  # the last one that it counted for


def init_app(app: Flask) -> None:
    app.before_request(_begin)


def _begin() -> None:
    g.request_state = RequestState()


def request_state() -> RequestState:
    state: RequestState = g.request_state
    return state
