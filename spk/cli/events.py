"""`spk events`: what happened to accounts."""

import json

import click

from spk.cli.base import find_user, with_app
from spk.db import reading
from spk.models import Event


@click.command()
@click.option("--user", "email", help="Only what happened to this account.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@with_app
@reading()
def events(email: str | None, as_json: bool) -> None:
    """List time, account, action, subject, door, address and browser, oldest first, separated by tabs."""
    for event in Event.all(find_user(email) if email else None):
        row = event.as_row()
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else "\t".join(row.values()))
