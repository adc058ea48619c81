"""`spk user …`: accounts."""

import sys

import click

from spk import setup_token
from spk.cli.base import find_user, say, with_app
from spk.db import db
from spk.models import Session, User

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def user() -> None:
    """Make and manage accounts."""


@user.command("create")
@click.argument("email")
@click.option("--plan", help="The plan; SPK_DEFAULT_PLAN unless told.")
@password_option
@with_app
def create_user(email: str, plan: str | None, password_stdin: bool) -> None:
    """Make an account; asks for its password."""
    account = User.create(email, ask_password(password_stdin), plan)
    db.session.commit()
    setup_token.claim()  # of no more use
    say(f"{account.email} can sign in, on the plan {account.plan_name}.")


@user.command("list")
@with_app
def list_users() -> None:
    """Show email, plan, status and day of creation, separated by tabs."""
    for account in User.all():
        status = "disabled" if account.disabled_at else "enabled"
        click.echo(f"{account.email}\t{account.plan_name}\t{status}\t{account.created_at:%Y-%m-%d}")


@user.command("set-password")
@click.argument("email")
@password_option
@with_app
def set_password(email: str, password_stdin: bool) -> None:
    """Give an account a new password and sign it out everywhere."""
    password = ask_password(password_stdin)
    account = find_user(email)
    account.set_password(password)
    Session.end_all(account)
    db.session.commit()
    say(f"{account.email} has a new password.")


def ask_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


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
