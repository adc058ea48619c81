"""Where changes come from, for the events that tell of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

BROWSER_LENGTH = 100  # characters


@dataclass(frozen=True)
class Origin:
    """Where changes come from: a page, the API or a command."""

    door: Literal["page", "api", "command"]
    address: str | None = None
    browser: str | None = None
    key_prefix: str | None = None
    session_id: int | None = None


_origin: ContextVar[Origin | None] = ContextVar("origin of changes", default=None)


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """Have the events of this block say where they come from."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def origin_now() -> Origin | None:
    """What `acting` says, if a block of it is open."""
    return _origin.get()
