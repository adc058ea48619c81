"""`spk user …`: accounts."""

import sys
from urllib.parse import urlsplit

import click
from flask import current_app

from spk import setup_token
from spk.cli.base import find_user, say, with_app
from spk.db import reading, writing
from spk.models import BrowserSession, User
from spk.models.account_data import delete_account
from spk.models.accounts import password
from spk.models.accounts.reset_link import make_reset_token
from spk.models.accounts.second_factors import SecondFactors
from spk.models.refusal import InvalidValue

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def user() -> None:
    """Create and manage accounts."""


@user.command("create")
@click.argument("email")
@click.option("--plan", help="The plan; SPK_DEFAULT_PLAN by default.")
@password_option
@with_app
def create_user(email: str, plan: str | None, password_stdin: bool) -> None:
    """Create an account; asks for its password."""
    password_hash = ask_password_hash(email, password_stdin)
    with writing():
        account = User.create(email, password_hash, plan)
    setup_token.consume()  # /setup is closed once there is an account
    say(f"{account.email} can sign in, on the plan {account.plan_name}.")


@user.command("list")
@with_app
@reading()
def list_users() -> None:
    """List email, plan, status and day of creation, separated by tabs."""
    for account in User.all():
        status = "disabled" if account.disabled_at else "enabled"
        click.echo(f"{account.email}\t{account.plan_name}\t{status}\t{account.created_at:%Y-%m-%d}")


@user.command("set-password")
@click.argument("email")
@password_option
@with_app
def set_password(email: str, password_stdin: bool) -> None:
    """Give an account a new password and sign it out everywhere."""
    password_hash = ask_password_hash(email, password_stdin)
    with writing(urgent=True):
        account = find_user(email)
        account.set_password(password_hash)
        BrowserSession.end_all(account)
    say(f"{account.email} has a new password.")


def ask_password_hash(email: str, from_stdin: bool) -> str:
    """The hash of a password that somebody types; raises InvalidValue where it may not be set."""
    try:
        if from_stdin:
            typed = sys.stdin.readline().rstrip("\r\n")
        else:
            typed = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return password.hash(
            password.check(typed, email, urlsplit(current_app.config["BASE_URL"]).hostname or "")
        )
    except UnicodeError:  # in reading or in hashing, as the locale has it
        raise InvalidValue("This password isn’t UTF-8.") from None


@user.command("reset-link")
@click.argument("email")
@with_app
def make_reset_link(email: str) -> None:
    """Print a link by which somebody who forgot their password sets a new one, for an hour."""
    with writing():
        account = find_user(email)
        if account.disabled_at:
            raise InvalidValue(f"{account.email} is disabled: `spk user enable` it first.")
        token = make_reset_token(account)
    click.echo(f"{current_app.config['BASE_URL']}/reset?token={token}")
    say(f"Give this link to {account.email} alone: whoever opens it sets the password.")


@user.command("reset-two-factor")
@click.argument("email")
@with_app
def reset_two_factor(email: str) -> None:
    """Remove the authenticator app, passkeys and recovery codes of somebody who lost them."""
    with writing():
        account = find_user(email)
        account.lock()
        SecondFactors(account).turn_off("second_factors:reset")
    say(f"{account.email} signs in with the password alone.")


@user.command("delete")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Don’t ask; a script is never asked.")
@with_app
def delete_user(email: str, yes: bool) -> None:
    """Delete an account and all that belongs to it; this can’t be undone."""
    if not yes and sys.stdin.isatty():
        click.confirm("Delete the account with its keys, status pages and events?", abort=True, err=True)
    with writing(urgent=True):
        account = find_user(email)
        account.disable()
        user_id, address = account.id, account.email
    for _rows in delete_account(user_id):
        pass
    say(f"{address} is deleted.")


@user.command("set-plan")
@click.argument("email")
@click.argument("plan")
@with_app
def set_plan(email: str, plan: str) -> None:
    """Move an account to another plan, effective from its next request."""
    with writing():
        find_user(email).set_plan(plan)
    say(f"{email} is on the plan {plan}.")


@user.command()
@click.argument("email")
@with_app
def disable(email: str) -> None:
    """Refuse an account and all its keys."""
    with writing(urgent=True):
        find_user(email).disable()
    say(f"{email} is disabled.")


@user.command()
@click.argument("email")
@with_app
def enable(email: str) -> None:
    """Let a disabled account and its keys work again."""
    with writing():
        find_user(email).enable()
    say(f"{email} is enabled.")
