"""Paging of lists: ?page= and ?per_page= or ?limit=, and a Link to the next page (RFC 8288)."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from flask import current_app, request
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from spk.api.body import read_query

MAX_PER_PAGE = 100
T = TypeVar("T")


class PagingQuery(TypedDict, total=False):
    """The query parameters of a list."""

    page: Annotated[int, Field(ge=1, le=1_000_000)]
    per_page: Annotated[int, Field(ge=1, le=MAX_PER_PAGE)]
    limit: Annotated[int, Field(ge=1, le=MAX_PER_PAGE, description="The same as `per_page`.")]


class SearchQuery(PagingQuery, total=False):
    """The query parameters of a list that can be searched."""

    q: Annotated[str, Field(description="Only items with this text in their name.")]


@dataclass(frozen=True)
class Paging:
    """Which part of a list to return: page `number`, of `limit` items, of those that match `search`."""

    number: int
    limit: int
    search: str

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.limit

    def apply(self, items: list[T]) -> list[T]:
        return items[self.offset : self.offset + self.limit]

    def link_to_next(self) -> str:
        query = urlencode({**request.args.to_dict(), "page": self.number + 1})
        return f'<{current_app.config["BASE_URL"]}{request.path}?{query}>; rel="next"'


def read_paging(query: TypeAdapter[Any]) -> Paging:
    given: SearchQuery = read_query(query)
    return Paging(
        given.get("page", 1), given.get("per_page") or given.get("limit", MAX_PER_PAGE), given.get("q", "")
    )
