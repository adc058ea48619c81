"""`spk doctor`: find what keeps spk from working or makes it unsafe, and say what to do."""

import sys
from collections.abc import Callable

import click
from limits.errors import StorageError
from sqlalchemy.exc import SQLAlchemyError

from spk.cli.base import advice, with_app
from spk.cli.checks import CHECKS, Findings
from spk.config import ConfigError


@click.command()
@with_app
def doctor() -> None:
    """Check the installation; prints ok, warn or fail, the subject and a message, separated by tabs."""
    failed = False
    for check in CHECKS:
        for level, message in findings(check):
            failed = failed or level == "fail"
            click.echo(f"{level}\t{check.__name__}\t{message}")
    if failed:
        sys.exit(1)


def findings(check: Callable[[], Findings]) -> Findings:
    """The findings of a check; ok if there are none, and a failure if it can’t be made."""
    try:
        found = list(check())
    except ConfigError as error:
        found = [("fail", str(error))]
    except OSError as error:
        found = [("fail", f"{error.filename}: {error.strerror}.")]
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        found = [("fail", f"The database can’t be used: {advice(error)} ({reason}).")]
    except StorageError as error:
        found = [("fail", f"SPK_RATELIMIT_STORAGE_URI can’t be used: {error}.")]
    yield from found or [("ok", (check.__doc__ or "").strip())]
