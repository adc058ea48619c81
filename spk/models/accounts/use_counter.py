"""The uses of keys, counted in memory, and written to the database now and then.

A worker that is killed loses what it has counted since it last wrote: ten seconds at most.
"""

import logging
from datetime import timedelta
from threading import Lock
from time import monotonic

from flask import Flask, current_app
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from spk.database_errors import is_unavailable
from spk.db import FOR_CHANGE, db, now, writing
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.key_use import DAYS, REFUSALS, ApiKeyDay, ApiKeyRefusal, Refused, Uses

ENDED = ("revoked", "expired")  # reasons of refusals
_log = logging.getLogger("spk")
WRITE_EVERY = 10  # s, of a key


class UseCounter:
    """What this process has counted and not yet written, by key, so no more of it than there are keys."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._uses: dict[int, Uses] = {}
        self._taken_at: dict[int, float] = {}  # by a clock that is never set

    def count_success(self, key_id: int) -> None:
        with self._lock:
            self._of(key_id).successes[now().date()] += 1

    def count_refusal(self, key_id: int, refused: Refused) -> None:
        with self._lock:
            uses = self._of(key_id)
            uses.refusals[refused.created_at.date()] += 1
            uses.last.append(refused)
            uses.tries += refused.reason in ENDED

    def take(self, *, everything: bool = False) -> dict[int, Uses]:
        """What is to be written: of keys of which nothing was within WRITE_EVERY, or everything."""
        time = monotonic()
        with self._lock:
            self._taken_at = {
                key_id: taken for key_id, taken in self._taken_at.items() if time - taken < WRITE_EVERY
            }
            due = [key_id for key_id in self._uses if everything or key_id not in self._taken_at]
            self._taken_at.update(dict.fromkeys(due, time))
            return {key_id: self._uses.pop(key_id) for key_id in due}

    def put_back(self, key_id: int, uses: Uses) -> None:
        """Keep what could not be written for the next time."""
        with self._lock:
            uses.add(self._uses.get(key_id, Uses()))
            self._uses[key_id] = uses

    def pending(self, key_id: int) -> Uses:
        """What has yet to be written of a key."""
        with self._lock:
            pending = Uses()
            pending.add(self._uses.get(key_id, Uses()))
            return pending

    def _of(self, key_id: int) -> Uses:
        if key_id not in self._uses:
            self._uses[key_id] = Uses()
        return self._uses[key_id]


def init_app(app: Flask) -> None:
    app.extensions["key_uses"] = UseCounter()


def key_uses() -> UseCounter:
    """What this process has counted."""
    counter: UseCounter = current_app.extensions["key_uses"]
    return counter


def write_uses(*, everything: bool = False) -> None:
    """Write what is due, or everything, a key in a unit of work; what can’t be written now is kept."""
    for key_id, uses in key_uses().take(everything=everything).items():
        try:
            with writing():
                key = db.session.get(ApiKey, key_id, with_for_update=FOR_CHANGE)
                if key:
                    _write(key, uses)
        except Exception as error:  # whatever it is, the other keys' uses are to be written
            if isinstance(error, SQLAlchemyError) and is_unavailable(error):
                key_uses().put_back(key_id, uses)
                _log.warning("could not write how keys were used: %s", error)
            else:
                _log.exception("lost how a key was used")


def _write(key: ApiKey, uses: Uses) -> None:
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
