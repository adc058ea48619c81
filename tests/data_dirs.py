"""Where an application of the tests keeps its data: a directory and, on PostgreSQL, a database."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask

from spk.engines import close
from tests.postgres import MISSING, Rows, create_database, database_files, drop_database

POSTGRES = "TEST_POSTGRES"  # the variable with the server's address, for every process of a run


def on_postgresql() -> bool:
    return os.environ.get("TEST_DATABASE") == "postgresql"


def settings_for(directory: Path) -> dict[str, str]:
    """What tells spk to keep its data there."""
    settings = {"SPK_DATA_DIR": str(directory)}
    if on_postgresql():
        name = hashlib.sha256(str(directory).encode()).hexdigest()[:16]
        if POSTGRES not in os.environ:
            pytest.skip(MISSING)
        settings["SPK_DATABASE_URL"] = f"{os.environ[POSTGRES]}/spk_{name}"
    return settings


def make_data_dir(directory: Path) -> dict[str, str]:
    """A place with nothing in it; its settings."""
    settings = settings_for(directory)
    if on_postgresql():
        create_database(settings["SPK_DATABASE_URL"])
    return settings


def copy_data_dir(original: Path, directory: Path) -> dict[str, str]:
    """A place with the same in it as another, which nobody uses; its settings."""
    shutil.copytree(original, directory)
    settings = settings_for(directory)
    if on_postgresql():
        create_database(settings["SPK_DATABASE_URL"], settings_for(original)["SPK_DATABASE_URL"])
    return settings


class RenewedData:
    """A place that has the same in it as another whenever a test begins."""

    def __init__(self, original: Path, directory: Path) -> None:
        self.settings = copy_data_dir(original, directory)
        self._original = original
        self._directory = directory
        self._rows = Rows(self.settings["SPK_DATABASE_URL"]) if on_postgresql() else None

    def renew(self) -> dict[str, str]:
        """Its settings, once whatever a test has left there is gone."""
        shutil.rmtree(self._directory)
        shutil.copytree(self._original, self._directory)
        if self._rows and not self._rows.put_back(self.settings["SPK_DATABASE_URL"]):
            self._make_database_anew()
        return dict(self.settings)

    def _make_database_anew(self) -> None:
        url = self.settings["SPK_DATABASE_URL"]
        drop_database(url)
        create_database(url, settings_for(self._original)["SPK_DATABASE_URL"])
        self._rows = Rows(url)


def forget_data_dir(directory: Path) -> None:
    """Free what pytest doesn't: it keeps a directory for a look at it afterwards."""
    if on_postgresql():
        drop_database(settings_for(directory)["SPK_DATABASE_URL"])


def lose_database(app: Flask) -> None:
    """Take the database away, in a way that makes no new one."""
    with app.app_context():
        close()
    if on_postgresql():
        drop_database(app.config["SQLALCHEMY_DATABASE_URI"])
    else:
        file = Path(app.config["DATA_DIR"], "spk.db")
        file.unlink()
        file.mkdir()


def database_at_rest(settings: Mapping[str, str]) -> bytes:
    """All that the database has written."""
    if on_postgresql():
        files = database_files(settings["SPK_DATABASE_URL"])
    else:
        files = list(Path(settings["SPK_DATA_DIR"]).glob("spk.db*"))
    return b"".join(file.read_bytes() for file in files)
