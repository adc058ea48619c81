"""Advisory locks: one at a time where there is no row to lock yet."""

from sqlalchemy import func, select

from spk.db import db


def take_advisory_locks(*names: str) -> None:
    """Hold a lock of each name until the transaction ends; on SQLite it has the only write lock anyway."""
    if db.engine.dialect.name == "postgresql":
        for name in sorted(names):  # always in one order, so that no two wait for each other
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
