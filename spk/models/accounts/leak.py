"""Tokens that were found in the open: whoever has one may end its key."""

import hmac
from collections.abc import Iterable

from flask import current_app
from sqlalchemy import select

from spk.db import db, now
from spk.models.accounts import token
from spk.models.accounts.api_key import ApiKey


def find_leaked(texts: Iterable[str]) -> list[int]:
    """The ids of the keys with these tokens, but for those that were revoked before."""
    tokens = {token.prefix(text): text for text in texts if token.is_well_formed(text)}
    keys = select(ApiKey).where(ApiKey.prefix.in_(tokens), ApiKey.revoked_at.is_(None))
    return [key.id for key in db.session.scalars(keys) if _is_token_of(key, tokens[key.prefix])]


def revoke_leaked(ids: list[int], address: str | None) -> None:
    """End these keys; their rows and their owners’ activity say that they were reported, and from where."""
    for key in db.session.scalars(select(ApiKey).where(ApiKey.id.in_(ids)).order_by(ApiKey.id)):
        key.lock()
        if not key.revoked_at:
            key.revoked_at, key.leaked_from = now(), address or "unknown"
            key.user.record("api_key:leak", key.prefix)


def _is_token_of(key: ApiKey, text: str) -> bool:
    digests = (token.digest(text, pepper) for pepper in current_app.config["TOKEN_PEPPERS"])
    return any(hmac.compare_digest(digest, key.token_hash) for digest in digests)
