"""The authenticator app of an account, which shows a new code every 30 seconds (TOTP, RFC 6238)."""

import base64
import hmac
import time
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, now

STEP = 30  # s
DRIFT = 1  # steps by which the clock of a phone may be off (RFC 6238, 5.2 and 6)
ISSUER = "spk"


class AuthenticatorApp(Base):
    """The secret that an app shares with spk, encrypted under the pepper; no code of it works twice."""

    __tablename__ = "authenticator_apps"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(String(200))
    last_step: Mapped[int]  # of the last code that was accepted
    created_at: Mapped[datetime] = mapped_column(default=now)

    @classmethod
    def of(cls, user_id: int, secret: str) -> "AuthenticatorApp":
        return cls(user_id=user_id, sealed_secret=_box().encrypt(secret.encode()).decode(), last_step=0)

    def accepts(self, code: str) -> bool:
        """Whether this is a code of about now that is newer than the last one; the account must be locked."""
        try:
            secret = _box().decrypt(self.sealed_secret.encode())
        except InvalidToken:  # sealed under a pepper that is gone
            return False
        step, newest = _matching_step(secret.decode(), code), int(time.time()) // STEP + DRIFT
        if step is None or step <= self.last_step <= newest:  # later ones are of a clock that ran ahead
            return False
        self.last_step = step
        self.sealed_secret = _box().rotate(self.sealed_secret.encode()).decode()  # to the first pepper
        return True


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """What the QR code says, as apps understand it (Key Uri Format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def _matching_step(secret: str, code: str) -> int | None:
    """The step around the present one that has this code."""
    current = int(time.time()) // STEP
    totp = pyotp.TOTP(secret)
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def _box() -> MultiFernet:
    """Encrypts under a key made of the first pepper, and decrypts under those of the others, too."""
    peppers = (pepper.encode() for pepper in current_app.config["TOKEN_PEPPERS"])
    keys = (hmac.digest(pepper, b"authenticator apps", "sha256") for pepper in peppers)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
