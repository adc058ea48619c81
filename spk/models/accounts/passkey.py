"""A passkey: a key pair whose private half never leaves a device or a password manager (WebAuthn)."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import NEVER_REUSED, Base, db, now
from spk.models.refusal import InvalidValue
from spk.models.text import SingleLine

NAME = SingleLine(60, empty="Enter a name for this passkey.")
MOST = 20  # of one user
ID_LENGTH = 1400  # characters: 1023 bytes in base64url (WebAuthn, 4, Credential ID)


class PasskeyRefused(InvalidValue):
    """What the browser sent is no proof."""

    def __init__(self, words: str = "This passkey didn’t work. Try again, or use another way.") -> None:
        super().__init__(words)


class Assertion(NamedTuple):
    """A proof by a passkey whose signature was verified."""

    passkey_id: int
    user_id: int
    challenged_at: datetime
    sign_count: int


class Passkey(Base):
    """What spk knows of it: the public half, and nothing that would open anything."""

    __tablename__ = "passkeys"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME.limit))
    credential_id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)  # base64url
    public_data: Mapped[str] = mapped_column(Text)  # attested credential data (WebAuthn, 6.5.2), base64url
    sign_count: Mapped[int] = mapped_column(BigInteger)
    challenged_at: Mapped[datetime]  # of the last challenge that it answered
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]

    @classmethod
    def find(cls, credential_id: str) -> "Passkey | None":
        if not credential_id.isascii() or "\0" in credential_id:
            return None
        return db.session.scalar(select(cls).where(cls.credential_id == credential_id))

    @classmethod
    def of(cls, user_id: int) -> list["Passkey"]:
        """The user’s, oldest first."""
        return list(db.session.scalars(select(cls).where(cls.user_id == user_id).order_by(cls.id)))

    def accept(self, assertion: Assertion) -> bool:
        """Note a use; False for a challenge answered before, and for a copy of the key (WebAuthn, 7.2).

        The account must be locked.
        """
        counts = self.sign_count or assertion.sign_count
        if assertion.challenged_at <= self.challenged_at <= now():
            return False
        if counts and assertion.sign_count <= self.sign_count:
            return False
        self.challenged_at, self.sign_count = assertion.challenged_at, assertion.sign_count
        self.last_used_at = now()
        return True
