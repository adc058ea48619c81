"""The uses of keys, counted in memory, and written to the database now and then.

A worker that is killed loses what it has counted since it last wrote: a minute at most.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock

from flask import Flask, current_app
from sqlalchemy import delete, select

from spk.db import db, now, writing
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.key_use import DAYS, PATH_LENGTH, REFUSALS, ApiKeyDay, ApiKeyRefusal

ENDED = ("revoked", "expired")  # reasons of refusals
WRITE_EVERY = timedelta(minutes=1)  # of a key


@dataclass(frozen=True)
class Refused:
    """A refusal that has yet to be written."""

    created_at: datetime
    status: int
    reason: str
    path: str
    address: str | None

    @classmethod
    def now(cls, status: int, reason: str | None, path: str, address: str | None) -> "Refused":
        return cls(now(), status, (reason or "")[:40], path[:PATH_LENGTH], address and address[:45])


@dataclass
class _Uses:
    """Of one key, since they were last written."""

    successes: Counter[date] = field(default_factory=Counter)
    refusals: Counter[date] = field(default_factory=Counter)
    last: deque[Refused] = field(default_factory=lambda: deque(maxlen=REFUSALS))
    tries: int = 0  # of a key that has ended

    def add(self, other: "_Uses") -> None:
        self.successes += other.successes
        self.refusals += other.refusals
        self.last.extend(other.last)
        self.tries += other.tries


class UseCounter:
    """What this process has counted and not yet written, by key, so no more of it than there are keys."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._uses: dict[int, _Uses] = {}
        self._taken_at: dict[int, datetime] = {}

    def count_success(self, key_id: int) -> None:
        with self._lock:
            self._of(key_id).successes[now().date()] += 1

    def count_refusal(self, key_id: int, refused: Refused) -> None:
        with self._lock:
            uses = self._of(key_id)
            uses.refusals[refused.created_at.date()] += 1
            uses.last.append(refused)
            uses.tries += refused.reason in ENDED

    def take(self, *, everything: bool = False) -> dict[int, _Uses]:
        """What is to be written: of keys of which nothing was within WRITE_EVERY, or everything."""
        since = now() - WRITE_EVERY
        with self._lock:
            self._taken_at = {key_id: time for key_id, time in self._taken_at.items() if time > since}
            due = [key_id for key_id in self._uses if everything or key_id not in self._taken_at]
            self._taken_at.update(dict.fromkeys(due, now()))
            return {key_id: self._uses.pop(key_id) for key_id in due}

    def put_back(self, uses: dict[int, _Uses]) -> None:
        """Keep what could not be written for the next time."""
        with self._lock:
            for key_id, each in uses.items():
                each.add(self._uses.get(key_id, _Uses()))
                self._uses[key_id] = each
                del self._taken_at[key_id]

    def _of(self, key_id: int) -> _Uses:
        try:
            return self._uses[key_id]
        except KeyError:
            return self._uses.setdefault(key_id, _Uses())


def init_app(app: Flask) -> None:
    app.extensions["key_uses"] = UseCounter()


def key_uses() -> UseCounter:
    """What this process has counted."""
    counter: UseCounter = current_app.extensions["key_uses"]
    return counter


def write_uses(*, everything: bool = False) -> None:
    """Write what is due, or everything, in a unit of work of its own; what can’t be written is kept."""
    uses = key_uses().take(everything=everything)
    if not uses:
        return
    try:
        with writing():
            locked = select(ApiKey).where(ApiKey.id.in_(uses)).order_by(ApiKey.id).with_for_update()
            for key in db.session.scalars(locked):
                _write(key, uses[key.id])
    except BaseException:
        key_uses().put_back(uses)
        raise


def _write(key: ApiKey, uses: _Uses) -> None:
    for day in uses.successes.keys() | uses.refusals.keys():
        row = db.session.get(ApiKeyDay, (key.id, day))
        if row is None:
            row = ApiKeyDay(api_key_id=key.id, day=day, successes=0, refusals=0)
            db.session.add(row)
        row.successes += uses.successes[day]
        row.refusals += uses.refusals[day]
    if uses.tries:
        key.tries += uses.tries
        key.tried_at, key.tried_from = uses.last[-1].created_at, uses.last[-1].address
    db.session.add_all(ApiKeyRefusal(api_key_id=key.id, **vars(each)) for each in uses.last)
    db.session.flush()
    oldest = now().date() - timedelta(days=DAYS - 1)
    db.session.execute(delete(ApiKeyDay).where(ApiKeyDay.api_key_id == key.id, ApiKeyDay.day < oldest))
    own = ApiKeyRefusal.api_key_id == key.id
    newest = select(ApiKeyRefusal.id).where(own).order_by(ApiKeyRefusal.id.desc()).limit(REFUSALS)
    db.session.execute(delete(ApiKeyRefusal).where(own, ApiKeyRefusal.id.not_in(newest.scalar_subquery())))
