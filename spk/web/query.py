"""What the query of an address asks for."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from flask import request

from spk.models.accounts import token
from spk.web import is_htmx


def asked() -> Mapping[str, str]:
    """The query of this page, or of the one on which htmx sent a form."""
    if request.method in ("GET", "HEAD"):
        return request.args
    page = request.headers.get("HX-Current-URL", "") if is_htmx() else ""
    return dict(parse_qsl(page.partition("?")[2].partition("#")[0]))


def page_number() -> int:
    """The part of something long that ?page= asks for."""
    number = asked().get("page", "")
    return max(1, int(number[:7])) if number.isdecimal() and len(number) <= 20 else 1


def prefix_in(name: str) -> str:
    """The prefix of a key in a parameter of the query, or nothing."""
    prefix = asked().get(name, "")
    return prefix if token.is_prefix(prefix) else ""
