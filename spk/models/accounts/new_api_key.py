"""A key that was just created, with its token, which exists only until it has been shown."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import current_app

from spk.db import db, now
from spk.models.accounts import token
from spk.models.accounts.api_key import NAME, ApiKey
from spk.models.accounts.key_rights import KeyRights

if TYPE_CHECKING:
    from spk.models.accounts.user import User


@dataclass(frozen=True)
class NewApiKey:
    """A key that was just created, and its token, which is not stored."""

    key: ApiKey
    token: str = field(repr=False)

    @classmethod
    def issue(cls, user: "User", name: str, nonce: str | None, rights: KeyRights) -> "NewApiKey":
        """Create a key and its token; whether the user may have one is checked in OwnedKeys.create()."""
        secret = token.generate()
        key = ApiKey(
            user=user,
            name=NAME(name),
            prefix=token.prefix(secret),
            token_hash=token.digest(secret, current_app.config["TOKEN_PEPPERS"][0]),
            nonce=nonce,
            created_at=now(),
            expires_at=rights.expires_at,
            scopes=rights.scopes,
            page_ids=rights.page_ids,
            networks=rights.networks,
        )
        db.session.add(key)
        return cls(key, secret)
