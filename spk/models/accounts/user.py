"""An account: its sign-in, its plan and its API keys."""

from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import Mapped, mapped_column

from spk.db import FOR_CHANGE, NEVER_REUSED, Base, db, now
from spk.models.accounts import email_address
from spk.models.accounts.api_key import ApiKey, lock_keys
from spk.models.accounts.browser_session import BrowserSession, browser_name
from spk.models.accounts.event import SUBJECT_LENGTH, Event
from spk.models.accounts.origin import Origin, acting
from spk.models.accounts.plan import Plan, find_plan, plan_exists
from spk.models.refusal import AccountGone, EmailTaken, InvalidValue, PasswordChanged, PlanRequired


class User(Base):
    """Everything that a user owns is looked up through the user."""

    __tablename__ = "users"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    plan_name: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    feed_number: Mapped[int] = mapped_column(default=0, server_default="0")  # of the address of the feed
    reset_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # of a reset link's token
    reset_until: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None] = mapped_column(default=now)  # what was before is no news

    # What Flask-Login needs; not its UserMixin, for which users without a session are equal.
    is_authenticated = is_active = True
    session_id = 0  # of this browser
    session_secret = ""  # the content of its cookie
    signed_in_as = ""  # the address, for pages after a refused change, which ask nothing
    confirmed_at = datetime.fromtimestamp(0, UTC)  # when this browser's person last proved who they are

    def get_id(self) -> str:
        return self.session_secret

    @classmethod
    def create(cls, email: str, password_hash: str, plan_name: str | None = None) -> "User":
        """Create an account, by default on the default plan; raises InvalidValue saying what to change."""
        user = cls(email=email_address.clean(email), password_hash=password_hash)
        user.set_plan(plan_name or current_app.config["DEFAULT_PLAN"])
        try:
            with db.session.begin_nested():
                db.session.add(user)
        except IntegrityError:
            raise EmailTaken from None
        return user

    @classmethod
    def plan_names(cls) -> set[str]:
        return set(db.session.scalars(select(cls.plan_name).distinct()))

    @classmethod
    def find(cls, email: str) -> "User | None":
        if not email.isprintable():
            return None  # PostgreSQL rejects a query with some of these characters
        return db.session.scalar(select(cls).where(cls.email == email_address.normalize(email)))

    @classmethod
    def get(cls, user_id: int) -> "User | None":
        return db.session.get(cls, user_id)

    @classmethod
    def all(cls) -> list["User"]:
        return list(db.session.scalars(select(cls).order_by(cls.email)))

    @classmethod
    def exists(cls) -> bool:
        """Whether there is any account; /setup is open until there is."""
        return db.session.scalar(select(cls.id).limit(1)) is not None

    @property
    def is_first(self) -> bool:
        """Whether this is the account that was made first, by whoever runs the server."""
        return self.id == 1

    @property
    def plan(self) -> Plan:
        return find_plan(self.plan_name)

    def set_plan(self, name: str) -> None:
        if not plan_exists(name):
            raise InvalidValue(f"There is no plan {name}.")
        self.plan_name = name

    def has_feature(self, feature: str) -> bool:
        return self.plan.has(feature)

    def sign_in(self, user_agent: str, address: str, *, is_known: bool = True, replaces: str = "") -> None:
        """Start a session in place of the one this browser had; its cookie is to hold `session_secret`."""
        BrowserSession.end(replaces)
        BrowserSession.start(self, user_agent, address)
        with acting(Origin("page", address, browser_name(user_agent), session_id=self.session_id)):
            self.record("user:sign_in" if is_known else "user:sign_in:new")

    def lock(self) -> None:
        """Let nobody else change the account, its sessions and keys until the transaction ends."""
        try:
            db.session.refresh(self, with_for_update=FOR_CHANGE)
        except InvalidRequestError:
            raise AccountGone from None

    def still_has(self, verified_hash: str) -> bool:
        """Lock the account: whether the password just verified is still its own, and nobody disabled it."""
        try:
            self.lock()
        except AccountGone:
            return False
        return self.password_hash == verified_hash and self.disabled_at is None

    def confirmed_within(self, period: timedelta) -> bool:
        """Whether this browser’s person proved who they are not longer ago than that."""
        return timedelta() <= now() - self.confirmed_at < period

    def set_password(self, password_hash: str, action: str = "user:password:change") -> None:
        """Set a new password, which is hashed before the transaction because hashing is slow."""
        self.password_hash, self.reset_hash = password_hash, None
        self.record(action)

    def change_email(self, email: str) -> None:
        """Sign in with another address from now on; raises InvalidValue saying what to change."""
        former, new = self.email, email_address.clean(email)
        if new == former:
            raise InvalidValue("This is your address already.")
        try:
            with db.session.begin_nested():
                self.email = new
        except IntegrityError:
            raise EmailTaken from None
        self.record("user:email:change", former[:SUBJECT_LENGTH])

    def change_password(self, verified_hash: str, password_hash: str) -> None:
        """Replace the password that was verified; raises PasswordChanged if it is no longer that."""
        if not self.still_has(verified_hash):
            raise PasswordChanged
        self.set_password(password_hash)
        BrowserSession.end_others(self)

    def disable(self) -> None:
        """Refuse the user and all their keys from now on."""
        self.disabled_at = self.disabled_at or now()
        active = select(ApiKey).where(ApiKey.user_id == self.id, ApiKey.is_active)
        lock_keys(db.session.scalars(active).all())  # so that what is being written with them comes before
        BrowserSession.end_all(self)

    def enable(self) -> None:
        self.disabled_at = None

    def require(self, feature: str) -> None:
        """Raise PlanRequired unless the plan has the feature."""
        if not self.has_feature(feature):
            raise PlanRequired(feature)

    def review(self, until: datetime) -> None:
        """Note that the person knows what has happened until then."""
        self.reviewed_at = max(until, self.reviewed_at or self.created_at)

    def record(self, action: str, subject: str = "") -> None:
        """Write an event in this transaction."""
        Event.record(self, action, subject)
