"""`spk scan`: find tokens where none should be, and end them."""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from spk.cli.base import advice, say, with_app
from spk.config import ConfigError
from spk.database_errors import is_unavailable
from spk.db import writing
from spk.models.accounts.found_token import RULES, FoundToken, tokens_in
from spk.models.text import shown

AT_ONCE = 1_000  # tokens in a report
URL = re.compile(  # tokens are sent encrypted, or stay on this machine
    r"(https://([\w.-]+|\[[\da-f:.]+\])|http://(localhost|127\.0\.0\.1|\[::1\]))(:\d{1,5})?(/[\w./~%-]*)?",
    re.ASCII,
)


class Failure(click.ClickException):
    """The status is 2, because 1 says that a token works."""

    exit_code = 2


class Scan(click.Command):
    """Ends every error as a Failure."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (click.UsageError, BrokenPipeError):
            raise
        except (click.ClickException, ConfigError, OSError) as error:
            raise Failure(shown(str(error))) from None
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                raise
            raise Failure(f"The database can’t be used: {advice(error)}.") from None


def check_url(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    if url is not None and not URL.fullmatch(url):
        raise click.BadParameter("write the address of an spk, like https://status.example.com.")
    return url and url.rstrip("/")


@click.command(cls=Scan)
@click.argument("paths", metavar="PATH…", nargs=-1)
@click.option("--revoke", is_flag=True, help="End the keys of this server whose tokens are found.")
@click.option(
    "--report", "url", callback=check_url, help="Tell the spk at this URL all tokens that are found."
)
@click.option("--rules", "tool", type=click.Choice(list(RULES)), help="Print a rule for this tool instead.")
def scan(paths: tuple[str, ...], revoke: bool, url: str | None, tool: str | None) -> None:
    """Find tokens in files and directories, or in standard input if PATH is “-”.

    A line for each token has its prefix, state, owner, name and first place, separated by tabs. It works, is
    paused (by the owner’s plan), revoked, expired, disabled (with its owner) or unknown on this server.

    The status is 1 if a token worked or was paused when it was found, even if it is revoked now; 0 if none
    did; 2 if something is wrong. A file that can’t be read is a warning.

    What was ever committed: git log -p --all | spk scan -

    A rule knows the shape of a token, not its checksum. The one for detect-secrets is tried with it; those
    for gitleaks, trufflehog and GitHub follow their documentation, and were not run.
    """
    if tool:
        click.echo(RULES[tool], nl=False)
        return
    if not paths:
        raise click.UsageError("Name files or directories, or “-” for standard input.")
    for path in paths:
        if path != "-" and not os.access(path, os.R_OK):
            raise click.UsageError(f"{shown(path)} doesn’t exist or can’t be read.")
    search(paths, revoke, url)


@with_app
def search(paths: tuple[str, ...], revoke: bool, url: str | None) -> None:
    seen: dict[str, FoundToken] = {}
    for text, place in places(paths):
        if text not in seen:
            found = seen[text] = FoundToken.look_up(text)
            if revoke:
                with writing(urgent=True):
                    found = found.revoke()
            owner = (found.key.email, found.key.name) if found.key else ("-", "-")
            click.echo("\t".join([found.prefix, found.state, *owner, place]))
    if url and seen:
        report(url, list(seen))
    if any(found.works for found in seen.values()):
        sys.exit(1)


def places(paths: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each token with where it is, like app.env:12."""
    for path in paths:
        if path == "-":
            for text, line in tokens_in(sys.stdin.buffer):
                yield text, f"-:{line}"
            continue
        for file in files_in(Path(path)):
            try:
                with file.open("rb") as stream:
                    for text, line in tokens_in(stream):
                        yield text, f"{shown(str(file))}:{line}"
            except OSError as error:
                warn(file, error)


def files_in(path: Path) -> Iterator[Path]:
    """The file itself, or those below a directory, without links, devices and what git has compressed."""
    if not path.is_dir():
        yield path
        return
    waiting = [path]
    while waiting:
        directory = waiting.pop()
        try:
            inside = [each for each in sorted(directory.iterdir()) if not each.is_symlink()]
            files = [each for each in inside if each.is_file()]
            below = [each for each in inside if each.is_dir() and each.parts[-2:] != (".git", "objects")]
        except OSError as error:
            warn(directory, error)
            continue
        yield from files
        waiting += reversed(below)


def warn(path: Path, error: OSError) -> None:
    say(f"Warning: {shown(str(path))}: {error.strerror}.")


def report(url: str, tokens: list[str]) -> None:
    """Have another spk end its keys with these tokens; no redirect is followed and no proxy asked."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()):
        opener.add_handler(handler)
    for start in range(0, len(tokens), AT_ONCE):
        body = json.dumps({"credentials": tokens[start : start + AT_ONCE]}).encode()
        request = urllib.request.Request(  # noqa: S310  # URL allows two schemes
            f"{url}/api/v1/credentials/revoke", body, {"Content-Type": "application/json"}
        )
        try:
            with opener.open(request, timeout=10) as answer:
                status = answer.status
        except (OSError, HTTPException, ValueError) as error:
            raise Failure(f"{shown(f'{url} can’t be told: {error}')}.") from None
        if status != 202:
            raise Failure(f"{shown(url)} answers {status}, not 202: it may know nothing of them.")
    say(f"{shown(url)} was told of {len(tokens):,} token{'s' * (len(tokens) != 1)}.")
