"""For supervisors: is the process up, can it do its work."""

from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from spk import ROOT
from spk.config import ConfigError
from spk.database_errors import is_unavailable
from spk.db import db

bp = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/healthz")
def process_is_up() -> ResponseReturnValue:
    return {"status": "ok"}


@bp.get("/readyz")
def can_work() -> ResponseReturnValue:
    """Whether the database answers and has this version's tables."""
    try:
        if current_migration() != newest_migration():
            return {"status": "the database needs `spk init`"}, 503
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        return {"status": "the database can’t be reached"}, 503
    return {"status": "ok"}


def current_migration() -> str | None:
    with db.engines["autocommit"].connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check_version() -> None:
    """Raise ConfigError where a newer spk has made the tables; none at all is fine."""
    current = current_migration()
    if current is not None and current not in migrations():
        raise ConfigError(
            "The database is a newer spk’s: put that one back, or restore the backup from before the upgrade."
        )


def migrations() -> set[str]:
    """Every revision this version knows."""
    return {script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()}


@cache
def newest_migration() -> str | None:
    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()
