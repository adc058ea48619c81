import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import MetaData, func, inspect, select, text

from spk import ROOT, create_app
from spk.config import ConfigError
from spk.config.secret_files import create_secrets
from spk.db import Base, db, reading, writing
from spk.engines import close
from spk.models import ComponentDay, IdempotentAnswer, Incident, PepperCanary, SignInAttempt, User
from spk.models.accounts import token
from spk.models.accounts.caller import Caller
from spk.models.accounts.pepper import record_pepper
from spk.models.accounts.use_counter import write_uses
from spk.models.status_pages.owned_pages import OwnedPages
from tests.data_dirs import make_data_dir
from tests.people import Person

PEPPER = "another pepper, random"
NEWEST = ScriptDirectory(str(ROOT / "migrations")).get_current_head()


@pytest.fixture
def app(app: Flask, ada: Person, eve: Person) -> Flask:
    """An application with a row in every table."""
    eve.revoke(eve.create_key())
    ada.create_key()
    ada.session_cookie()
    with app.app_context(), writing():
        SignInAttempt.record("ada@example.com", "192.0.2.1")
        page = OwnedPages(User.all()[0]).create(name="Acme")
        page.change(slug="umbrella")
        component = page.create_component(name="API")
        page.create_group(name="Europe", components=["api"])
        ComponentDay.record([component.id], "major", {component.created_at.date(): 60})
        page.incidents.create(name="Slow", component_ids=["api"])
        IdempotentAnswer.begin(page.user_id, "once", "fingerprint")
    ada.add_app()
    ada.add_passkey()
    ada.api().get("/pages/nothing", 404)
    with app.app_context():
        write_uses()
    return app


def counts(app: Flask) -> dict[str, int]:
    """How many rows each table has."""
    with app.app_context(), reading():
        return {
            name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def revision(app: Flask) -> str | None:
    with app.app_context(), db.engine.connect() as connection, reading():
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(app: Flask, directory: Path, steps: str) -> None:
    """Run the project's migrations and, after them, one that takes these steps."""
    shutil.copytree(ROOT / "migrations", directory, ignore=shutil.ignore_patterns("__pycache__"))
    head = f"import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = 'next', {NEWEST!r}\n"
    body = "".join(f"    {line}\n" for line in steps.splitlines())
    (directory / "versions" / "next.py").write_text(f"{head}def upgrade():\n{body}")
    with app.app_context():
        flask_migrate.upgrade(directory=str(directory))


ONLY_SQLITE = "only SQLite rebuilds a table to change it, and has to leave foreign keys alone meanwhile"
REBUILD_USERS = """
with op.batch_alter_table("users", recreate="always") as users:
    users.add_column(sa.Column("nickname", sa.String(40)))
    users.alter_column("plan_name", type_=sa.String(80))
"""
DELETE_A_PARENT = "op.execute(\"DELETE FROM users WHERE email = 'ada@example.com'\")"
FAIL_HALFWAY = f"op.create_table('left_over', sa.Column('id', sa.Integer()))\n{DELETE_A_PARENT}\n1 / 0"


def test_the_migrations_make_the_tables_of_the_models(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection, reading():
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_and_the_models_name_constraints_alike(app: Flask) -> None:
    with app.app_context():
        found = MetaData()
        found.reflect(db.engine)
        for table in Base.metadata.sorted_tables:
            names = {constraint.name for constraint in table.constraints} - {None}
            if db.engine.dialect.name == "sqlite" and table.dialect_options["sqlite"]["autoincrement"]:
                names.discard(table.primary_key.name)  # SQLite has no name for it then
            assert names == {constraint.name for constraint in found.tables[table.name].constraints} - {None}


def test_every_table_has_a_row_in_these_tests(app: Flask) -> None:
    assert all(counts(app).values())


def test_a_database_that_is_up_to_date_is_left_as_it_is(app: Flask) -> None:
    before = counts(app)
    with app.app_context():
        flask_migrate.upgrade()
    assert (counts(app), revision(app)) == (before, NEWEST)


@pytest.mark.only_sqlite(ONLY_SQLITE)
def test_every_row_survives_the_rebuilding_of_its_parent_table(app: Flask, tmp_path: Path) -> None:
    before = counts(app)
    upgrade(app, tmp_path / "migrations", REBUILD_USERS)
    assert (counts(app), revision(app)) == (before, "next")


@pytest.mark.only_sqlite(ONLY_SQLITE)
def test_a_key_still_works_after_the_rebuilding_of_its_parent_table(
    app: Flask, ada: Person, tmp_path: Path
) -> None:
    token = ada.create_key()
    upgrade(app, tmp_path / "migrations", REBUILD_USERS)
    header = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/whoami", headers=header).status_code == 200


@pytest.mark.only_sqlite(ONLY_SQLITE)
def test_a_migration_that_leaves_orphans_is_refused_and_undone(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = counts(app)
    with pytest.raises(SystemExit):
        upgrade(app, tmp_path / "migrations", DELETE_A_PARENT)
    assert "the migration left rows without their parent" in caplog.text
    assert (counts(app), revision(app)) == (before, NEWEST)


def test_a_migration_that_fails_halfway_is_undone_as_a_whole(app: Flask, tmp_path: Path) -> None:
    before = counts(app)
    with pytest.raises(ZeroDivisionError):
        upgrade(app, tmp_path / "migrations", FAIL_HALFWAY)
    with app.app_context():
        assert not inspect(db.engine).has_table("left_over")
    assert (counts(app), revision(app)) == (before, NEWEST)


@pytest.mark.only_sqlite(ONLY_SQLITE)
@pytest.mark.parametrize("steps", [REBUILD_USERS, DELETE_A_PARENT])
def test_foreign_keys_are_checked_again_after_a_migration(app: Flask, tmp_path: Path, steps: str) -> None:
    try:
        upgrade(app, tmp_path / "migrations", steps)
    except SystemExit:
        assert steps == DELETE_A_PARENT
    with app.app_context(), db.engine.connect() as connection, reading():
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_database_of_a_newer_version_is_refused(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade(app, tmp_path / "migrations", "pass")
    with app.app_context(), pytest.raises(SystemExit):
        flask_migrate.upgrade()
    assert "Can't locate revision identified by 'next'" in caplog.text


def check(environ: dict[str, str], *peppers: str) -> None:
    """Start with these peppers: the first, and its fallbacks."""
    settings = {"SPK_TOKEN_PEPPER": peppers[0], "SPK_TOKEN_PEPPER_FALLBACKS": ",".join(peppers[1:])}
    with create_app(environ | settings).app_context(), writing():
        record_pepper()


def test_another_pepper_is_refused_in_a_line_that_names_it(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^SPK_TOKEN_PEPPER is not the pepper this database was made with"):
        check(environ, PEPPER)


def test_the_right_pepper_is_accepted(environ: dict[str, str], app: Flask) -> None:
    check(environ, *app.config["TOKEN_PEPPERS"])


def test_a_new_pepper_is_accepted_with_the_old_one_as_fallback(environ: dict[str, str], app: Flask) -> None:
    check(environ, PEPPER, *app.config["TOKEN_PEPPERS"])


def test_the_old_pepper_is_refused_once_the_database_has_moved_on(
    environ: dict[str, str], app: Flask
) -> None:
    check(environ, PEPPER, *app.config["TOKEN_PEPPERS"])
    with pytest.raises(ConfigError, match="SPK_TOKEN_PEPPER"):
        check(environ, *app.config["TOKEN_PEPPERS"])


def test_the_pepper_itself_is_not_in_the_database(app: Flask) -> None:
    with app.app_context(), reading():
        canary = db.session.get(PepperCanary, 1)
    assert canary
    assert len(canary.digest) == 64
    assert app.config["TOKEN_PEPPERS"][0] not in canary.digest


def test_keys_from_before_they_had_rights_may_do_everything(tmp_path: Path, data_dirs: list[Path]) -> None:
    """From the schema before migration 0005, with rows in it."""
    data_dirs.append(tmp_path / "data")
    environ = make_data_dir(tmp_path / "data")
    create_secrets(environ)
    app, secret = create_app(environ), token.generate()
    with app.app_context():
        flask_migrate.upgrade(revision="0004")
        digest = token.digest(secret, app.config["TOKEN_PEPPERS"][0])
        with db.engine.begin() as connection, writing():
            connection.execute(
                text(
                    "INSERT INTO users (id, email, password_hash, plan_name, created_at)"
                    " VALUES (1, 'old@example.com', '', 'pro', '2026-01-01 00:00:00')"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO api_keys (id, user_id, name, prefix, token_hash, created_at)"
                    " VALUES (1, 1, 'Old', :prefix, :digest, '2026-01-01 00:00:00')"
                ),
                {"prefix": secret[:12], "digest": digest},
            )
            connection.execute(
                text(
                    "INSERT INTO events (id, user_id, action, subject, created_at)"
                    " VALUES (1, 1, 'api_key:create', :prefix, '2026-01-01 00:00:00')"
                ),
                {"prefix": secret[:12]},
            )
        flask_migrate.upgrade()
        with writing():
            record_pepper()
        found = Caller.authenticate(secret).key
        assert (found.scopes, found.page_ids, found.networks, found.replaced_by) == (None, None, None, None)
        close()
    person = Person(app, "old@example.com")
    (key,) = person.keys()
    assert key.status == "Active"
    assert "Created the API key" in person.browser().get("/user/security").text
    with app.app_context():
        close()


def test_windows_that_the_clock_ended_before_it_was_written_down_get_their_updates(
    tmp_path: Path, data_dirs: list[Path]
) -> None:
    """From the schema before migration 0008, with rows in it."""
    data_dirs.append(tmp_path / "data")
    environ = make_data_dir(tmp_path / "data")
    create_secrets(environ)
    long_ago, later = datetime(2023, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    began, ended = noon - timedelta(days=3), noon - timedelta(days=2)
    named = {"created_at": long_ago, "updated_at": long_ago, "name": "Acme", "slug": "acme"}
    windows = {  # by id: the status that was reported last, the window, and the status of the newest update
        "ended": ("scheduled", began, ended, "scheduled"),
        "verified": ("verifying", began, ended, "in_progress"),
        "at-once": ("scheduled", began, ended, "in_progress"),
        "running": ("scheduled", began, later, "in_progress"),
        "put-off": ("scheduled", later, later + timedelta(days=1), "in_progress"),
    }
    with create_app(environ).app_context():
        flask_migrate.upgrade(revision="0007")
        old = MetaData()
        old.reflect(db.engine)
        with db.engine.begin() as connection, writing():

            def add(table: str, **values: object) -> None:
                connection.execute(old.tables[table].insert().values(**values))

            add(
                "users", id=1, email="old@example.com", password_hash="", plan_name="pro", created_at=long_ago
            )
            add("status_pages", id="p", user_id=1, time_zone="UTC", **named)
            web = {"status": "operational", "status_since": long_ago, "position": 1}
            add("components", id="c", page_id="p", showcase=True, only_show_if_degraded=False, **web, **named)
            for key, (status, start, end, told) in windows.items():
                times = {"scheduled_for": start, "started_at": start, "scheduled_until": end, "ends_at": end}
                row = {"id": key, "page_id": "p", "worst_impact": "none", "metadata": {}, "status": status}
                add("incidents", **named | row | times | {"slug": key})
                add("incident_components", incident_id=key, component_id="c")
                update = {"status": told, "body": "", "deliver_notifications": False}
                add("incident_updates", id=key, incident_id=key, created_at=long_ago, **update)
        flask_migrate.upgrade()
        with reading():
            found = {each.id: each for each in db.session.scalars(select(Incident))}
            page = found["ended"].page
            timelines = {
                key: [(each.status, each.created_at) for each in incident.timeline]
                for key, incident in found.items()
            }
            days = {each.day: each.impact for each in db.session.scalars(select(ComponentDay))}
        close()
    completed, started = ("completed", ended), ("in_progress", long_ago)
    assert timelines == {
        "ended": [completed, ("in_progress", began), ("scheduled", long_ago)],
        "verified": [completed, started],
        "at-once": [completed, started],
        "running": [started],
        "put-off": [started],
    }
    over = [found[key] for key in ("ended", "verified", "at-once")]
    assert {(each.status, each.updated_at) for each in over} == {completed}
    assert (found["running"].status, found["put-off"].status) == ("in_progress", "scheduled")
    assert {page.updated_at, page.components[0].updated_at} == {ended}
    assert days == dict.fromkeys([began.date(), ended.date()], "maintenance")
