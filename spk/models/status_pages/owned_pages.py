"""The status pages that a user owns: finding, listing and creating them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, lazyload

from spk.db import db, now
from spk.models.refusal import InvalidValue, LimitReached
from spk.models.status_pages.former_slug import FormerSlug
from spk.models.status_pages.identifier import choose_slug, is_id_or_slug, new_id, save_with_slug
from spk.models.status_pages.page_states import load_clocks
from spk.models.status_pages.status_page import StatusPage
from spk.models.status_pages.status_page_fields import NewPage

if TYPE_CHECKING:
    from spk.models.accounts.user import User


class NamedPage(NamedTuple):
    """What a page is called."""

    id: str
    slug: str
    name: str


class PageLimitReached(LimitReached):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Your plan allows {limit} status page{'s' * (limit != 1)}. "
            "Delete one you no longer need, then create a new page."
        )


class OwnedPages:
    """A user’s pages, even those that their current plan wouldn’t allow; of a key’s, those it is for."""

    def __init__(self, user: "User", only: tuple[str, ...] | None = None) -> None:
        self.user = user
        self.only = only  # ids

    def all(self) -> list[StatusPage]:
        """All pages, oldest first."""
        return list(db.session.scalars(self._select().order_by(StatusPage.created_at)))

    def first(self) -> StatusPage | None:
        """The oldest."""
        oldest: StatusPage | None = db.session.scalar(self._select().order_by(StatusPage.created_at).limit(1))
        return oldest

    def listed(self, limit: int, offset: int) -> list[StatusPage]:
        """Some of them, without their components."""
        some = self._select().order_by(StatusPage.created_at).limit(limit).offset(offset)
        pages = list(db.session.scalars(some.options(lazyload(StatusPage.components))))
        load_clocks(pages)
        return pages

    def named(self) -> list[NamedPage]:
        """What they are called, oldest page first."""
        named = self._select(StatusPage.id, StatusPage.slug, StatusPage.name).order_by(StatusPage.created_at)
        return [NamedPage(*row) for row in db.session.execute(named)]

    def names(self) -> dict[str, str]:
        """Their names by id."""
        return {page.id: page.name for page in self.named()}

    def ids(self, slugs: Iterable[str]) -> tuple[str, ...]:
        """The ids of the pages with these slugs; raises InvalidValue naming a slug that no page has."""
        known = {page.slug: page.id for page in self.named()}
        if unknown := [slug for slug in slugs if slug not in known]:
            raise InvalidValue(f"You have no page “{unknown[0][:60]}”.")
        return tuple({known[slug]: None for slug in slugs})

    def find(self, key: str) -> StatusPage | None:
        """By id or slug."""
        return db.session.scalar(self._matching(key)) if is_id_or_slug(key) else None

    def lock(self, key: str) -> StatusPage | None:
        """Find a page by id or slug and lock it until the transaction ends."""
        return db.session.scalar(self._matching(key).with_for_update()) if is_id_or_slug(key) else None

    def create(self, **fields: Unpack[NewPage]) -> StatusPage:
        """Add a page; raises PlanRequired, PageLimitReached or InvalidField."""
        # One page at a time, or the limit could be exceeded.
        self.user.lock()
        self.user.require("status_pages")
        limit = self.user.plan.status_pages
        if (db.session.scalar(select(func.count()).where(StatusPage.user_id == self.user.id)) or 0) >= limit:
            raise PageLimitReached(limit)
        name, identifier = fields["name"], new_id()
        slug = choose_slug(fields.pop("slug", None), name, identifier, self._is_slug_taken)
        page = StatusPage(id=identifier, user=self.user, name=name, created_at=now())
        save_with_slug(page, slug)
        FormerSlug.reuse(slug)
        page.change(**fields)
        self.user.record("status_page:create", page.name)
        return page

    def _is_slug_taken(self, slug: str) -> bool:
        return StatusPage.is_slug_taken(slug, self.user.id)

    def _select(self, *columns: InstrumentedAttribute[str]) -> Select[Any]:
        own = select(*(columns or (StatusPage,))).where(StatusPage.user_id == self.user.id)
        return own if self.only is None else own.where(StatusPage.id.in_(self.only))

    def _matching(self, key: str) -> Select[Any]:
        return self._select().where(or_(StatusPage.id == key, StatusPage.slug == key))
