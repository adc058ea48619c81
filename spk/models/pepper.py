"""The pepper's canary: a start with the wrong pepper is refused before every key fails."""

import hmac

from flask import current_app
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from spk.config import ConfigError
from spk.db import Base, db
from spk.models import token

_SENTENCE = "the pepper of this database"


class PepperCanary(Base):
    """One row that only the right pepper can reproduce."""

    __tablename__ = "pepper_canary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))


def check_pepper() -> None:
    """Raise ConfigError unless the pepper, or one of its fallbacks, is the one this database was made with.

    Follows the first pepper of the list, so that a fallback may go once every key has moved on.
    """
    digests = [token.digest(_SENTENCE, pepper) for pepper in current_app.config["TOKEN_PEPPERS"]]
    canary = db.session.get(PepperCanary, 1)
    if canary is None:
        db.session.add(PepperCanary(id=1, digest=digests[0]))
    elif any(hmac.compare_digest(canary.digest, digest) for digest in digests):
        canary.digest = digests[0]
    else:
        raise ConfigError(
            "SPK_TOKEN_PEPPER is not the pepper this database was made with, so no key would work: "
            "set the right one, or add it to SPK_TOKEN_PEPPER_FALLBACKS."
        )
