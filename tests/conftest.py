import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Connection, Engine, event

from spk import config, create_app
from spk.db import close, db
from spk.models import User
from spk.models.pepper import check_pepper
from tests.cast import PASSWORD, Browser, Person

for name in [name for name in os.environ if name.startswith("SPK_")]:
    del os.environ[name]  # the tests say themselves what is set


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where NO_SKIPPED_TESTS is set, as in CI, a skipped test has failed."""
    report = yield
    if report.skipped and "NO_SKIPPED_TESTS" in os.environ:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def close_connections() -> Iterator[None]:
    """Close what the test's applications opened: from Python 3.13 on sqlite3 warns of what stays open."""
    engines: set[Engine] = set()

    def remember(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", remember)
    yield
    event.remove(Engine, "engine_connect", remember)
    for engine in engines:
        engine.dispose()


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with tables and the cast in it; each test gets a copy."""
    directory = tmp_path_factory.mktemp("prepared") / "data"
    environ = {"SPK_DATA_DIR": str(directory)}
    config.create_secrets(environ)
    app = create_app(environ)
    with app.app_context():
        flask_migrate.upgrade()
        check_pepper()
        for email, plan in (
            ("ada@example.com", "pro"),
            ("ben@example.com", "free"),
            ("eve@example.com", "pro"),
        ):
            User.create(email, PASSWORD, plan)
        db.session.commit()
        close()
    return directory


@pytest.fixture
def environ(prepared_data: Path, tmp_path: Path) -> dict[str, str]:
    """The settings of this test's application; change them before asking for `app`."""
    shutil.copytree(prepared_data, tmp_path / "data")
    return {"SPK_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Kept from one test's application to the next: compiling them takes longer than most tests."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(environ: dict[str, str], compiled_templates: FileSystemBytecodeCache) -> Flask:
    # No context stays open: it would carry who is signed in from one request to the next.
    app = create_app(environ)
    app.jinja_env.bytecode_cache = compiled_templates
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A program, or a browser in which nobody is signed in."""
    return app.test_client()


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    return Browser(client)


@pytest.fixture
def ada(app: Flask) -> Person:
    """Pays: on the pro plan."""
    return Person(app, "ada@example.com")


@pytest.fixture
def ben(app: Flask) -> Person:
    """Does not pay: on the free plan."""
    return Person(app, "ben@example.com")


@pytest.fixture
def eve(app: Flask) -> Person:
    """A stranger with a plan of her own."""
    return Person(app, "eve@example.com")
