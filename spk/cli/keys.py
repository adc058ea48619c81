"""`spk key …`: API keys."""

import click

from spk.cli.base import find_user, say, with_app
from spk.db import reading, writing
from spk.models import ApiKey
from spk.models.accounts.owned_keys import OwnedKeys


@click.group()
def key() -> None:
    """Create, list and revoke API keys."""


@key.command("list")
@click.option("--user", "email", help="Only the keys of this account.")
@with_app
@reading()
def list_keys(email: str | None) -> None:
    """List prefix, name, owner, status, creation and last use, separated by tabs."""
    for found in OwnedKeys(find_user(email)).all() if email else ApiKey.all():
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
    """Create a key; only its token is written to standard output."""
    with writing():
        new = OwnedKeys(find_user(email)).create(name)
    click.echo(new.token)


@key.command("revoke")
@click.argument("prefix")
@with_app
def revoke_key(prefix: str) -> None:
    """Revoke a key; its token is refused from now on."""
    with writing(urgent=True):
        found = ApiKey.find(prefix)
        if found is None:
            raise click.ClickException(f"There is no key {prefix}.")
        was_active = found.revoke()
    say(f"{prefix} {'is' if was_active else 'was already'} revoked.")
