"""An API key: its token is shown once, when it is created, and only a hash is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, ForeignKey, String, UniqueConstraint, and_, false, or_, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spk.column_types import Address
from spk.db import FOR_CHANGE, Base, db, now
from spk.models.accounts import token
from spk.models.accounts.key_rights import KeyRights
from spk.models.text import SingleLine

if TYPE_CHECKING:
    from spk.models.accounts.user import User

NAME = SingleLine(120, empty="Enter a name for this key.")
AGENT_LENGTH = 200  # characters
ENDS_SOON = timedelta(days=14)


class ApiKey(Base):
    """A name, a public prefix and a hash; revoked keys are kept as a record."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("user_id", "nonce"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME.limit))
    prefix: Mapped[str] = mapped_column(String(token.PREFIX_LENGTH), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str | None] = mapped_column(String(64))
    scopes: Mapped[tuple[str, ...] | None]  # null means everything
    page_ids: Mapped[tuple[str, ...] | None]  # null means all
    networks: Mapped[tuple[str, ...] | None]  # null means anywhere
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_used_address: Mapped[str | None] = mapped_column(Address)
    last_used_agent: Mapped[str | None] = mapped_column(String(AGENT_LENGTH))
    replaced_at: Mapped[datetime | None]
    retires_at: Mapped[datetime | None]  # because of that, whatever its own end
    # The prefix of the other key.
    replaced_by: Mapped[str | None] = mapped_column(String(token.PREFIX_LENGTH), index=True, unique=True)
    ends_on_first_use: Mapped[bool] = mapped_column(default=False, server_default=false())  # of that key
    revoked_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]  # last, after it had ended
    tried_from: Mapped[str | None] = mapped_column(Address)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    leaked_from: Mapped[str | None] = mapped_column(Address)  # the address that reported its token

    user: Mapped["User"] = relationship()

    @classmethod
    def find(cls, prefix: str) -> "ApiKey | None":
        if not token.is_prefix(prefix):
            return None  # neither database looks for just any characters
        return db.session.scalar(select(cls).where(cls.prefix == prefix))

    @classmethod
    def all(cls) -> list["ApiKey"]:
        return list(db.session.scalars(select(cls).order_by(cls.id)))

    @hybrid_property
    def is_active(self) -> bool:
        """Whether the key is neither revoked nor expired; usable in Python and in queries."""
        return self.revoked_at is None and (self.ends_at is None or self.ends_at > now())

    @is_active.inplace.expression
    @classmethod
    def _is_active(cls) -> ColumnElement[bool]:
        ends = (or_(end.is_(None), end > now()) for end in (cls.expires_at, cls.retires_at))
        return and_(cls.revoked_at.is_(None), *ends)

    @property
    def ends_at(self) -> datetime | None:
        """When the key ends by itself, unless it is replaced by first use before."""
        return min(filter(None, (self.expires_at, self.retires_at)), default=None)

    @property
    def status(self) -> str:
        if self.revoked_at:
            return "Revoked"
        return "Active" if self.is_active else "Expired"

    @property
    def is_new(self) -> bool:
        """Whether the key is recent enough for its token dialog to be open still."""
        return self.created_at > now() - timedelta(minutes=10)

    @property
    def is_in_use(self) -> bool:
        """Whether the key was used in the last 24 hours, so that revoking it is likely to break something."""
        return self.last_used_at is not None and self.last_used_at > now() - timedelta(hours=24)

    @hybrid_property
    def ends_soon(self) -> bool:
        """Whether the key ends within ENDS_SOON, without another that replaces it; usable in queries, too."""
        is_near = self.expires_at is not None and self.expires_at < now() + ENDS_SOON
        return self.is_active and is_near and not self.replaced_by

    @ends_soon.inplace.expression
    @classmethod
    def _ends_soon(cls) -> ColumnElement[bool]:
        return and_(cls.is_active, cls.expires_at < now() + ENDS_SOON, cls.replaced_by.is_(None))

    @property
    def unused_for(self) -> timedelta | None:
        """How long an active key has been unused, or None before that is long enough for a hint."""
        idle = now() - (self.last_used_at or self.created_at)
        threshold = timedelta(days=90 if self.last_used_at else 30)
        return idle if self.is_active and idle > threshold else None

    def lock(self) -> None:
        """Let nobody else change the key until the transaction ends."""
        db.session.refresh(self, with_for_update=FOR_CHANGE)

    def revoke(self) -> bool:
        """Refuse the token from the commit on; False if it was revoked before."""
        return self._end("api_key:revoke")

    def report_leaked(self, address: str) -> bool:
        """Revoke the key because its token was found, which this address says."""
        is_ended = self._end("api_key:leak")
        if is_ended:
            self.leaked_from = address
        return is_ended

    def _end(self, action: str) -> bool:
        lock_keys([self])
        if self.revoked_at:
            return False
        self.revoked_at = now()
        self.user.record(action, self.prefix)
        # What it was to replace stays as it was before, unless that has ended, by whichever clock.
        nothing = {"replaced_by": None, "replaced_at": None, "retires_at": None}
        is_replaced = or_(~ApiKey.ends_on_first_use, ApiKey.retires_at.is_(None))
        replaced = update(ApiKey).where(ApiKey.replaced_by == self.prefix, ApiKey.is_active, is_replaced)
        db.session.execute(replaced.values(**nothing, ends_on_first_use=False))
        return True

    def rename(self, name: str) -> None:
        """Change the name and nothing else; raises InvalidValue."""
        self.name = NAME(name)
        self.user.record("api_key:rename", self.prefix)

    @property
    def rights(self) -> KeyRights:
        return KeyRights(self.scopes, self.page_ids, self.networks, self.expires_at)


def lock_keys(keys: Sequence[ApiKey]) -> None:
    """Load these and those they replace anew, and let nobody else change them.

    All lock them in one order, or two could wait for each other.
    """
    ids, prefixes = [key.id for key in keys], [key.prefix for key in keys]
    found = select(ApiKey).where(or_(ApiKey.id.in_(ids), ApiKey.replaced_by.in_(prefixes)))
    locked = found.order_by(ApiKey.id).with_for_update(of=ApiKey, **FOR_CHANGE)
    db.session.scalars(locked.execution_options(populate_existing=True)).all()
