"""Taking turns where there is no row to lock yet."""

from sqlalchemy import func, select

from spk.db import db


def take_turns(*names: str) -> None:
    """Let nobody else pass here with one of these names before this transaction ends, as on SQLite."""
    if db.engine.dialect.name == "postgresql":
        for name in sorted(names):  # in one order, so that no two wait for each other
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
