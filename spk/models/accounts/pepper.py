"""The pepper's canary: a start with the wrong pepper is refused before every key fails."""

import hmac

from flask import current_app
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.autocommit import fetch_first
from spk.config import ConfigError
from spk.db import Base, db
from spk.models.accounts import token
from spk.models.advisory_lock import take_advisory_locks

_SENTENCE = "the pepper of this database"


class PepperCanary(Base):
    """One row that only the right pepper can reproduce."""

    __tablename__ = "pepper_canary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))


def check_pepper() -> None:
    """Raise ConfigError unless the pepper, or a fallback of it, is the one this database was made with."""
    canary = fetch_first(select(PepperCanary.digest))
    if canary is None:
        raise ConfigError("The database doesn’t know its pepper yet: run `spk init`.")
    check_canary(canary.digest)


def note_pepper() -> None:
    """Let the database know its pepper; raises ConfigError where it knows another.

    Follows the first pepper of the list, so that a fallback may go once every key has moved on.
    """
    take_advisory_locks("pepper canary")  # of servers that start at once, one writes it
    canary = db.session.get(PepperCanary, 1)
    if canary is None:
        db.session.add(PepperCanary(id=1, digest=_digests()[0]))
    else:
        check_canary(canary.digest)
        canary.digest = _digests()[0]


def check_canary(digest: str) -> None:
    """Raise ConfigError unless one of our peppers made this canary."""
    if not any(hmac.compare_digest(digest, mine) for mine in _digests()):
        raise ConfigError(
            "SPK_TOKEN_PEPPER is not the pepper this database was made with, so no key would work: "
            "set the right one, which each backup holds, or add it to SPK_TOKEN_PEPPER_FALLBACKS."
        )


def _digests() -> list[str]:
    return [token.digest(_SENTENCE, pepper) for pepper in current_app.config["TOKEN_PEPPERS"]]
