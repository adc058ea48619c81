"""Which public page is at an address, and as of when: one small look-up for each reader."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Select

from spk.autocommit import PreparedSelect
from spk.models.status_pages.status_page import StatusPage, select_published


class PageVersion(NamedTuple):
    """A page in one state, which each change of what it shows ends."""

    id: str
    user_id: int
    updated_at: datetime

    @classmethod
    def find(cls, key: str | None) -> "PageVersion | None":
        """That of the page which StatusPage.published has for this key, as of now."""
        if (chosen := select_published(key)) is None:
            return None
        statement, values = chosen
        return _prepare(statement).first(**values)


@cache
def _prepare(statement: Select[StatusPage]) -> PreparedSelect[PageVersion]:
    columns = (getattr(StatusPage, name) for name in PageVersion._fields)
    return PreparedSelect(PageVersion, statement.with_only_columns(*columns))
