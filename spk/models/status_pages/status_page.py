"""A status page, and its overall status."""

import zoneinfo
from datetime import datetime
from functools import partial
from typing import Unpack

from flask import current_app
from sqlalchemy import ForeignKey, Select, String, Text, bindparam, false, func, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spk.db import Base, db, now
from spk.models.accounts.user import User
from spk.models.status_pages.branding import WEBSITE_LENGTH, Logo
from spk.models.status_pages.component import Component
from spk.models.status_pages.component_group import ComponentGroup
from spk.models.status_pages.former_slug import FormerSlug
from spk.models.status_pages.identifier import (
    ID_LENGTH,
    SLUG_LENGTH,
    choose_slug,
    is_id_or_slug,
    new_id,
    save_with_slug,
)
from spk.models.status_pages.page_components import PageComponents
from spk.models.status_pages.page_incidents import PageIncidents
from spk.models.status_pages.page_states import PageState
from spk.models.status_pages.status_page_fields import NAME, PageChanges


class StatusPage(PageComponents, PageState, Base):
    """A page that everybody can read and its owner can change."""

    __tablename__ = "status_pages"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME.limit))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    website: Mapped[str | None] = mapped_column(String(WEBSITE_LENGTH))
    accent: Mapped[str | None] = mapped_column(String(7))
    frame_origins: Mapped[tuple[str, ...]] = mapped_column(default=(), server_default=text("''"))
    hidden_from_search: Mapped[bool] = mapped_column(default=False, server_default=false())
    logo: Mapped[str | None] = mapped_column(Text, deferred=True)
    logo_name: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User] = relationship()
    components: Mapped[list[Component]] = relationship(
        back_populates="page",
        lazy="selectin",  # a page is never used without them
        order_by=(Component.position, Component.created_at),
        cascade="all, delete-orphan",
        passive_deletes=True,
    )
    groups: Mapped[list[ComponentGroup]] = relationship(
        back_populates="page",
        order_by=ComponentGroup.created_at,
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @classmethod
    def published(cls, key: str | None = None) -> "StatusPage | None":
        """A public page by id or slug; without a key, SPK_FRONT_PAGE or the first account’s oldest page."""
        if (chosen := select_published(key)) is None:
            return None
        statement, values = chosen
        return db.session.scalar(statement.limit(1), values)

    @classmethod
    def formerly(cls, slug: str) -> "StatusPage | None":
        """The public page that once had this slug."""
        page_id = FormerSlug.page_id_of(slug)
        return cls.published(page_id) if page_id else None

    @classmethod
    def is_slug_taken(cls, slug: str, user_id: int) -> bool:
        """Whether any page has this as its slug or id, or it is kept for somebody else."""
        taken = select(cls.id).where(or_(cls.id == slug, cls.slug == slug))
        is_used = db.session.scalar(taken.limit(1)) is not None
        return is_used or FormerSlug.is_kept_from(user_id, slug)

    @property
    def url(self) -> str:
        return f"{current_app.config['BASE_URL']}/p/{self.slug}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def incidents(self) -> PageIncidents:
        return PageIncidents(self)

    def change(self, **changes: Unpack[PageChanges]) -> None:
        """Change the given fields; raises InvalidField if the slug is taken."""
        slug, former = changes.pop("slug", self.slug), self.slug
        if slug != former:
            is_taken = partial(StatusPage.is_slug_taken, user_id=self.user_id)
            save_with_slug(self, choose_slug(slug, self.name, self.id, is_taken))
            FormerSlug.reuse(slug)
            FormerSlug.keep(former, self.user_id, self.id)
        if "frame_origins" in changes:
            self.frame_origins = tuple(changes.pop("frame_origins"))
        for field, value in changes.items():
            setattr(self, field, value)
        self.mark_changed()

    def set_logo(self, logo: Logo | None) -> None:
        """Show this logo, or none."""
        self.logo, self.logo_name = (logo.data, logo.name) if logo else (None, None)
        self.mark_changed()

    @property
    def logo_size(self) -> list[int]:
        """Its width and height in px as it is shown, at half of what it has."""
        return [int(each) // 2 for each in (self.logo_name or "").partition("-")[2].split("x")]

    def mark_changed(self) -> None:
        """Record that something on the page has changed."""
        self.updated_at = now()
        db.session.flush()
        self.forget_state()

    def delete(self) -> None:
        self.user.record("status_page:delete", self.name)
        FormerSlug.keep_all(self.slug, self.user_id, self.id)
        db.session.delete(self)


_published = select(StatusPage).where(StatusPage.user.has(disabled_at=None))
_with_key = _published.where(or_(StatusPage.id == bindparam("key"), StatusPage.slug == bindparam("key")))
_of_first_account = _published.where(StatusPage.user_id == select(func.min(User.id)).scalar_subquery())
_oldest_first = _of_first_account.order_by(StatusPage.created_at, StatusPage.id)


def select_published(key: str | None) -> tuple[Select[StatusPage], dict[str, str]] | None:
    """The query whose first row is a public page, and its parameters; None if no page can have this key."""
    key = current_app.config["FRONT_PAGE"] if key is None else key
    if key is None:
        return _oldest_first, {}
    return (_with_key, {"key": key}) if is_id_or_slug(key) else None
