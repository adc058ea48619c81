"""A slug that a page once had: it leads to the page, and is given to nobody else for years."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, String, and_, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.status_pages.identifier import ID_LENGTH, SLUG_LENGTH, is_id_or_slug

MOST = 100  # of one account: whoever renames on and on holds no more addresses
KEPT_FOR = timedelta(days=5 * 365)  # after a page is deleted: badges, feeds and exporters go on asking for it


class FormerSlug(Base):
    """The page is null once it is deleted, and the owner once the account is."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    page_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("status_pages.id", ondelete="SET NULL"), index=True
    )
    freed_at: Mapped[datetime] = mapped_column(default=now)

    @classmethod
    def keep(cls, slug: str, user_id: int, page_id: str | None) -> None:
        """Keep a slug for its owner, who gives it up."""
        cls.reuse(slug)
        newest = select(cls.slug).where(cls.user_id == user_id).order_by(cls.freed_at.desc()).limit(MOST - 1)
        too_old = delete(cls).where(cls.user_id == user_id, cls.slug.not_in(newest.scalar_subquery()))
        db.session.execute(too_old)
        db.session.add(cls(slug=slug, user_id=user_id, page_id=page_id))

    @classmethod
    def keep_all(cls, slug: str, user_id: int, page_id: str) -> None:
        """Keep the slug of a page that is deleted, and those it once had, from now on."""
        db.session.execute(update(cls).where(cls.page_id == page_id).values(freed_at=now()))
        cls.keep(slug, user_id, None)

    @classmethod
    def reuse(cls, slug: str) -> None:
        """Forget a slug that a page takes now."""
        db.session.execute(delete(cls).where(cls.slug == slug))

    @classmethod
    def is_kept_from(cls, user_id: int, slug: str) -> bool:
        """Whether it is kept for somebody else."""
        others = select(cls.slug).where(
            cls.slug == slug, cls.user_id.is_distinct_from(user_id), ~cls.is_outdated()
        )
        return db.session.scalar(others) is not None

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        return and_(cls.page_id.is_(None), cls.freed_at < now() - KEPT_FOR)

    @classmethod
    def page_id_of(cls, slug: str) -> str | None:
        """The id of the page that had this slug, if it is still there."""
        if not is_id_or_slug(slug):
            return None
        return db.session.scalar(select(cls.page_id).where(cls.slug == slug))
