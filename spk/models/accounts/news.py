"""What a person should know that happened since they last said that they have read it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from spk.db import db, now
from spk.models.accounts.api_key import ENDS_SOON, ApiKey
from spk.models.accounts.event import Event
from spk.models.accounts.sign_in_attempt import FailedSignIns

if TYPE_CHECKING:
    from spk.models.accounts.user import User

LOOKED_AT = 500  # events, however many there are
MOST = 10  # of events and of keys that are listed
NOTABLE = (
    *("user:sign_in:new", "user:password:change", "user:password:reset", "user:reset_link"),
    *("user:email:change", "user:export"),
    *("api_key:create", "api_key:replace", "api_key:leak"),
    *("authenticator_app:add", "authenticator_app:remove", "passkey:add", "passkey:remove"),
    *("recovery_code:use", "recovery_code:renew", "second_factors:turn_off", "second_factors:reset"),
)


@dataclass(frozen=True)
class News:
    """Events that this browser didn’t cause, tries that failed, and keys that ended or soon will."""

    until: datetime  # what comes later is for the next time
    events: list[Event]
    more: int  # events than these
    failed: FailedSignIns | None
    without_code: int  # times that somebody had the password, but no second factor
    keys: list[ApiKey]

    @classmethod
    def of(cls, user: "User", failed: FailedSignIns | None) -> "News":
        """What there is for this browser, with the tries that failed lately."""
        until = now()
        since = user.reviewed_at or user.created_at
        if since > until:  # a clock ran ahead: rather tell too much than nothing until then
            since = min(user.created_at, until - timedelta(days=1))
        events = [event for event in _newest(user, since) if event.session_id != user.session_id]
        notable = [event for event in events if event.action in NOTABLE]
        return cls(
            until=until,
            events=notable[:MOST],
            more=len(notable[MOST:]),
            failed=failed if failed and failed.last_at > since else None,
            without_code=sum(event.action == "user:sign_in:no_code" for event in events),
            keys=_ending(user, since),
        )

    def __bool__(self) -> bool:
        return bool(self.events or self.failed or self.without_code or self.keys)


def _newest(user: "User", since: datetime) -> list[Event]:
    """What happened since then, newest first, as far back as is looked."""
    newest = select(Event.id).where(Event.user_id == user.id).order_by(Event.id.desc()).limit(LOOKED_AT)
    new = (
        select(Event)
        .options(*Event.with_keys())
        .where(Event.id.in_(newest.scalar_subquery()), Event.created_at > since)
    )
    return list(db.session.scalars(new.order_by(Event.id.desc())))


def _ending(user: "User", since: datetime) -> list[ApiKey]:
    """Keys that expired, or came near to it, since then."""
    has_ended = and_(ApiKey.expires_at > since, ApiKey.expires_at <= now())
    comes_near = and_(ApiKey.expires_at > since + ENDS_SOON, ApiKey.expires_at <= now() + ENDS_SOON)
    kept = ApiKey.user_id == user.id, ApiKey.revoked_at.is_(None), ApiKey.replaced_by.is_(None)
    keys = select(ApiKey).where(*kept, or_(has_ended, comes_near)).order_by(ApiKey.expires_at)
    return list(db.session.scalars(keys.limit(MOST)))
