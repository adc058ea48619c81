"""Sign-in attempts, counted in the database: the same limits for all workers, and after a restart."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from limits import RateLimitItem
from sqlalchemy import ColumnElement, String, false, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from spk.column_types import Address
from spk.db import Base, db, is_within, now
from spk.models.advisory_lock import take_advisory_locks

DAY = timedelta(days=1)
# Limits, as multiples of SPK_LOGIN_LIMIT.
ALL_OF_ACCOUNT = 3  # right ones too: each hashes a password and starts a session
ALL_OF_ADDRESS = 10
WRONG_A_DAY = 10  # against guessing slowly


class TooManyAttempts(Exception):
    """A limit is used up for `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        wait = "a minute" if retry_after <= 90 else f"{retry_after // 60 + 1} minutes"
        super().__init__(f"Too many attempts. Wait {wait} and try again.")
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


@dataclass(frozen=True)
class FailedSignIns:
    """The wrong tries of an account within a day: how many, and when and from where the last one came."""

    count: int
    last_at: datetime
    address: str


class SignInAttempt(Base):
    """One try of a password, written before the password is hashed."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(64), index=True)  # what is limited, as a hash
    account: Mapped[str | None] = mapped_column(String(64), index=True)  # what was typed, as a hash
    address: Mapped[str | None] = mapped_column(Address)  # not in the row that counts for the address
    was_right: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    @classmethod
    def record(cls, email: str, address: str, place: str = "") -> list[int]:
        """Record an attempt at an account, and return the ids of its rows; raises TooManyAttempts.

        A `place` from which the owner has signed in before is counted by itself, so that no stranger uses up
        the tries from there. Commit before hashing the password, so that tries at the same moment all count.
        """
        account = _hash(f"account {email}")
        attempts = [cls(who=_hash(f"account {email} {place}"), account=account, address=address)]
        if not place:
            attempts.append(cls(who=_hash(f"address {address}"), account=account))
        take_advisory_locks(*(attempt.who for attempt in attempts))
        cls._check_account(attempts[0].who)
        if not place:
            cls._check_address(attempts[1].who, account)
        db.session.add_all(attempts)
        db.session.flush()
        return [attempt.id for attempt in attempts]

    @classmethod
    def forgive(cls, ids: list[int]) -> None:
        """Note that these tries turned out right."""
        db.session.execute(update(cls).where(cls.id.in_(ids)).values(was_right=True))

    @classmethod
    def failed(cls, email: str) -> FailedSignIns | None:
        """The wrong tries of an account within a day, for its owner to see."""
        account, since = cls.account == _hash(f"account {email}"), is_within(cls.created_at, DAY)
        wrong = account, since, cls.address.is_not(None), ~cls.was_right
        last = db.session.scalars(select(cls).where(*wrong).order_by(cls.id.desc()).limit(1)).first()
        if last is None:
            return None
        count = db.session.scalar(select(func.count()).where(*wrong)) or 0
        return FailedSignIns(count, last.created_at, last.address or "")

    @classmethod
    def is_outdated(cls) -> ColumnElement[bool]:
        kept: timedelta = current_app.config["KEEP_ATTEMPTS"]
        return cls.created_at < now() - max(kept, _limit()[1])

    @classmethod
    def _check_account(cls, who: str) -> None:
        limit, window = _limit()
        cls._check(window, limit, cls.who == who, ~cls.was_right)
        cls._check(window, limit * ALL_OF_ACCOUNT, cls.who == who)
        cls._check(DAY, limit * WRONG_A_DAY, cls.who == who, ~cls.was_right)

    @classmethod
    def _check_address(cls, who: str, account: str) -> None:
        """Limit how many accounts are tried from an address: one forgetful colleague locks out no other."""
        limit, window = _limit()
        others = cls.account.distinct()
        cls._check(window, limit, cls.who == who, ~cls.was_right, cls.account != account, counting=others)
        cls._check(window, limit * ALL_OF_ADDRESS, cls.who == who)

    @classmethod
    def _check(
        cls,
        window: timedelta,
        most: int,
        *conditions: ColumnElement[bool],
        counting: ColumnElement[Any] | None = None,
    ) -> None:
        since = is_within(cls.created_at, window)
        what = func.count() if counting is None else func.count(counting)
        tries, oldest = db.session.execute(
            select(what, func.min(cls.created_at)).where(*conditions, since)
        ).one()
        if tries >= most:
            raise TooManyAttempts(max(1, round((oldest + window - now()).total_seconds())))


def _limit() -> tuple[int, timedelta]:
    limit: RateLimitItem = current_app.config["LOGIN_LIMIT"]
    return limit.amount, timedelta(seconds=limit.get_expiry())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
