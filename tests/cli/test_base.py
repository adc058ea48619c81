"""What every command does with what goes wrong in it."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from spk.cli.base import Commands
from spk.config import ConfigError
from spk.db import db, writing
from spk.models.refusal import InvalidValue, PlanRequired
from tests.cli.output import Spk, refusal
from tests.people import Person

pytestmark = pytest.mark.any_database("words are the same on any")
SPK = str(Path(sys.executable).with_name("spk"))


def fail_with(error: Exception) -> Result:
    """What is said by a command in which this happens."""

    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(group, ["fail"])


@pytest.mark.parametrize("error", [ConfigError("No."), InvalidValue("No."), PlanRequired("x")])
def test_a_refusal_is_one_line(error: Exception) -> None:
    assert refusal(fail_with(error)) == str(error)


@pytest.mark.parametrize("error", [ValueError("a slip"), TypeError("a slip"), UnicodeError("a slip")])
def test_a_mistake_of_ours_is_a_traceback(error: Exception) -> None:
    assert fail_with(error).exception is error


def test_a_statement_of_ours_that_is_wrong_is_a_traceback(spk: Spk, app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        db.session.execute(text("ALTER TABLE api_keys RENAME COLUMN expires_at TO gone"))
    assert isinstance(spk("key", "list").exception, SQLAlchemyError)


def test_a_table_that_an_upgrade_will_make_is_no_mistake_of_ours(spk: Spk, app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(text("DROP TABLE events"))
        db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    words = refusal(spk("user", "set-password", "ada@example.com", "--password-stdin", typed="a fine one\n"))
    assert words.endswith("If `spk init` has been run, `spk doctor` says more.")


def run(environ: dict[str, str], *words: bytes | str, typed: bytes = b"") -> str:
    """What the real program says of bytes that are no UTF-8."""
    command = [SPK, *words]
    done = subprocess.run(
        command, input=typed, env=os.environ | environ, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 1
    return done.stderr.decode()


@pytest.mark.parametrize(
    "words",
    [["key", "revoke", b"\xff"], ["user", "disable", b"\xff"], ["user", "set-plan", b"\xff", b"\xff"]],
)
def test_what_was_typed_in_another_encoding_is_refused_in_a_line(
    words: list[bytes | str], environ: dict[str, str]
) -> None:
    found = run(environ, *words)
    assert found.startswith("Error: There is no ")
    assert found.count("\n") == 1


def test_a_password_in_another_encoding_is_refused_in_a_line(environ: dict[str, str]) -> None:
    words = ("user", "create", "carl@example.com", "--password-stdin")
    assert run(environ, *words, typed=b"longenough\xff\n") == "Error: This password isn’t UTF-8.\n"
