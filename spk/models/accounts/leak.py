"""Tokens that were found in the open: whoever has one may end its key."""

import hmac
from collections import defaultdict
from collections.abc import Iterable

from flask import current_app
from sqlalchemy import select

from spk.db import db
from spk.models.accounts import token
from spk.models.accounts.api_key import ApiKey, lock_keys


def find_leaked(texts: Iterable[str]) -> list[int]:
    """The ids of the keys with these tokens, but for those that were revoked before."""
    tokens = defaultdict[str, set[str]](set)  # by prefix: others may have made up more of the same
    for text in texts:
        if token.is_well_formed(text):
            tokens[token.prefix(text)].add(text)
    keys = select(ApiKey).where(ApiKey.prefix.in_(tokens), ApiKey.revoked_at.is_(None))
    found = db.session.scalars(keys)
    return [key.id for key in found if any(_is_token_of(key, text) for text in tokens[key.prefix])]


def revoke_leaked(ids: list[int], address: str | None) -> None:
    """End these keys; their rows and their owners’ activity say that they were reported, and from where."""
    keys = db.session.scalars(select(ApiKey).where(ApiKey.id.in_(ids))).all()
    lock_keys(keys)
    for key in keys:
        key.report_leaked(address or "unknown")


def _is_token_of(key: ApiKey, text: str) -> bool:
    digests = (token.digest(text, pepper) for pepper in current_app.config["TOKEN_PEPPERS"])
    return any(hmac.compare_digest(digest, key.token_hash) for digest in digests)
