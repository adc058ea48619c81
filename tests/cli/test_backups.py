"""One file with everything, and everything from one file."""

import json
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Executable, TableClause, column, inspect, select, table, text

from spk import archive, create_app
from spk.config.secret_files import NAMES as SECRETS
from spk.db import db, now, writing
from spk.engines import close
from spk.models import Component, ComponentDay
from spk.models.accounts.use_counter import write_uses
from spk.restore import restore
from tests.cli.output import Spk, refusal, said
from tests.data_dirs import lose_database, make_data_dir
from tests.people import Person, bearer
from tests.postgres import plain, run_postgres

Rows = dict[str, list[dict[str, Any]]]
IN_TOKYO = "?options=-c%20timezone%3DAsia/Tokyo"
TABLES: dict[str, TableClause] = {
    **db.metadata.tables,
    "alembic_version": table("alembic_version", column("version_num")),
}
Go = Callable[[dict[str, str]], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spk.backup"


@pytest.fixture
def go(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Let the next commands work in another place."""

    def elsewhere(environ: dict[str, str]) -> None:
        monkeypatch.delenv("SPK_DATABASE_URL", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)

    return elsewhere


@pytest.fixture
def elsewhere(tmp_path: Path, data_dirs: list[Path]) -> dict[str, str]:
    """The settings of a place with nothing in it."""
    data_dirs.append(tmp_path / "elsewhere")
    return make_data_dir(tmp_path / "elsewhere")


def everything(app: Flask) -> Rows:
    """Every row of every table, as the database's driver gives it."""
    return read(app, lambda each: text(f"SELECT * FROM {each.name}"))


def values(app: Flask) -> Rows:
    """The same by the types of its columns, whichever the database."""
    return read(app, lambda each: each.select())


def read(app: Flask, query: Callable[[TableClause], Executable]) -> Rows:
    with app.app_context():
        with db.engine.connect() as connection:
            rows = {
                name: [dict(row) for row in connection.execute(query(TABLES[name])).mappings()]
                for name in inspect(connection).get_table_names()
            }
        close()
    return {name: sorted(found, key=repr) for name, found in rows.items()}


def fill(ada: Person) -> str:
    """Put something into every table that Ada can fill; her token."""
    token = ada.create_key("Ünïcode ☃")
    api = ada.page_api("Acme")
    api.post("/components", name="API", start_date="2026-01-01")
    api.post("/component-groups", name="Europe", components=["api"])
    api.patch("/components/api", status="major_outage")
    api.patch("/components/api", status="operational")
    api.post("/incidents", name="Slow", component_ids=["api"], metadata={"ticket": {"id": 7}})
    api.client.post(
        f"{api.root}/incidents", json={"name": "Once"}, headers={**bearer(token), "Idempotency-Key": "1"}
    )
    api.patch("", slug="umbrella")
    ada.session_cookie()
    ada.add_app()
    ada.add_passkey()
    api.get("/components/nothing", 404)
    with ada.app.app_context():
        write_uses()
    with ada.app.app_context(), writing():
        component = db.session.scalars(select(Component)).one()
        ComponentDay.record([component.id], "major", {now().date(): 60})
    return token


def check_refused(member: str, content: bytes, spk: Spk, app: Flask, file: Path) -> None:
    """A backup with this in place of one of its files is refused, and changes nothing."""
    said(spk("backup", str(file)))
    before = everything(app)
    pack(file, unpack(file) | {member: content})
    assert refusal(spk("restore", str(file), "--force")) == f"{file} is not a complete backup of spk."
    assert everything(app) == before


def works(app: Flask, token: str) -> bool:
    return app.test_client().get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_a_backup_is_for_its_owner_alone(spk: Spk, file: Path) -> None:
    words = said(spk("backup", str(file)))
    assert words == f"{file} contains the database and the secrets: protect it like a password."
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir() if "backup" in path.name] == [file.name]


def test_what_is_restored_is_what_was_there(
    spk: Spk, app: Flask, ada: Person, file: Path, go: Go, elsewhere: dict[str, str]
) -> None:
    fill(ada)
    before = everything(app)
    assert [name for name, rows in before.items() if not rows] == ["sign_in_attempts"]
    said(spk("backup", str(file)))
    go(elsewhere)
    assert said(spk("restore", str(file))) == "The backup is restored. Restart spk if it is running."
    assert everything(create_app(elsewhere)) == before


def test_keys_people_and_sessions_go_on_after_a_restore(
    spk: Spk, ada: Person, file: Path, go: Go, elsewhere: dict[str, str]
) -> None:
    token, revoked, browser = ada.create_key(), ada.create_key(), ada.browser()
    ada.revoke(revoked)
    said(spk("backup", str(file)))
    go(elsewhere)
    said(spk("restore", str(file)))
    app = create_app(elsewhere)
    assert (works(app, token), works(app, revoked)) == (True, False)
    cookie = browser.client.get_cookie("spk")
    assert cookie
    client = app.test_client()
    client.set_cookie("spk", cookie.value)
    assert client.get("/user/security").status_code == 200
    fresh = Person(app, ada.email)
    assert works(app, fresh.create_key()), "an id is given twice"


def test_restored_secrets_are_for_their_owner_alone(
    spk: Spk, file: Path, go: Go, elsewhere: dict[str, str], environ: dict[str, str]
) -> None:
    said(spk("backup", str(file)))
    go(elsewhere)
    said(spk("restore", str(file)))
    there, here = Path(environ["SPK_DATA_DIR"]), Path(elsewhere["SPK_DATA_DIR"])
    assert here.stat().st_mode & 0o777 == 0o700
    for name in ("secret_key", "token_pepper"):
        assert (here / name).read_text() == (there / name).read_text()
        assert (here / name).stat().st_mode & 0o777 == 0o600


def test_a_key_of_an_earlier_pepper_works_after_a_restore(
    spk: Spk,
    environ: dict[str, str],
    ada: Person,
    file: Path,
    go: Go,
    elsewhere: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = ada.create_key()
    pepper = Path(environ["SPK_DATA_DIR"], "token_pepper").read_text().strip()
    monkeypatch.setenv("SPK_TOKEN_PEPPER_FALLBACKS", pepper)
    monkeypatch.setenv("SPK_TOKEN_PEPPER", "another pepper, random")
    said(spk("init"))
    said(spk("backup", str(file)))
    monkeypatch.delenv("SPK_TOKEN_PEPPER")
    monkeypatch.delenv("SPK_TOKEN_PEPPER_FALLBACKS")
    go(elsewhere)
    said(spk("restore", str(file)))
    assert works(create_app(elsewhere), token)


def test_a_backup_under_load_has_every_answered_key_and_revoke(
    spk: Spk, app: Flask, ada: Person, eve: Person, file: Path, go: Go, elsewhere: dict[str, str]
) -> None:
    """Whatever was answered before the backup began is in it, and what came later in no half."""
    kept = [ada.create_key(str(number)) for number in range(5)]
    revoked = [ada.create_key(str(number)) for number in range(5)]
    for token in revoked:
        ada.revoke(token)
    begun, stop = Event(), Event()

    def write() -> int:
        done = 0
        while not stop.is_set() and done < 1000:
            token = eve.create_key()
            assert works(app, token)
            eve.revoke(token)
            done += 1
            begun.set()
        return done

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        assert begun.wait(30)
        said(spk("backup", str(file)))
        stop.set()
        assert writer.result() >= 1
    go(elsewhere)
    said(spk("restore", str(file)))
    restored = create_app(elsewhere)
    assert [works(restored, token) for token in kept] == [True] * 5
    assert [works(restored, token) for token in revoked] == [False] * 5
    rows = everything(restored)
    created = [row["subject"] for row in rows["events"] if row["action"] == "api_key:create"]
    assert sorted(created) == sorted(row["prefix"] for row in rows["api_keys"])


def test_a_backup_of_sqlite_is_restored_on_postgresql_and_back(
    spk: Spk, app: Flask, ada: Person, file: Path, tmp_path: Path, go: Go
) -> None:
    token = fill(ada)
    before = values(app)
    said(spk("backup", str(file)))
    with run_postgres() as server:
        there = {
            "SPK_DATA_DIR": str(tmp_path / "there"),
            "SPK_DATABASE_URL": server.url("postgres") + IN_TOKYO,
        }
        go(there)
        said(spk("restore", str(file)))
        moved = create_app(there)
        assert works(moved, token)
        assert works(moved, Person(moved, ada.email).create_key("the next id"))
        said(spk("restore", str(file), "--force"))
        said(spk("backup", str(tmp_path / "second")))
        with moved.app_context():
            close()
    back = {"SPK_DATA_DIR": str(tmp_path / "back"), "SPK_DATABASE_URL": f"sqlite:///{tmp_path}/back/spk.db"}
    go(back)
    said(spk("restore", str(tmp_path / "second")))
    assert values(create_app(back)) == before


def test_a_backup_from_before_a_migration_is_migrated_forward(
    spk: Spk, file: Path, go: Go, elsewhere: dict[str, str], app: Flask, ada: Person
) -> None:
    token = ada.create_key()
    said(spk("backup", str(file)))
    first_tables_only(file)
    go(elsewhere)
    said(spk("restore", str(file)))
    restored = create_app(elsewhere)
    assert restored.test_client().get("/readyz").status_code == 200
    assert works(restored, token)


KEY_COLUMNS = (
    *("scopes", "page_ids", "networks", "last_used_address", "last_used_agent", "leaked_from"),
    *("replaced_at", "retires_at", "replaced_by", "ends_on_first_use", "tried_at", "tried_from", "tries"),
)
ADDED = {
    "events": ("address", "browser", "door", "key_prefix", "session_id"),
    "users": ("feed_number", "reviewed_at", "reset_hash", "reset_until"),
    "sessions": ("address", "confirmed_at", "awaits_factor"),
    "api_keys": KEY_COLUMNS,
}  # since then


def first_tables_only(file: Path) -> None:
    """Make a backup what it would have been before there were status pages."""
    members = unpack(file)
    about = json.loads(members["about.json"]) | {"revision": "0001"}
    members["about.json"] = json.dumps(about).encode()
    for name, columns in ADDED.items():
        rows = [json.loads(line) for line in members[f"{name}.jsonl"].splitlines()]
        kept = [{column: row[column] for column in row if column not in columns} for row in rows]
        members[f"{name}.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in kept)
    first = (
        "about",
        "secrets",
        "users",
        "api_keys",
        "sessions",
        "events",
        "sign_in_attempts",
        "pepper_canary",
    )
    pack(file, {name: content for name, content in members.items() if name.split(".")[0] in first})


def unpack(file: Path) -> dict[str, bytes]:
    """What each member of an archive holds."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(file: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_an_older_database_is_backed_up_as_it_is(spk: Spk, app: Flask, file: Path) -> None:
    """An upgrade begins with a backup, which must not depend on what the new version expects."""
    with app.app_context(), writing():
        db.session.execute(text("DROP TABLE incident_updates"))
        db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    said(spk("backup", str(file)))
    members = unpack(file)
    assert json.loads(members["about.json"])["revision"] == "0001"
    assert "incident_updates.jsonl" not in members


def test_a_file_that_is_there_is_not_overwritten(spk: Spk, file: Path) -> None:
    file.write_text("something of value")
    assert refusal(spk("backup", str(file))) == f"{file} already exists: choose another name."
    assert file.read_text() == "something of value"


def test_a_directory_that_is_not_there_is_named(spk: Spk, tmp_path: Path) -> None:
    words = f"There is no directory {tmp_path}/nowhere: create it first."
    assert refusal(spk("backup", str(tmp_path / "nowhere" / "file"))) == words


def test_secrets_that_are_not_the_databases_are_not_backed_up(
    spk: Spk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a backup could never be restored."""
    monkeypatch.setenv("SPK_TOKEN_PEPPER", "another pepper, random")
    assert refusal(spk("backup", str(file))).startswith("SPK_TOKEN_PEPPER is not the pepper")
    assert not file.exists()


def test_a_backup_that_fails_leaves_nothing(spk: Spk, app: Flask, file: Path) -> None:
    lose_database(app)
    assert "can’t be used" in refusal(spk("backup", str(file)))
    assert [path.name for path in file.parent.iterdir() if "backup" in path.name] == []


def test_a_database_without_tables_is_not_backed_up(
    spk: Spk, file: Path, go: Go, elsewhere: dict[str, str], environ: dict[str, str]
) -> None:
    go(elsewhere | {"SPK_SECRET_KEY": "0123456789abcdef", "SPK_TOKEN_PEPPER": "0123456789abcdef"})
    Path(elsewhere["SPK_DATA_DIR"]).mkdir(exist_ok=True)
    assert refusal(spk("backup", str(file))).startswith("There is nothing to back up")


def test_nothing_is_overwritten_by_a_restore_unless_it_is_forced(
    spk: Spk, app: Flask, ada: Person, environ: dict[str, str], file: Path
) -> None:
    said(spk("backup", str(file)))
    token = ada.create_key("made since")
    before = everything(app)
    words = f"{environ['SPK_DATA_DIR']} has secrets already: `--force` replaces them."
    assert refusal(spk("restore", str(file))) == words
    assert everything(app) == before
    said(spk("restore", str(file), "--force"))
    assert not works(app, token)


def test_a_forced_restore_replaces_the_secrets_too(
    spk: Spk, ada: Person, file: Path, go: Go, elsewhere: dict[str, str]
) -> None:
    token = ada.create_key()
    said(spk("backup", str(file)))
    go(elsewhere)
    said(spk("init"))
    said(spk("restore", str(file), "--force"))
    assert works(create_app(elsewhere), token)


def test_a_database_without_its_secrets_is_not_overwritten_either(
    spk: Spk, app: Flask, environ: dict[str, str], file: Path
) -> None:
    said(spk("backup", str(file)))
    before = everything(app)
    for name in ("secret_key", "token_pepper"):
        Path(environ["SPK_DATA_DIR"], name).unlink()
    assert (
        refusal(spk("restore", str(file))) == "The database has tables already: `--force` replaces them all."
    )
    assert everything(app) == before


def test_a_restore_under_another_pepper_is_refused_and_changes_nothing(
    spk: Spk, file: Path, go: Go, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(spk("backup", str(file)))
    go(elsewhere)
    monkeypatch.setenv("SPK_TOKEN_PEPPER", "another pepper, random")
    assert refusal(spk("restore", str(file))).startswith(
        "SPK_TOKEN_PEPPER is not the pepper this database was"
    )
    assert not Path(elsewhere["SPK_DATA_DIR"], "token_pepper").exists()


@pytest.mark.parametrize("damage", ["cut", "flip", "no archive", "another archive", "a table less"])
def test_a_damaged_backup_is_refused_and_changes_nothing(
    damage: str, spk: Spk, app: Flask, ada: Person, file: Path
) -> None:
    fill(ada)
    said(spk("backup", str(file)))
    before = everything(app)
    harm(file, damage)
    assert refusal(spk("restore", str(file), "--force")) == f"{file} is not a complete backup of spk."
    assert everything(app) == before


def harm(file: Path, damage: str) -> None:
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        middle = content.index(b"users.jsonl") + 40
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    elif damage == "no archive":
        file.write_text("nothing of the kind")
    elif damage == "another archive":
        pack(file, {"about.json": b"[]"})
    else:
        members = unpack(file)
        del members["events.jsonl"]
        pack(file, members)


@pytest.mark.parametrize(("key", "value"), [("format", 2), ("revision", "9999")])
def test_a_backup_of_a_newer_version_is_refused(key: str, value: object, spk: Spk, file: Path) -> None:
    about = {"format": 1, "spk": "9.0", "revision": "0001"} | {key: value}
    pack(file, {"about.json": json.dumps(about).encode()})
    words = f"{file} was made by spk 9.0: restore it with that version or a newer one."
    assert refusal(spk("restore", str(file))) == words


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("secrets.json", b"[]"),
        ("secrets.json", b"null"),
        ("secrets.json", b'{"SPK_SECRET_KEY": "x"}'),
        ("secrets.json", b'{"SPK_SECRET_KEY": 1, "SPK_TOKEN_PEPPER": 1, "SPK_TOKEN_PEPPER_FALLBACKS": 1}'),
        (
            "secrets.json",
            b'{"SPK_SECRET_KEY": "\\ud800", "SPK_TOKEN_PEPPER": "", "SPK_TOKEN_PEPPER_FALLBACKS": ""}',
        ),
        ("pepper_canary.jsonl", b""),
        ("users.jsonl", b'{"id": 1}\n'),
        (
            "sign_in_attempts.jsonl",
            b'{"id": 9223372036854775808, "who": "", "created_at": "2026-01-01T00:00:00"}\n',
        ),
        ("sign_in_attempts.jsonl", b'{"id": 1, "who": "", "created_at": "0001-01-01T00:00:00+14:00"}\n'),
    ],
)
def test_a_backup_that_somebody_made_up_is_refused_and_changes_nothing(
    member: str, content: bytes, spk: Spk, app: Flask, file: Path
) -> None:
    check_refused(member, content, spk, app, file)


SPACES = b" " * 20_000_000


@pytest.mark.parametrize(
    "member", ["about.json", "secrets.json", "pepper_canary.jsonl", "users.jsonl", "incidents.jsonl"]
)
@pytest.mark.parametrize("size", [None, 100], ids=["as it is", "said to be small"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(
    member: str, size: int | None, spk: Spk, app: Flask, ada: Person, file: Path
) -> None:
    fill(ada)
    said(spk("backup", str(file)))
    before = everything(app)
    members = unpack(file)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in (members | {member: SPACES + members[member]}).items():
            made.writestr(name, content)
        if size:
            made.getinfo(member).file_size = size
    assert file.stat().st_size < 200_000
    assert refusal(spk("restore", str(file), "--force")) == f"{file} is not a complete backup of spk."
    assert everything(app) == before


def test_rows_are_not_all_in_memory_at_once(spk: Spk, app: Flask, file: Path) -> None:
    said(spk("backup", str(file)))
    members = unpack(file)
    row = b'{"id": %d, "who": "' + b"x" * 4_000_000 + b'", "created_at": "2026-01-01T00:00:00"}\n'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in members.keys() - {"sign_in_attempts.jsonl"}:
            made.writestr(name, members[name])
        with made.open("sign_in_attempts.jsonl", "w") as lines:
            for number in range(25):
                lines.write(row % number)
            lines.write(b"no row")
    tracemalloc.start()
    refusal(spk("restore", str(file), "--force"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 75_000_000


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("about.json", DEEP[:60_000]),
        ("secrets.json", DEEP[:60_000]),
        ("users.jsonl", DEEP),
        ("users.jsonl", b"[]\n"),
        ("users.jsonl", b"null\n"),
        ("users.jsonl", b"\xff\n"),
        ("sign_in_attempts.jsonl", b'{"id": 1, "who": 5, "created_at": "2026-01-01T00:00:00"}\n'),
        ("sign_in_attempts.jsonl", b'{"id": true, "who": "", "created_at": "2026-01-01T00:00:00"}\n'),
        ("sign_in_attempts.jsonl", b'{"id": 1, "who": "", "created_at": 5}\n'),
        ("sign_in_attempts.jsonl", b'{"id": 1, "who": null, "created_at": "2026-01-01T00:00:00"}\n'),
        ("sign_in_attempts.jsonl", b'{"id": 1, "who": "", "created_at": "2026-01-01T00:00:00", "x": 1}\n'),
        ("sign_in_attempts.jsonl", 2 * b'{"id": 1, "who": "", "created_at": "2026-01-01T00:00:00"}\n'),
        ("pepper_canary.jsonl", b'{"id": 1, "digest": "\xc3\xa9"}\n'),
        ("secrets.json", json.dumps(dict.fromkeys(SECRETS, " " * 40)).encode()),
        ("another.jsonl", b""),
        ("../users.jsonl", b""),
    ],
)
def test_what_spk_would_not_have_written_is_refused(
    member: str, content: bytes, spk: Spk, app: Flask, file: Path
) -> None:
    check_refused(member, content, spk, app, file)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("how", ["twice", "bzip2", "lzma"])
def test_an_archive_that_spk_would_not_have_made_is_refused(how: str, spk: Spk, file: Path) -> None:
    said(spk("backup", str(file)))
    members = unpack(file)
    ways = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
    with zipfile.ZipFile(file, "w", ways.get(how, zipfile.ZIP_DEFLATED)) as made:
        for name, content in [*members.items(), *(members.items() if how == "twice" else ())]:
            made.writestr(name, content)
    assert refusal(spk("restore", str(file), "--force")) == f"{file} is not a complete backup of spk."


def test_a_version_is_shown_only_where_it_looks_like_one(spk: Spk, file: Path) -> None:
    pack(file, {"about.json": b'{"format": 2, "spk": "\\u001b[2J", "revision": "0001"}'})
    assert refusal(spk("restore", str(file))) == f"{file} is not a complete backup of spk."


def test_a_mistake_of_ours_is_not_called_a_damaged_backup(
    spk: Spk, app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(spk("backup", str(file)))
    monkeypatch.setitem(app.config, "TOKEN_PEPPERS", None)
    with app.app_context(), archive.opened(file) as found, pytest.raises(TypeError):
        restore(found, replace=True)


def test_a_backup_names_no_setting_but_the_secrets(
    spk: Spk, environ: dict[str, str], file: Path, tmp_path: Path
) -> None:
    said(spk("backup", str(file)))
    members = unpack(file)
    members["secrets.json"] = json.dumps(
        json.loads(members["secrets.json"]) | {"SPK_DATABASE_URL": f"sqlite:///{tmp_path}/evil.db"}
    ).encode()
    pack(file, members)
    said(spk("restore", str(file), "--force"))
    assert not (tmp_path / "evil.db").exists()
    assert not Path(environ["SPK_DATA_DIR"], "database_url").exists()


def test_tables_that_are_not_spks_are_left_alone(spk: Spk, file: Path, tmp_path: Path, go: Go) -> None:
    said(spk("backup", str(file)))
    with run_postgres() as server:
        go({"SPK_DATA_DIR": str(tmp_path / "there"), "SPK_DATABASE_URL": server.url("postgres")})
        with psycopg.connect(plain(server.url("postgres")), autocommit=True) as connection:
            connection.execute("CREATE TABLE other (id int)")
            words = refusal(spk("restore", str(file), "--force"))
            assert words == "The database has other tables, too (other): use a separate database for spk."
            assert connection.execute("SELECT count(*) FROM other").fetchone() == (0,)


def test_a_restore_that_fails_keeps_the_secrets(spk: Spk, environ: dict[str, str], file: Path) -> None:
    said(spk("backup", str(file)))
    secrets = {
        path: path.read_text() for path in Path(environ["SPK_DATA_DIR"]).glob("*e*") if path.suffix == ""
    }
    harm(file, "a table less")
    refusal(spk("restore", str(file), "--force"))
    assert {path: path.read_text() for path in secrets} == secrets
    assert list(Path(environ["SPK_DATA_DIR"]).glob(".*")) == []


def test_a_backup_that_is_not_there_is_named(spk: Spk, file: Path) -> None:
    assert refusal(spk("restore", str(file))) == f"{file}: No such file or directory."


def test_a_restored_sqlite_file_keeps_its_references(
    spk: Spk, ada: Person, file: Path, tmp_path: Path, go: Go
) -> None:
    fill(ada)
    said(spk("backup", str(file)))
    go({"SPK_DATA_DIR": str(tmp_path / "new"), "SPK_DATABASE_URL": f"sqlite:///{tmp_path}/new/spk.db"})
    said(spk("restore", str(file)))
    with closing(sqlite3.connect(tmp_path / "new/spk.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert (tmp_path / "new/spk.db").stat().st_mode & 0o777 == 0o600
