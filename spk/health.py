"""Health checks: whether the process is up, and whether it is ready."""

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
from spk.paths import HEALTH, READY

bp = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get(HEALTH)
def process_is_up() -> ResponseReturnValue:
    return {"status": "ok"}


@bp.get(READY)
def can_work() -> ResponseReturnValue:
    """Whether the database can be reached and has this version’s tables."""
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
    """Raise ConfigError if a newer spk has made the tables; an empty database is fine."""
    current = current_migration()
    if current is not None and current not in migrations():
        raise ConfigError(
            "The database is from a newer spk: install that, or restore the backup from before the upgrade."
        )


def migrations() -> set[str]:
    """Every revision this version knows."""
    return {script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()}


@cache
def newest_migration() -> str | None:
    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()
