"""The checks of `spk doctor`: each yields what it has found, and nothing if all is well."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import humanize
from flask import current_app

from spk import config, health
from spk.config import secret_files
from spk.config.settings import SETTINGS
from spk.db import db, now, reading
from spk.models import Event, User
from spk.models.accounts.ending_keys import ending_keys
from spk.models.accounts.network import is_network
from spk.models.accounts.pepper import check_pepper
from spk.models.accounts.plan import all_plans
from spk.models.refusal import FEATURES
from spk.models.tables import count_rows, newest_times

Findings = Iterator[tuple[str, str]]
LOCAL = ("127.", "localhost:", "[::1]:", "unix:")


def settings() -> Findings:
    """Every SPK_… variable is known."""
    yield from (("warn", message) for message in config.warnings(os.environ))


def permissions() -> Findings:
    """Only their owner can read the data directory and the secrets."""
    directory: Path = current_app.config["DATA_DIR"]
    owner = directory.stat().st_uid
    secrets = [path for name in secret_files.NAMES if (path := secret_files.path(os.environ, name)).is_file()]
    elsewhere = [Path(file) for name in SETTINGS if (file := os.environ.get(f"{name}_FILE"))]
    for path in (directory, *secrets, *elsewhere):
        if path.stat().st_mode & 0o077:
            # The program that provides a secret's file may protect it in another way.
            yield (
                "warn" if path in elsewhere else "fail",
                f"Others can access {path}: run `chmod go= {path}`.",
            )
    for path in directory.iterdir():
        if path.lstat().st_uid != owner:
            yield "fail", f"{path} has another owner than {directory}: change that, and run spk as that user."
    if os.geteuid() not in (0, owner):
        yield "warn", f"You don’t own {directory}: run spk as the user who does."


def migrations() -> Findings:
    """The database has this version’s tables."""
    health.check_version()
    current = health.current_migration()
    if current is None:
        yield "fail", "The database has no tables: restore a backup, or run `spk init` for a new one."
    elif current != health.newest_migration():
        yield "fail", "The database has an older version’s tables: back up, then run `spk init`."


def integrity() -> Findings:
    """The database file, if there is one, is not damaged."""
    if db.engine.dialect.name == "sqlite":
        with db.engines["autocommit"].connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            yield "fail", f"The database is damaged ({found}): restore a backup."


def pepper() -> Findings:
    """The pepper is the one that the keys were created with."""
    check_pepper()
    yield from ()


def clock() -> Findings:
    """No time in the database is still to come that should be past."""
    for column, newest in newest_times().items():
        if newest > now() + timedelta(minutes=1):
            when = f"{newest:%Y-%m-%d %H:%M} UTC"
            yield (
                "fail",
                f"{column} is {when}, in the future: set the clock. If it is right, it once ran ahead.",
            )


def proxy() -> Findings:
    """The settings match the proxy in front, or none."""
    trusted, bind = current_app.config["TRUSTED_PROXIES"], current_app.config["BIND"]
    if current_app.config["BASE_URL"].startswith("https:") and not trusted:
        message = "SPK_TRUSTED_PROXIES is 0, but SPK_BASE_URL is https, so a proxy is in front: set it to 1."
        yield "fail", message
    if trusted and not bind.startswith(LOCAL):
        yield "warn", f"Whoever reaches {bind} past the proxy can claim any address: let only the proxy in."
    if trusted:
        yield from clients()


def clients() -> Findings:
    """The proxy says from which address each client comes."""
    with reading():
        seen = Event.recent_addresses()
    for address in sorted(seen):
        if not is_network(address):
            yield "warn", f"The proxy calls a client {address}, which is no address: all such count as one."


def limits() -> Findings:
    """The store that counts requests works."""
    storage = current_app.extensions["rate_limits"]
    if not storage.check():
        yield "fail", "SPK_RATELIMIT_STORAGE_URI can’t be reached: start it, or requests are refused."
    several = current_app.config["WORKERS"] > 1
    in_memory = current_app.config["RATELIMIT_STORAGE_URI"].startswith("memory:")
    if several and in_memory and any(plan.requests_per_minute for plan in all_plans()):
        yield "warn", "Each worker counts requests_per_minute separately: set SPK_RATELIMIT_STORAGE_URI."


def tables() -> Findings:
    """How many rows there are."""
    yield from (("ok", f"{table}: {rows:,} rows") for table, rows in count_rows().items())


def plans() -> Findings:
    """Every plan of an account is defined, and has only known features."""
    defined = {plan.name: plan for plan in all_plans()}
    with reading():
        used = User.plan_names()
    for name in sorted(used - defined.keys()):
        yield (
            "warn",
            f"Accounts are on a plan that isn’t in the plans file: add {name}, or move them to another.",
        )
    for plan in defined.values():
        for feature in sorted(plan.features - FEATURES.keys()):
            yield (
                "warn",
                f"The plan {plan.name} has the unknown feature {feature}: known are {', '.join(FEATURES)}.",
            )


def keys() -> Findings:
    """No key ends within two weeks without another that replaces it."""
    with reading():
        for key in ending_keys():
            yield (
                "warn",
                f"“{key.name}” ({key.prefix}…) of {key.user.email} ends on "
                f"{key.expires_at:%Y-%m-%d %H:%M} UTC: its owner can replace it.",
            )


def disk() -> Findings:
    """There is enough disk space for data and backups."""
    directory: Path = current_app.config["DATA_DIR"]
    free = shutil.disk_usage(directory).free
    if free < 1_000_000_000:
        level = "fail" if free < 100_000_000 else "warn"
        yield level, f"Only {humanize.naturalsize(free)} are free for {directory}: make room."


CHECKS = (
    *(settings, permissions, migrations, integrity, pepper, clock),
    *(proxy, limits, plans, keys, tables, disk),
)
