"""What every command needs: the application, messages on stderr, and one-line errors."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
from sqlalchemy.exc import DatabaseError

from spk import create_app
from spk.config import ConfigError
from spk.engines import close
from spk.models import User
from spk.models.refusal import Refusal

P = ParamSpec("P")


class Commands(click.Group):
    """Turns expected errors into a one-line message."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (ConfigError, Refusal, ValueError) as error:
            raise click.ClickException(str(error)) from None
        except BrokenPipeError:
            raise  # the reader has closed the pipe: click exits quietly
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror}.") from None
        except DatabaseError as error:
            reason = str(error.orig).partition("\n")[0]
            raise click.ClickException(
                f"The database can’t be used ({reason}). If `spk init` has been run, `spk doctor` says more."
            ) from None


def with_app(command: Callable[P, None]) -> Callable[P, None]:
    """Run a command inside the application."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with create_app().app_context():
            try:
                command(*args, **kwargs)
            finally:
                close()

    return run


def say(message: str) -> None:
    click.echo(message, err=True)


def find_user(email: str) -> User:
    account = User.find(email)
    if account is None:
        raise click.ClickException(f"There is no account {email}.")
    return account
