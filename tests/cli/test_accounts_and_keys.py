import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from spk import __version__, create_app, setup_token
from spk.db import db, now, reading, writing
from spk.models import Event, User
from spk.models.accounts import password
from spk.models.accounts.caller import Caller
from tests.cli.output import Spk, refusal, rows, said
from tests.disk import no_room
from tests.locks import write_lock
from tests.people import PASSWORD, Person

PEPPER = "another pepper, random"


def test_a_user_is_created_with_the_password_from_standard_input(spk: Spk, app: Flask) -> None:
    words = said(spk("user", "create", "Carl@Example.com", "--password-stdin", typed="a fine password\r\n"))
    with app.app_context(), reading():
        user = User.find("carl@example.com")
        assert user
        assert password.verify(user.password_hash, "a fine password")
    assert words == "carl@example.com can sign in, on the plan free."


def test_a_user_is_created_on_the_plan_that_is_asked_for(spk: Spk) -> None:
    result = spk(
        "user", "create", "carl@example.com", "--plan", "pro", "--password-stdin", typed=f"{PASSWORD}\n"
    )
    assert said(result) == "carl@example.com can sign in, on the plan pro."


def test_a_password_is_asked_for_twice_and_not_shown(spk: Spk) -> None:
    result = spk("user", "create", "carl@example.com", typed="a fine password\na fine password\n")
    assert "carl@example.com can sign in" in said(result)
    assert "a fine password" not in result.output


def test_the_first_user_made_here_closes_setup(spk: Spk, app: Flask) -> None:
    with app.app_context():
        token = setup_token.issue()
        spk("user", "create", "carl@example.com", "--password-stdin", typed="a fine password\n")
        assert not setup_token.matches(token)


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        ("carl@example.com", "short\n", "Use 8 characters or more."),
        ("carl@example.com", "", "Use 8 characters or more."),
        ("carl", "a fine password\n", "Enter an email address, like ada@example.com."),
        ("ada@example.com", "a fine password\n", "There is an account with this email already."),
        ("carl@example.com --plan gold", "a fine password\n", "There is no plan gold."),
    ],
)
def test_a_user_that_does_not_fit_is_refused(spk: Spk, words: str, typed: str, why: str) -> None:
    assert refusal(spk("user", "create", "--password-stdin", *words.split(), typed=typed)) == why


def test_users_are_listed_with_plan_status_and_day(spk: Spk, eve: Person) -> None:
    eve.disable()
    listed = rows(spk("user", "list"))
    assert [row[:3] for row in listed] == [
        ["ada@example.com", "pro", "enabled"],
        ["ben@example.com", "free", "enabled"],
        ["eve@example.com", "pro", "disabled"],
    ]
    assert all(len(row[3]) == len("2026-11-11") for row in listed)


def test_a_new_plan_holds_for_the_keys_that_are_there(spk: Spk, app: Flask, ada: Person) -> None:
    token = ada.create_key()
    assert said(spk("user", "set-plan", "ada@example.com", "free")) == "ada@example.com is on the plan free."
    with app.app_context(), reading():
        assert Caller.authenticate(token).plan.name == "free"


def test_an_unknown_plan_leaves_the_old_one(spk: Spk) -> None:
    assert refusal(spk("user", "set-plan", "ada@example.com", "gold")) == "There is no plan gold."
    assert rows(spk("user", "list"))[0][:2] == ["ada@example.com", "pro"]


def test_a_user_is_disabled_and_enabled_again(spk: Spk) -> None:
    assert said(spk("user", "disable", "ada@example.com")) == "ada@example.com is disabled."
    assert rows(spk("user", "list"))[0][2] == "disabled"
    assert said(spk("user", "enable", "ada@example.com")) == "ada@example.com is enabled."
    assert rows(spk("user", "list"))[0][2] == "enabled"


@pytest.mark.parametrize(
    "words",
    [
        "user set-plan nobody@example.com pro",
        "user disable nobody@example.com",
        "user enable nobody@example.com",
        "key create nobody@example.com CI",
        "key list --user nobody@example.com",
    ],
)
def test_an_unknown_user_is_said_to_be_unknown(spk: Spk, words: str) -> None:
    assert refusal(spk(*words.split())) == "There is no account nobody@example.com."


def test_a_new_key_writes_its_token_and_nothing_else(spk: Spk, app: Flask) -> None:
    result = spk("key", "create", "ada@example.com", "GitHub Actions deploy")
    with app.app_context(), reading():
        assert Caller.authenticate(result.stdout.rstrip("\n")).key.name == "GitHub Actions deploy"
    assert (result.exit_code, result.stderr, len(result.stdout)) == (0, "", 51)


def test_a_key_is_refused_without_api_access(spk: Spk) -> None:
    assert refusal(spk("key", "create", "ben@example.com", "CI")) == "API access isn’t included in this plan."


def test_a_key_above_the_limit_is_refused(spk: Spk, ada: Person) -> None:
    for _ in range(20):
        ada.create_key()
    assert refusal(spk("key", "create", "ada@example.com", "CI")).startswith("You have 20 active keys")


def test_a_name_that_does_not_fit_is_refused(spk: Spk) -> None:
    assert refusal(spk("key", "create", "ada@example.com", " ")) == "Enter a name for this key."


def test_keys_are_listed_with_owner_status_and_times(spk: Spk, ada: Person, eve: Person) -> None:
    tokens = [ada.create_key("a name"), eve.create_key("another")]
    eve.revoke(tokens[1])
    listed = rows(spk("key", "list"))
    assert [[*row[:4], row[5]] for row in listed] == [
        [tokens[0][:12], "a name", "ada@example.com", "active", "never"],
        [tokens[1][:12], "another", "eve@example.com", "revoked", "never"],
    ]
    assert listed[0][4] == ada.key(tokens[0]).created_at.isoformat(timespec="seconds")


def test_the_keys_of_one_user_are_listed_alone(spk: Spk, ada: Person, eve: Person) -> None:
    ada.create_key("hers")
    eve.create_key("not hers")
    assert [row[1] for row in rows(spk("key", "list", "--user", "ada@example.com"))] == ["hers"]


def test_a_revoked_key_is_refused_from_then_on(spk: Spk, ada: Person) -> None:
    token = ada.create_key()
    assert said(spk("key", "revoke", token[:12])) == f"{token[:12]} is revoked."
    assert ada.key(token).status == "Revoked"


def test_revoking_again_says_so_and_is_no_failure(spk: Spk, ada: Person) -> None:
    token = ada.create_key()
    ada.revoke(token)
    assert said(spk("key", "revoke", token[:12])) == f"{token[:12]} was already revoked."


def test_an_unknown_key_is_said_to_be_unknown(spk: Spk) -> None:
    assert refusal(spk("key", "revoke", "spk_00000000")) == "There is no key spk_00000000."


def test_before_init_a_command_says_what_to_run(spk: Spk, new_data_dir: Path) -> None:
    assert refusal(spk("user", "list")) == (
        f"SPK_SECRET_KEY is not set, and not in {new_data_dir} either: run `spk init`."
    )


@pytest.mark.parametrize("has_directory", [True, False])
def test_before_init_a_command_says_so_where_the_secrets_are_set(
    spk: Spk, new_data_dir: Path, monkeypatch: pytest.MonkeyPatch, has_directory: bool
) -> None:
    monkeypatch.setenv("SPK_SECRET_KEY", PEPPER)
    monkeypatch.setenv("SPK_TOKEN_PEPPER", PEPPER)
    if has_directory:
        new_data_dir.mkdir()
    assert refusal(spk("user", "list")).startswith("The database can’t be used (")


def test_init_makes_a_place_in_which_commands_work(spk: Spk, new_data_dir: Path) -> None:
    assert said(spk("init")).splitlines()[-1] == "spk is ready. Start it with `spk serve`."
    assert rows(spk("user", "list")) == []


def test_a_lost_pepper_is_not_replaced_by_a_wrong_one(spk: Spk, environ: dict[str, str]) -> None:
    pepper = Path(environ["SPK_DATA_DIR"], "token_pepper")
    pepper.unlink()
    assert "set the right one, which every backup contains" in refusal(spk("init"))
    assert not pepper.exists()


@pytest.mark.parametrize("name", ["secret_key", "token_pepper"])
def test_an_empty_secret_stops_init_and_serve_until_it_is_removed(
    spk: Spk, environ: dict[str, str], name: str
) -> None:
    """As an earlier version left one when the disk was full."""
    file = Path(environ["SPK_DATA_DIR"], name)
    file.write_bytes(b"")
    for command in ("init", "serve"):
        assert refusal(spk(command)).startswith(f"SPK_{name.upper()}: {file} is empty.")
        assert file.read_bytes() == b""
    file.unlink()
    if name == "secret_key":
        said(spk("init"))
    else:
        assert "set the right one, which every backup contains" in refusal(spk("init"))


def test_an_init_that_found_no_room_can_be_done_again(spk: Spk, new_data_dir: Path) -> None:
    with no_room():
        assert refusal(spk("init")).startswith(f"{new_data_dir}/secret_key can’t be written: ")
    said(spk("init"))


def test_what_init_makes_is_for_its_owner_alone(spk: Spk, new_data_dir: Path) -> None:
    spk("init")
    assert open_to_others(new_data_dir) == set()


def test_the_database_is_for_its_owner_alone_even_if_a_command_came_before_init(
    spk: Spk, new_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPK_SECRET_KEY", PEPPER)
    monkeypatch.setenv("SPK_TOKEN_PEPPER", PEPPER)
    new_data_dir.mkdir(mode=0o700)
    spk("user", "list")
    spk("init")
    assert open_to_others(new_data_dir) == set()


def open_to_others(directory: Path) -> set[str]:
    return {file.name for file in (directory, *directory.iterdir()) if file.stat().st_mode & 0o077}


def test_init_again_keeps_everything(spk: Spk, app: Flask, ada: Person) -> None:
    token = ada.create_key()
    assert said(spk("init")) == said(spk("init"))
    with app.app_context(), reading():
        assert Caller.authenticate(token).key.email == "ada@example.com"


def test_init_refuses_a_pepper_that_is_not_the_databases(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_TOKEN_PEPPER", PEPPER)
    assert refusal(spk("init")).startswith("SPK_TOKEN_PEPPER is not the pepper this database was made with")


def test_init_moves_the_database_to_a_new_pepper(
    spk: Spk, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = create_app(environ).config["TOKEN_PEPPERS"][0]
    monkeypatch.setenv("SPK_TOKEN_PEPPER", PEPPER)
    monkeypatch.setenv("SPK_TOKEN_PEPPER_FALLBACKS", old)
    said(spk("init"))
    monkeypatch.delenv("SPK_TOKEN_PEPPER_FALLBACKS")
    said(spk("init"))


def test_a_setting_that_does_not_fit_is_refused(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_WORKERS", "many")
    assert refusal(spk("user", "list")) == "SPK_WORKERS must be a whole number, 1 or more, not many."


def test_an_unknown_setting_is_warned_of_beside_the_data(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_BASEURL", "https://spk.example")
    result = spk("user", "list")
    assert result.stderr == "Warning: SPK_BASEURL is not a setting of spk. Did you mean SPK_BASE_URL?\n"
    assert result.stdout.startswith("ada@example.com\t")


@pytest.mark.only_sqlite("PostgreSQL keeps its files where nobody writes into them")
@pytest.mark.parametrize("damage", [b"this is no database, this is no database", b""])
def test_a_file_that_is_no_database_is_refused(spk: Spk, environ: dict[str, str], damage: bytes) -> None:
    file = Path(environ["SPK_DATA_DIR"], "spk.db")
    file.write_bytes(damage)
    assert refusal(spk("user", "list")).startswith("The database can’t be used")


def test_a_busy_database_is_said_to_be_busy(spk: Spk, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    impatient = "timeout=0.1" if url.startswith("sqlite") else "options=-c%20lock_timeout=100"
    monkeypatch.setenv("SPK_DATABASE_URL", f"{url}?{impatient}")
    with write_lock(app):
        assert re.search("database is locked|lock timeout", refusal(spk("user", "enable", "ada@example.com")))


@pytest.mark.parametrize("words", ["", "user", "key", "--help", "user create --help", "key create --help"])
def test_help_is_given_where_it_is_looked_for(spk: Spk, words: str) -> None:
    assert "Usage: " in spk(*words.split()).output


def test_the_version_is_told(spk: Spk) -> None:
    result = spk("--version")
    assert (result.exit_code, result.stdout) == (0, f"spk, version {__version__}\n")


def test_a_new_password_signs_in_and_ends_every_session(spk: Spk, ada: Person) -> None:
    browser = ada.browser()
    result = spk("user", "set-password", ada.email, "--password-stdin", typed="a quite different phrase\n")
    assert said(result) == "ada@example.com has a new password."
    assert browser.get("/user/security").status_code == 302
    # pragma: allowlist nextline secret (made up)
    fields = {"email": ada.email, "password": "a quite different phrase"}
    assert browser.submit("/login", "/login", htmx=False, **fields).status_code == 302


def test_a_password_is_asked_for_twice_on_a_terminal(spk: Spk, ada: Person) -> None:
    result = spk("user", "set-password", ada.email, typed="a quite different phrase\n" * 2)
    assert result.exit_code == 0
    assert "a quite different phrase" not in result.output


def test_a_new_password_that_does_not_fit_is_refused(spk: Spk, ada: Person) -> None:
    result = spk("user", "set-password", ada.email, "--password-stdin", typed="short\n")
    assert refusal(result) == "Use 8 characters or more."


def test_outdated_rows_are_swept_and_counted(spk: Spk, app: Flask, ada: Person) -> None:
    ada.create_key()
    assert spk("sweep").stdout == ""
    with app.app_context(), writing():
        db.session.execute(update(Event).values(created_at=now() - timedelta(days=999)))
    assert spk("sweep").stdout == "events\t1\n"
