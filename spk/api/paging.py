"""Lists in parts: ?page= and ?per_page=, or ?limit=, and Link to the next (RFC 8288)."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from flask import current_app, request
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.api.body import read_query

MOST = 100
T = TypeVar("T")


class Paging(TypedDict, total=False):
    """Which part of a list."""

    page: Annotated[int, Field(ge=1, le=1_000_000)]
    per_page: Annotated[int, Field(ge=1, le=MOST)]
    limit: Annotated[int, Field(ge=1, le=MOST, description="The same as `per_page`.")]


class Search(Paging, total=False):
    """Which part of what is found."""

    q: Annotated[str, Field(description="Only those with this in their name.")]


@dataclass(frozen=True)
class Slice:
    """`limit` items from `offset` on."""

    number: int
    limit: int
    search: str

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.limit

    def of(self, items: list[T]) -> list[T]:
        return items[self.offset : self.offset + self.limit]

    def link_to_next(self) -> str:
        query = urlencode({**request.args.to_dict(), "page": self.number + 1})
        return f'<{current_app.config["BASE_URL"]}{request.path}?{query}>; rel="next"'


def read_slice(query: TypeAdapter[Any]) -> Slice:
    given = read_query(query)
    return Slice(given.get("page", 1), given.get("per_page") or given.get("limit", MOST), given.get("q", ""))
