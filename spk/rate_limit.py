"""Rate limits, counted by the limits library."""

import math
import time
from contextlib import nullcontext
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from threading import Lock

from flask import Flask, Response, current_app, request
from limits import RateLimitItem
from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, Storage, storage_from_string
from werkzeug.exceptions import TooManyRequests

from spk.config import ConfigError
from spk.request_state import RateLimitUse, request_state

# Seconds; a request must not wait for a store that hangs.
REDIS_TIMEOUTS = {"socket_timeout": 1, "socket_connect_timeout": 1}


def init_app(app: Flask) -> None:
    uri = app.config["RATELIMIT_STORAGE_URI"]
    options = REDIS_TIMEOUTS if uri.startswith("redis") else {}
    try:
        storage = storage_from_string(uri, wrap_exceptions=True, **options)
    except (ConfigurationError, ValueError):  # not chained, because its message may contain a password
        storage = None
    if not isinstance(storage, Storage):  # limits also has asynchronous ones
        raise ConfigError(
            "SPK_RATELIMIT_STORAGE_URI must be memory:// or an address like redis://localhost:6379."
        )
    app.extensions["rate_limits"] = storage
    # Two who count in memory at once would both start its thread that forgets, and one of them fail.
    app.extensions["rate_limits_lock"] = Lock() if isinstance(storage, MemoryStorage) else nullcontext()
    app.after_request(_add_headers)


def hit(limit: RateLimitItem, policy: str, who: str) -> None:
    """Count a request of `who`; raises TooManyRequests once the limit of this policy is used up."""
    storage: Storage = current_app.extensions["rate_limits"]
    key = limit.key_for(policy, who)
    with current_app.extensions["rate_limits_lock"]:
        used = storage.incr(key, limit.get_expiry())
    seconds = max(1, math.ceil(storage.get_expiry(key) - time.time()))
    request_state().rate_limit = RateLimitUse(policy, limit, max(0, limit.amount - used), seconds)
    if used > limit.amount:
        raise TooManyRequests(retry_after=seconds)


def client_address() -> str:
    """Who asks, as far as the address of this request tells."""
    return client_network(request.remote_addr)


@lru_cache(maxsize=1024)
def client_network(remote_addr: str | None) -> str:
    """The IPv4 address or IPv6 /64 network to count by: one IPv6 client has a whole /64 (RFC 6177)."""
    try:
        address = ip_address(remote_addr or "")
    except ValueError:  # a unix socket has no address
        return "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


def _add_headers(response: Response) -> Response:
    """RateLimit and RateLimit-Policy, draft-ietf-httpapi-ratelimit-headers-10."""
    if use := request_state().rate_limit:
        seconds = use.limit.get_expiry()
        response.headers["RateLimit-Policy"] = f'"{use.policy}";q={use.limit.amount};w={seconds}'
        response.headers["RateLimit"] = f'"{use.policy}";r={use.remaining};t={use.seconds}'
    return response
