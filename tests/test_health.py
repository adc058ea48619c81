from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from spk.db import db, writing
from tests.data_dirs import lose_database


def test_the_process_is_up_without_its_database(app: Flask, client: FlaskClient) -> None:
    lose_database(app)
    assert client.get("/healthz").json == {"status": "ok"}


def test_it_is_ready_with_its_tables(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_it_is_not_ready_before_its_migrations(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), writing():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert client.get("/readyz").status_code == 503


def test_it_is_not_ready_without_its_database(app: Flask, client: FlaskClient) -> None:
    lose_database(app)
    assert client.get("/readyz").status_code == 503


@pytest.mark.only_sqlite("PostgreSQL keeps its files where nobody writes into them")
def test_a_damaged_database_is_not_ready(app: Flask, client: FlaskClient) -> None:
    lose_database(app)
    Path(app.config["DATA_DIR"], "spk.db").rmdir()
    Path(app.config["DATA_DIR"], "spk.db").write_text("this is no database, " * 100)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "the database can’t be reached"})
    assert client.post("/login").status_code == 400
    assert client.get("/").status_code == 503
