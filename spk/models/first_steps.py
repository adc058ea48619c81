"""The way from a new account to a component that a script reports."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

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
    key: ApiKey | None  # one that was used, or the newest

    @classmethod
    def of(cls, user: "User") -> "FirstSteps | None":
        """None where there is nothing to lead to: no plan for pages, or an account that isn’t new."""
        if now() - user.created_at > NEW or not user.has_feature("status_pages"):
            return None
        page = OwnedPages(user).first()
        if page:
            load_states([page])
        keys = select(ApiKey).where(ApiKey.user_id == user.id)
        keys = keys.where(or_(ApiKey.is_active, ApiKey.last_used_at.is_not(None)))
        order = ApiKey.last_used_at.is_(None), ApiKey.id.desc()
        return cls(user, page, db.session.scalar(keys.order_by(*order).limit(1)))

    @property
    def component(self) -> "Component | None":
        return self.page.components[0] if self.page and self.page.components else None

    @property
    def is_over(self) -> bool:
        """Whether the component changed after a key was made and used, or the plan has no keys."""
        if not self.component or not self.user.has_feature("api_access"):
            return self.component is not None
        return bool(self.key and self.key.last_used_at and self.component.status_since > self.key.created_at)
