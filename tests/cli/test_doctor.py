import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text, update

from spk.db import db, now, writing
from spk.models import Event
from tests.cli.output import Spk, refusal
from tests.data_dirs import lose_database, on_postgresql
from tests.locks import write_lock
from tests.people import Person
from tests.redis import run_redis

SUBJECTS = [
    "settings",
    "permissions",
    "migrations",
    "integrity",
    "pepper",
    "clock",
    "proxy",
    "limits",
    "plans",
    "disk",
]


def ailments(spk: Spk, status: int) -> dict[str, tuple[str, str]]:
    """What is not ok, by its subject."""
    result = spk("doctor")
    assert result.exit_code == status, result.output
    found = [line.split("\t") for line in result.stdout.splitlines()]
    assert [subject for subject in SUBJECTS if subject not in {row[1] for row in found}] == []
    return {subject: (level, words) for level, subject, words in found if level != "ok"}


def test_a_healthy_place_has_nothing_to_mend(spk: Spk) -> None:
    assert ailments(spk, 0) == {}


def test_it_shows_how_many_rows_each_table_has(spk: Spk, ada: Person) -> None:
    ada.create_key()
    shown = [line.removeprefix("ok\ttables\t") for line in spk("doctor").stdout.splitlines()]
    assert {"api_keys: 1 rows", "users: 3 rows", "incident_updates: 0 rows"} <= set(shown)


def test_a_file_that_others_can_read_is_named_with_the_way_to_mend_it(
    spk: Spk, environ: dict[str, str]
) -> None:
    path = Path(environ["SPK_DATA_DIR"], "token_pepper")
    path.chmod(0o644)
    assert ailments(spk, 1) == {"permissions": ("fail", f"Others can access {path}: run `chmod go= {path}`.")}


def test_a_directory_that_others_can_read_is_named(spk: Spk, environ: dict[str, str]) -> None:
    Path(environ["SPK_DATA_DIR"]).chmod(0o755)
    assert ailments(spk, 1)["permissions"][1].endswith(f"run `chmod go= {environ['SPK_DATA_DIR']}`.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_owner_is_named(spk: Spk, environ: dict[str, str]) -> None:
    """As when root has run a command on the data of the service's user."""
    path = Path(environ["SPK_DATA_DIR"], "token_pepper")
    os.chown(path, 65534, -1)
    level, words = ailments(spk, 1)["permissions"]
    assert (level, words.startswith(f"{path} has another owner than {path.parent}")) == ("fail", True)


def test_a_setting_that_is_not_known_is_warned_of(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_WORKRES", "3")
    assert ailments(spk, 0) == {
        "settings": ("warn", "SPK_WORKRES is not a setting of spk. Did you mean SPK_WORKERS?")
    }


def test_the_tables_of_another_version_ask_for_init(spk: Spk, app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert ailments(spk, 1)["migrations"][1].endswith("back up, then run `spk init`.")


def test_a_newer_database_asks_for_the_newer_spk(spk: Spk, app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    words = "The database is from a newer spk: install that, or restore the backup from before the upgrade."
    assert ailments(spk, 1)["migrations"] == ("fail", words)
    assert refusal(spk("init")) == words


def test_a_database_without_tables_asks_for_a_backup_or_init(spk: Spk, app: Flask) -> None:
    with app.app_context(), writing():
        db.drop_all()
        db.session.execute(text("DROP TABLE alembic_version"))
    words = "The database has no tables: restore a backup, or run `spk init` for a new one."
    assert ailments(spk, 1)["migrations"] == ("fail", words)


@pytest.mark.only_sqlite("PostgreSQL has no one file to damage")
def test_a_damaged_database_asks_for_a_backup(spk: Spk, app: Flask, environ: dict[str, str]) -> None:
    Path(environ["SPK_DATA_DIR"], "spk.db").write_bytes(b"this is no database, " * 100)
    level, words = ailments(spk, 1)["integrity"]
    assert (level, "restore a backup" in words) == ("fail", True)


def test_a_database_that_is_gone_is_said_to_be(spk: Spk, app: Flask) -> None:
    lose_database(app)
    found = ailments(spk, 1)
    assert found.keys() - {"integrity"} == {"migrations", "pepper", "clock", "plans", "keys", "tables"}
    assert ("integrity" in found) is not on_postgresql()
    assert found["pepper"][1].startswith("The database can’t be used: start it, or fix SPK_DATABASE_URL (")


def test_another_pepper_is_found_before_the_keys_fail(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_TOKEN_PEPPER", "another pepper, random")
    level, words = ailments(spk, 1)["pepper"]
    assert (level, words.startswith("SPK_TOKEN_PEPPER is not the pepper")) == ("fail", True)


def test_looking_at_the_pepper_changes_nothing(
    spk: Spk, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pepper = Path(environ["SPK_DATA_DIR"], "token_pepper").read_text().strip()
    monkeypatch.setenv("SPK_TOKEN_PEPPER", "another pepper, random")
    monkeypatch.setenv("SPK_TOKEN_PEPPER_FALLBACKS", pepper)
    assert ailments(spk, 0) == {}
    monkeypatch.delenv("SPK_TOKEN_PEPPER")
    monkeypatch.delenv("SPK_TOKEN_PEPPER_FALLBACKS")
    assert ailments(spk, 0) == {}


def test_a_pepper_that_the_database_does_not_know_yet_asks_for_init(spk: Spk, app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(text("DELETE FROM pepper_canary"))
    assert ailments(spk, 1)["pepper"] == (
        "fail",
        "The database has no pepper recorded yet: run `spk init`.",
    )


def test_it_waits_for_nobody_who_writes(spk: Spk, app: Flask) -> None:
    with write_lock(app):
        assert ailments(spk, 0) == {}


def test_a_link_to_nowhere_keeps_nothing_from_being_checked(spk: Spk, environ: dict[str, str]) -> None:
    Path(environ["SPK_DATA_DIR"], "link").symlink_to("/nowhere")
    assert ailments(spk, 0) == {}


def test_a_secret_file_elsewhere_that_others_can_read_is_warned_of(
    spk: Spk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("0123456789abcdef")
    (tmp_path / "key").chmod(0o644)
    monkeypatch.setenv("SPK_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert ailments(spk, 0)["permissions"][0] == "warn"


def test_a_clock_that_has_gone_back_is_found(spk: Spk, app: Flask, ada: Person) -> None:
    ada.create_key()
    with app.app_context(), writing():
        db.session.execute(update(Event).values(created_at=now() + timedelta(hours=1)))
    assert "events.created_at is" in ailments(spk, 1)["clock"][1]


@pytest.mark.parametrize(
    ("base_url", "trusted", "bind", "level"),
    [
        ("https://spk.example", "0", "127.0.0.1:8000", "fail"),
        ("https://spk.example", "1", "127.0.0.1:8000", None),
        ("https://spk.example", "1", "unix:/run/spk.sock", None),
        ("https://spk.example", "1", "0.0.0.0:8000", "warn"),
        ("http://localhost:8000", "0", "127.0.0.1:8000", None),
    ],
)
def test_the_settings_for_a_proxy_are_looked_at(
    base_url: str, trusted: str, bind: str, level: str | None, spk: Spk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPK_BASE_URL", base_url)
    monkeypatch.setenv("SPK_TRUSTED_PROXIES", trusted)
    monkeypatch.setenv("SPK_BIND", bind)
    found = ailments(spk, 1 if level == "fail" else 0)
    assert {subject: found_level for subject, (found_level, _) in found.items()} == (
        {"proxy": level} if level else {}
    )


def test_limits_that_each_worker_counts_by_itself_are_warned_of(
    spk: Spk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plans.toml").write_text("[free]\nrequests_per_minute = 60\n[pro]\n")
    monkeypatch.setenv("SPK_PLANS_FILE", str(tmp_path / "plans.toml"))
    assert ailments(spk, 0)["limits"][1].endswith("set SPK_RATELIMIT_STORAGE_URI.")
    with run_redis(tmp_path) as url:
        monkeypatch.setenv("SPK_RATELIMIT_STORAGE_URI", url)
        assert ailments(spk, 0) == {}
    assert ailments(spk, 1)["limits"][1].startswith("SPK_RATELIMIT_STORAGE_URI can’t be")


def test_plans_that_cut_somebody_off_are_warned_of(
    spk: Spk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plans.toml").write_text('[free]\nfeatures = ["api"]\n')
    monkeypatch.setenv("SPK_PLANS_FILE", str(tmp_path / "plans.toml"))
    found = [line.split("\t") for line in spk("doctor").stdout.splitlines()]
    assert [words for level, subject, words in found if (level, subject) == ("warn", "plans")] == [
        "Accounts are on a plan that isn’t in the plans file: add pro, or move them to another.",
        "The plan free has the unknown feature api: known are api_access, status_pages, maintenance_windows.",
    ]


@pytest.mark.parametrize(("free", "level"), [(50_000_000, "fail"), (500_000_000, "warn")])
def test_a_disk_that_is_nearly_full_is_found(
    free: int, level: str, spk: Spk, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)  # a full disk isn't to be had
    found = ailments(spk, 1 if level == "fail" else 0)
    assert found == {
        "disk": (level, f"Only {free / 1e6:.1f} MB are free for {environ['SPK_DATA_DIR']}: make room.")
    }


def test_a_key_that_ends_soon_is_named_with_its_owner(spk: Spk, ada: Person) -> None:
    token = ada.create_key("Deploy", timedelta(days=3))
    level, words = ailments(spk, 0)["keys"]
    assert level == "warn"
    assert words.startswith(f"“Deploy” ({token[:12]}…) of ada@example.com ends on ")
