"""The status pages of a user: finding, listing and creating them."""

from typing import TYPE_CHECKING, Unpack

from sqlalchemy import select

from spk.db import db, now
from spk.models.identifier import choose_slug, claim_slug, new_id
from spk.models.refusal import LimitReached
from spk.models.status_page import NewPage, StatusPage

if TYPE_CHECKING:
    from spk.models.user import User


class PageLimitReached(LimitReached):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Your plan allows {limit} status page{'s' * (limit != 1)}. "
            "Delete one you no longer need, then create a new page."
        )


class StatusPages:
    """A person's pages, whatever their plan says by now."""

    def __init__(self, user: "User") -> None:
        self.user = user

    def all(self) -> list[StatusPage]:
        """The oldest first."""
        pages = select(StatusPage).filter_by(user_id=self.user.id).order_by(StatusPage.created_at)
        return list(db.session.scalars(pages))

    def find(self, key: str) -> StatusPage | None:
        """By id or slug."""
        return next((page for page in self.all() if key in (page.id, page.slug)), None)

    def create(self, **given: Unpack[NewPage]) -> StatusPage:
        """Add a page; raises PlanRequired, PageLimitReached or InvalidField."""
        db.session.refresh(self.user, with_for_update=True)  # one at a time, so that the limit holds
        self.user.require("status_pages")
        limit = self.user.plan.status_pages
        if len(self.all()) >= limit:
            raise PageLimitReached(limit)
        name, identifier = given["name"], new_id()
        slug = choose_slug(given.pop("slug", None), name, identifier, StatusPage.find)
        page = StatusPage(id=identifier, user=self.user, name=name, created_at=now())
        claim_slug(page, slug)
        page.change(**given)
        self.user.record("status_page:create", page.name)
        return page
