"""The link by which somebody who forgot their password sets a new one; the operator makes it."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select

from spk.db import db, now
from spk.models.accounts.user import User

LASTS = timedelta(hours=1)


def make_reset_token(user: User) -> str:
    """A token of 256 random bits that works once and for an hour, in place of an earlier one."""
    token = secrets.token_urlsafe(32)
    user.reset_hash, user.reset_until = _hash(token), now() + LASTS
    user.record("user:reset_link")
    return token


def find_reset(token: str) -> User | None:
    """Whose password it resets; nobody’s once any password was set, or while the account is disabled."""
    user = db.session.scalar(select(User).where(User.reset_hash == _hash(token)))
    if user is None or user.disabled_at or not user.reset_until or user.reset_until <= now():
        return None
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token[:100].encode(errors="replace")).hexdigest()
