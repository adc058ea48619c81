"""What is in the tables, as their operator wants to know; read outside any transaction."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from spk.column_types import UtcDateTime
from spk.db import Base, db
from spk.models.accounts.authenticator_app import STEP, AuthenticatorApp

# Times that may well be to come.
PLANNED = {"api_keys.expires_at", "api_keys.retires_at", "users.reset_until"} | {
    f"incidents.{name}" for name in ("scheduled_for", "scheduled_until", "started_at", "ends_at")
}


def count_rows() -> dict[str, int]:
    """The rows of each table."""
    with db.engines["autocommit"].connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }


def newest_times() -> dict[str, datetime]:
    """The newest time in each column whose times are past, by table and column."""
    columns = [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, UtcDateTime) and str(column) not in PLANNED
    ]
    with db.engines["autocommit"].connect() as connection:
        newest = {
            str(column): connection.execute(select(func.max(column))).scalar_one() for column in columns
        }
        step = connection.execute(select(func.max(AuthenticatorApp.last_step))).scalar_one()
    if step:
        newest["authenticator_apps.last_step"] = datetime.fromtimestamp(step * STEP, UTC)
    return {column: time for column, time in newest.items() if time}
