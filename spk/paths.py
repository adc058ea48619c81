"""Paths that several modules need to know."""

import re

API = "/api/v1"
GATE = "/verify"
HEALTH = "/healthz"
READY = "/readyz"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1
# What is like its address is for the gate to refuse: a proxy that asks there must not be given a page.
_GATE = re.compile(rf"/*{GATE}\b", re.IGNORECASE)
_INSIDE = re.compile(rf"({GATE}|/metrics)(/|$)")
_PUBLIC_DATA = re.compile(r"(/p/[^/]*)?/(api/v2/.*|history\.(rss|atom)|badge\.svg)/?|/api/openapi\.json/?")
_FOR_PROGRAMS = re.compile(r"(/p/[^/]*)?/api(/|$)")


def is_api(path: str) -> bool:
    """Whether this is the API for keys, which answers in JSON."""
    return _is_at_or_below(path, API)


def is_gate(path: str) -> bool:
    """Whether a proxy asks here, or means to."""
    return _GATE.match(path) is not None


def is_inside(path: str) -> bool:
    """Whether proxies keep this from whoever is outside."""
    return _INSIDE.match(path) is not None


def is_for_programs(path: str) -> bool:
    """Whether this is an API, with or without a key, whose errors are JSON."""
    return _FOR_PROGRAMS.match(path) is not None


def is_public_data(path: str) -> bool:
    """Whether the pages of any site may read this."""
    return _PUBLIC_DATA.fullmatch(path) is not None


def _is_at_or_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")
