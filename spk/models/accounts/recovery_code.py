"""Recovery codes: each stands in for a lost second factor, once."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import Base, db, now

COUNT = 10  # made at a time
# 32 characters, without those that look alike.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # pragma: allowlist secret
LENGTH = 28  # characters of 5 bits: 140 bits need no slow hash (OWASP ASVS 5.0, 6.5.2)
GROUP = 7  # characters between two dashes


class RecoveryCode(Base):
    """A code is shown once, when it is made; only a hash is stored."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]

    @classmethod
    def renew(cls, user_id: int) -> list[str]:
        """Make new codes in place of those the user has."""
        cls.remove(user_id)
        codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
        db.session.add_all(cls(user_id=user_id, code_hash=_hash(code)) for code in codes)
        return ["-".join(code[i : i + GROUP] for i in range(0, LENGTH, GROUP)) for code in codes]

    @classmethod
    def use(cls, user_id: int, code: str) -> bool:
        """Use a code up, if it is one of the user’s and wasn’t used yet."""
        unused = cls.user_id == user_id, cls.code_hash == _hash(code), cls.used_at.is_(None)
        used = update(cls).where(*unused).values(used_at=now()).returning(cls.id)
        return db.session.scalar(used) is not None

    @classmethod
    def count_left(cls, user_id: int) -> int:
        left = select(func.count()).where(cls.user_id == user_id, cls.used_at.is_(None))
        return db.session.scalar(left) or 0

    @classmethod
    def remove(cls, user_id: int) -> None:
        db.session.execute(delete(cls).where(cls.user_id == user_id))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
