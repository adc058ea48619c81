"""Advisory locks, for where there is no row to lock yet."""

from sqlalchemy import func, select

from spk.db import db


def take_advisory_locks(*names: str) -> None:
    """Hold the named locks until the transaction ends; on SQLite the write lock already does this."""
    if db.engine.dialect.name == "postgresql":
        for name in sorted(names):  # always in the same order, to avoid deadlocks
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
