"""What the attacks are on: SQLite and PostgreSQL, whichever the other tests use."""

import pytest

from tests.postgres import Postgres


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a new database; nothing for SQLite, whose file is in the data directory."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()
