"""The pepper’s canary: spk refuses to start with a pepper that would make every key fail."""

import hmac

from flask import current_app
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.autocommit import fetch_first
from spk.config import ConfigError
from spk.db import Base, db
from spk.models.accounts import token
from spk.models.advisory_lock import take_advisory_locks

_CANARY_TEXT = "the pepper of this database"


class PepperCanary(Base):
    """A single row with a digest that only the right pepper reproduces."""

    __tablename__ = "pepper_canary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))


def check_pepper() -> None:
    """Raise ConfigError unless this database was created with the pepper or one of its fallbacks."""
    canary = fetch_first(select(PepperCanary.digest))
    if canary is None:
        raise ConfigError("The database has no pepper recorded yet: run `spk init`.")
    check_canary(canary.digest)


def record_pepper() -> None:
    """Store the canary of the current pepper; raises ConfigError if the stored one is of an unknown pepper.

    It follows the first pepper, so that a fallback can be removed once no key depends on it.
    """
    take_advisory_locks("pepper canary")  # several servers may start at the same time
    canary = db.session.get(PepperCanary, 1)
    if canary is None:
        db.session.add(PepperCanary(id=1, digest=_canary_digests()[0]))
    else:
        check_canary(canary.digest)
        canary.digest = _canary_digests()[0]


def check_canary(digest: str) -> None:
    """Raise ConfigError unless one of the configured peppers made this canary."""
    if not any(hmac.compare_digest(digest, known) for known in _canary_digests()):
        raise ConfigError(
            "SPK_TOKEN_PEPPER is not the pepper this database was made with, so no key would work: "
            "set the right one, which every backup contains, or add it to SPK_TOKEN_PEPPER_FALLBACKS."
        )


def _canary_digests() -> list[str]:
    return [token.digest(_CANARY_TEXT, pepper) for pepper in current_app.config["TOKEN_PEPPERS"]]
