"""The way from a new account to a page that a script keeps."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from spk.db import db, now
from spk.models.accounts.api_key import ApiKey
from spk.models.status_pages.owned_pages import OwnedPages
from spk.models.status_pages.page_states import load_states
from spk.models.status_pages.status_page import StatusPage

if TYPE_CHECKING:
    from spk.models.accounts.user import User
    from spk.models.status_pages.component import Component

NEW = timedelta(days=14)  # whoever has been here for longer knows the way


@dataclass(frozen=True)
class FirstSteps:
    """How far a person has come."""

    user: "User"
    page: StatusPage | None  # the first one
    key: ApiKey | None  # the newest that works
    has_called: bool  # with any key, even one that was revoked since

    @classmethod
    def of(cls, user: "User") -> "FirstSteps | None":
        """None where there is nothing to lead to: no plan for pages, or an account that isn’t new."""
        if now() - user.created_at > NEW or not user.has_feature("status_pages"):
            return None
        page = OwnedPages(user).first()
        if page:
            load_states([page])
        keys = select(ApiKey).where(ApiKey.user_id == user.id).order_by(ApiKey.id.desc()).limit(1)
        key = db.session.scalar(keys.where(ApiKey.is_active))
        used = db.session.scalar(keys.where(ApiKey.last_used_at.is_not(None)))
        return cls(user, page, key, used is not None)

    @classmethod
    def left(cls, user: "User") -> "FirstSteps | None":
        """The same, and None where all is done."""
        steps = cls.of(user)
        return steps if steps and not steps.is_over else None

    @property
    def component(self) -> "Component | None":
        return self.page.components[0] if self.page and self.page.components else None

    @property
    def is_over(self) -> bool:
        """Whether there is a component, and a script has called the API where the plan has that."""
        return bool(self.component) and (self.has_called or not self.user.has_feature("api_access"))
