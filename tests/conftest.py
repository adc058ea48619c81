import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event

from spk.models.accounts import password
from tests.data_dirs import POSTGRES, RenewedData, forget_data_dir, make_data_dir, on_postgresql
from tests.people import Api, Browser, Person, prepare_data
from tests.postgres import Postgres, quickest_place, run_postgres
from tests.shared_app import SharedApp

# In the tests' own process passwords are hashed quickly, not for a tenth of a second.
REAL_HASHER, password.hasher = password.hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
for name in [name for name in os.environ if name.startswith("SPK_")]:
    del os.environ[name]  # the tests say themselves what is set


def pytest_configure(config: pytest.Config) -> None:
    """With TEST_DATABASE=postgresql, start one PostgreSQL for all processes of this run."""
    config.addinivalue_line("markers", "only_sqlite(why): a test that says nothing about another database")
    config.addinivalue_line("markers", "any_database(why): a test that says the same whatever the database")
    if on_postgresql() and not hasattr(config, "workerinput"):
        with ExitStack() as stack, suppress(pytest.skip.Exception):  # the tests will say it
            os.environ[POSTGRES] = stack.enter_context(run_postgres()).url("").rstrip("/")
            config.add_cleanup(stack.pop_all().close)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more process than there are processors, because many tests wait for a server or a browser."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before -m looks at the markers, after pytest has sorted them
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    cases = Counter[str]()
    for item in items:
        name = item.nodeid.partition("[")[0]
        cases[name] += 1
        if never_sees_a_database(item):
            item.add_marker(pytest.mark.any_database("it asks for none"))
        if cases[name] > 1:
            item.add_marker(pytest.mark.any_database("one case of a test says how it is with a database"))
    if on_postgresql():
        left_out = [item for item in items if item.get_closest_marker("only_sqlite")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    yield
    items[:] = spread_browsers(items)


def spread_browsers(items: list[pytest.Item]) -> list[pytest.Item]:
    """Put the modules that wait for a browser among those that compute, or processors would idle."""
    modules = [list(own) for _path, own in groupby(items, key=lambda item: item.path)]
    places: list[tuple[float, list[pytest.Item]]] = []
    for in_browser in (True, False):
        alike = [own for own in modules if ("browser" in own[0].path.parts) == in_browser]
        places += [(number / len(alike), own) for number, own in enumerate(alike)]
    return [item for _place, own in sorted(places, key=itemgetter(0)) for item in own]


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among what all tests share: that took a tenth of their time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def never_sees_a_database(item: pytest.Item) -> bool:
    """Whether a test of those that .ci/run runs on PostgreSQL, too, asks for no database."""
    in_both = item.path.relative_to(item.config.rootpath).parts[1] in ("models", "api")
    return in_both and not {"prepared_data", "postgres"} & set(getattr(item, "fixturenames", ()))


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


@pytest.fixture
def data_dirs() -> Iterator[list[Path]]:
    """Those that this test made and nobody needs after it."""
    made: list[Path] = []
    yield made
    for directory in made:
        forget_data_dir(directory)


@pytest.fixture(autouse=True)
def restore_umask() -> Iterator[None]:
    """spk’s commands change it for their process, which is the tests’ own where they run in it."""
    umask = os.umask(0o022)
    yield
    os.umask(umask)


opened: set[Engine] = set()


@event.listens_for(Engine, "engine_connect")
def remember(connection: Connection) -> None:
    opened.add(connection.engine)


@pytest.fixture(autouse=True)
def close_connections(request: pytest.FixtureRequest, data_dirs: list[Path]) -> Iterator[None]:
    """Close what applications opened: psycopg, and sqlite3 from Python 3.13 on, warn of what stays open."""
    yield
    unasked = opened and never_sees_a_database(request.node)
    while opened:
        opened.pop().dispose()
    assert not unasked, "This test has a database without asking for it, so none of PostgreSQL’s in .ci/run."


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """One of the module's own, whatever database the other tests use."""
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with tables and the accounts of ada, ben and eve; each test gets a copy."""
    directory = tmp_path_factory.mktemp("prepared") / "data"
    prepare_data(make_data_dir(directory))
    return directory


@pytest.fixture(scope="session")
def renewed_data(prepared_data: Path) -> Iterator[RenewedData]:
    """Where the tests of this process keep their data, one after the other."""
    with TemporaryDirectory(prefix="spk-data-", dir=quickest_place()) as directory:
        yield RenewedData(prepared_data, Path(directory) / "data")


@pytest.fixture
def environ(renewed_data: RenewedData) -> dict[str, str]:
    """The settings of this test's application; change them before asking for `app`."""
    return renewed_data.renew()


shared: dict[str, SharedApp] = {}  # by their settings
used: list[SharedApp] = []  # by this test
MOST_SHARED = 3  # of modules with settings of their own, the last ones


@pytest.fixture(autouse=True)
def check_shared_app(close_connections: None) -> Iterator[None]:
    """No test leaves traces for the next; this ends after all that it asked for, monkeypatch included."""
    yield
    changes = [change for each in used for change in each.changes()]
    used.clear()
    if changes:
        shared.clear()  # the next test gets a new one
        pytest.fail(f"This test changes the application that others share: {changes}. Let it make its own.")


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kept from one application to the next: compiling them all takes as long as a dozen tests."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def app(environ: dict[str, str], compiled_templates: Path) -> Flask:
    # No context stays open: it would carry who is signed in from one request to the next.
    settings = repr(sorted(environ.items()))
    if settings not in shared:
        for oldest in list(shared)[: 1 - MOST_SHARED]:
            del shared[oldest]
        shared[settings] = SharedApp(environ, compiled_templates)
    used.append(shared[settings])
    return shared[settings].renew()


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


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page, with the components Web and Db."""
    return ada.page_api("Acme", "Web", "Db")
