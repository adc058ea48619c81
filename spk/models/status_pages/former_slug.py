"""A slug that a page once had: it leads to the page, and is given to nobody else for years."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, String, and_, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now
from spk.models.status_pages.identifier import ID_LENGTH, SLUG_LENGTH, is_id_or_slug

KEPT_FOR = timedelta(days=5 * 365)  # after a page is deleted: badges, feeds and exporters go on asking for it


class FormerSlug(Base):
    """The page is null once it is deleted."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    page_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("status_pages.id", ondelete="SET NULL"), index=True
    )
    freed_at: Mapped[datetime] = mapped_column(default=now)

    @classmethod
    def keep(cls, slug: str, user_id: int, page_id: str | None) -> None:
        """Keep a slug for its owner, who gives it up."""
        cls.reuse(slug)
        db.session.add(cls(slug=slug, user_id=user_id, page_id=page_id))

    @classmethod
    def reuse(cls, slug: str) -> None:
        """Forget a slug that a page takes now."""
        db.session.execute(delete(cls).where(cls.slug == slug))

    @classmethod
    def is_kept_from(cls, user_id: int, slug: str) -> bool:
        """Whether it is kept for somebody else."""
        others = select(cls.slug).where(cls.slug == slug, cls.user_id != user_id)
        return db.session.scalar(others.where(cls.freed_at > now() - KEPT_FOR)) is not None

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        return and_(cls.page_id.is_(None), cls.freed_at < now() - KEPT_FOR)

    @classmethod
    def page_id_of(cls, slug: str) -> str | None:
        """The id of the page that had this slug, if it is still there."""
        if not is_id_or_slug(slug):
            return None
        return db.session.scalar(select(cls.page_id).where(cls.slug == slug))
