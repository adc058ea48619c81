"""The operator's commands: data on stdout, words on stderr, a status other than 0 for what failed."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
import flask_migrate
from sqlalchemy.exc import DatabaseError

from spk import __version__, config, create_app, logs, setup_token
from spk.config import ConfigError
from spk.db import close, db
from spk.models import ApiKey, User
from spk.models.api_key import ApiKeyError
from spk.models.pepper import check_pepper
from spk.server import Server, check_bind

P = ParamSpec("P")


class Commands(click.Group):
    """Turns what cannot be done into one line for the operator."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (ConfigError, ApiKeyError, ValueError) as error:
            raise click.ClickException(str(error)) from None
        except DatabaseError as error:
            raise click.ClickException(
                f"The database can’t be used ({error.orig}). Did you run `spk init`?"
            ) from None


def with_app(command: Callable[P, None]) -> Callable[P, None]:
    """Run a command inside the application."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with create_app().app_context():
            command(*args, **kwargs)

    return run


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Run spk, a status page with API keys, and manage its accounts and keys."""
    os.umask(0o077)  # the database, like the secrets, is for its owner alone
    for warning in config.warnings(os.environ):
        say(f"Warning: {warning}")


def say(words: str) -> None:
    click.echo(words, err=True)


@main.command()
def init() -> None:
    """Make or upgrade the data directory, secrets and tables."""
    prepare()
    say("spk is ready. Start it with `spk serve`.")


def prepare() -> None:
    config.create_secrets(os.environ)
    with create_app().app_context():
        flask_migrate.upgrade()
        check_pepper()
        db.session.commit()
        close()


@main.command()
def serve() -> None:
    """Run `init`, then the server, until SIGTERM."""
    prepare()
    app = create_app()
    check_bind(app.config["BIND"])
    with app.app_context():
        url = app.config["BASE_URL"]
        say(f"spk {__version__} serves {url} from {app.config['BIND']}.")
        if not User.exists():
            say(f"There is no account yet. Make the first one at {url}/setup")
            say(f"Setup token: {setup_token.issue()}")
        close()
    logs.configure()
    Server(app.config["BIND"], app.config["WORKERS"]).run()


@main.group()
def user() -> None:
    """Make and manage accounts."""


@user.command("create")
@click.argument("email")
@click.option("--plan", help="The plan; SPK_DEFAULT_PLAN unless told.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_app
def create_user(email: str, plan: str | None, password_stdin: bool) -> None:
    """Make an account; asks for its password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    account = User.create(email, password, plan)
    db.session.commit()
    setup_token.discard()
    say(f"{account.email} can sign in, on the plan {account.plan_name}.")


@user.command("list")
@with_app
def list_users() -> None:
    """Show email, plan, status and day of creation, separated by tabs."""
    for account in User.all():
        status = "disabled" if account.disabled_at else "enabled"
        click.echo(f"{account.email}\t{account.plan_name}\t{status}\t{account.created_at:%Y-%m-%d}")


@user.command("set-plan")
@click.argument("email")
@click.argument("plan")
@with_app
def set_plan(email: str, plan: str) -> None:
    """Put an account on another plan, from its next request on."""
    find_user(email).set_plan(plan)
    db.session.commit()
    say(f"{email} is on the plan {plan}.")


@user.command()
@click.argument("email")
@with_app
def disable(email: str) -> None:
    """Refuse an account and all its keys."""
    find_user(email).disable()
    db.session.commit()
    say(f"{email} is disabled.")


@user.command()
@click.argument("email")
@with_app
def enable(email: str) -> None:
    """Let a disabled account and its keys in again."""
    find_user(email).enable()
    db.session.commit()
    say(f"{email} is enabled.")


def find_user(email: str) -> User:
    account = User.find(email)
    if account is None:
        raise click.ClickException(f"There is no account {email}.")
    return account


@main.group()
def key() -> None:
    """Make and revoke API keys."""


@key.command("list")
@click.option("--user", "email", help="Only the keys of this account.")
@with_app
def list_keys(email: str | None) -> None:
    """Show prefix, name, owner, status, creation and last use, separated by tabs."""
    for found in find_user(email).api_keys() if email else ApiKey.all():
        times = [
            time.isoformat(timespec="seconds") if time else "never"
            for time in (found.created_at, found.last_used_at)
        ]
        click.echo("\t".join([found.prefix, found.name, found.user.email, found.status.lower(), *times]))


@key.command("create")
@click.argument("email")
@click.argument("name")
@with_app
def create_key(email: str, name: str) -> None:
    """Make a key; its token is all that is written to standard output."""
    new = find_user(email).create_api_key(name)
    db.session.commit()
    click.echo(new.token)


@key.command("revoke")
@click.argument("prefix")
@with_app
def revoke_key(prefix: str) -> None:
    """Refuse a key from now on."""
    found = ApiKey.find(prefix)
    if found is None:
        raise click.ClickException(f"There is no key {prefix}.")
    was_active = found.revoke()
    db.session.commit()
    say(f"{prefix} {'is' if was_active else 'was already'} revoked.")
