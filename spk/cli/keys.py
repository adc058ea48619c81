"""`spk key …`: API keys."""

import json
import re
from datetime import datetime, timedelta

import click

from spk.cli.base import find_user, say, with_app
from spk.db import now, reading, writing
from spk.models import ApiKey, User
from spk.models.accounts import network, scope
from spk.models.accounts.key_rights import KeyRights
from spk.models.accounts.owned_keys import ENDS, OwnedKeys
from spk.models.status_pages.owned_pages import OwnedPages


@click.group()
def key() -> None:
    """Create, list, replace and revoke API keys."""


@key.command("list")
@click.option("--user", "email", help="Only the keys of this account.")
@click.option("--json", "as_json", is_flag=True, help="Everything about them, as a JSON array.")
@with_app
@reading()
def list_keys(email: str | None, as_json: bool) -> None:
    """List prefix, name, owner, status, creation, last use and end, separated by tabs."""
    keys = OwnedKeys(find_user(email)).all() if email else ApiKey.all()
    if as_json:
        click.echo(json.dumps([describe(found) for found in keys], indent=2, ensure_ascii=False))
        return
    for found in keys:
        times = [_iso(time) or "never" for time in (found.created_at, found.last_used_at, found.ends_at)]
        click.echo("\t".join([found.prefix, found.name, found.user.email, found.status.lower(), *times]))


def describe(found: ApiKey) -> dict[str, object]:
    """A key as JSON has it, without its hash."""
    pages = None if found.page_ids is None else OwnedPages(found.user, found.page_ids).named()
    return {
        "prefix": found.prefix,
        "name": found.name,
        "user": found.user.email,
        "status": found.status.lower(),
        "created_at": _iso(found.created_at),
        "expires_at": _iso(found.ends_at),
        "last_used_at": _iso(found.last_used_at),
        "last_used_from": found.last_used_address,
        "revoked_at": _iso(found.revoked_at),
        "leaked": found.leaked_from is not None,
        "scopes": list(found.scopes or ()),
        "pages": None if pages is None else [page.slug for page in pages],
        "addresses": None if found.networks is None else list(found.networks),
        "replaced_by": found.replaced_by,
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None


def read_lifetime(_context: click.Context, _option: click.Parameter, text: str | None) -> timedelta | None:
    """Like 90d or 12h."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})([dh])", text)
    if not found:
        raise click.BadParameter("write a number of days or hours, like 90d or 12h.")
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))


@key.command("create")
@click.argument("email")
@click.argument("name")
@click.option("--expires", callback=read_lifetime, help="Days or hours that it works, like 90d or 12h.")
@click.option("--scope", "scopes", multiple=True, help="What it may do, like gate; else everything.")
@click.option("--page", "pages", multiple=True, help="The slug of a page that it is for; else all.")
@click.option("--address", "addresses", multiple=True, help="A network that it works from; else anywhere.")
@with_app
def create_key(
    email: str,
    name: str,
    expires: timedelta | None,
    scopes: tuple[str, ...],
    pages: tuple[str, ...],
    addresses: tuple[str, ...],
) -> None:
    """Create a key; only its token is written to standard output."""
    chosen = scope.clean(scopes) or None, network.clean(addresses) or None
    with writing():
        account = find_user(email)
        rights = KeyRights(chosen[0], _page_ids(account, pages), chosen[1], _end(account, expires))
        new = OwnedKeys(account).create(name, rights=rights)
    click.echo(new.token)


def _page_ids(account: User, slugs: tuple[str, ...]) -> tuple[str, ...] | None:
    return OwnedPages(account).ids(slugs) or None


def _end(account: User, lifetime: timedelta | None) -> datetime | None:
    lifetime = lifetime or account.plan.default_lifetime
    return now() + lifetime if lifetime else None


@key.command("replace")
@click.argument("prefix")
@click.option("--ends", type=click.Choice(list(ENDS)), default="first_use", help="When the old key ends.")
@with_app
def replace_key(prefix: str, ends: str) -> None:
    """Create a key with the same rights; only its token is written to standard output."""
    with writing():
        old = find_key(prefix)
        new = OwnedKeys(old.user).replace(old, ends)
    click.echo(new.token)


@key.command("revoke")
@click.argument("prefix")
@with_app
def revoke_key(prefix: str) -> None:
    """Revoke a key; its token is refused from now on."""
    with writing(urgent=True):
        was_active = find_key(prefix).revoke()
    say(f"{prefix} {'is' if was_active else 'was already'} revoked.")


def find_key(prefix: str) -> ApiKey:
    found = ApiKey.find(prefix)
    if found is None:
        raise click.ClickException(f"There is no key {prefix}.")
    return found
