"""What every command needs: the application, messages on stderr, and one-line errors."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
from sqlalchemy.exc import SQLAlchemyError

from spk import create_app, health
from spk.config import ConfigError
from spk.database_errors import is_damage, is_unavailable
from spk.engines import close
from spk.models import User
from spk.models.accounts.origin import Origin, acting
from spk.models.refusal import Refusal

P = ParamSpec("P")


class Commands(click.Group):
    """Turns expected errors into a one-line message."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (ConfigError, Refusal) as error:
            raise click.ClickException(str(error)) from None
        except BrokenPipeError:
            raise  # the reader has closed the pipe: click exits quietly
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror}.") from None
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                raise
            raise _unusable(error) from None


def _unusable(error: SQLAlchemyError) -> click.ClickException:
    words = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return click.ClickException(
        f"The database can’t be used ({words}). If `spk init` has been run, `spk doctor` says more."
    )


def advice(error: SQLAlchemyError) -> str:
    """What the operator can do about an error of the database."""
    if is_damage(error):
        return "restore a backup"
    if is_unavailable(error):
        return "start it, or fix SPK_DATABASE_URL"
    return "run `spk init`, and report this where it doesn’t help"


def with_app(command: Callable[P, None]) -> Callable[P, None]:
    """Run a command inside the application."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with create_app().app_context(), acting(Origin("command")):
            try:
                command(*args, **kwargs)
            except SQLAlchemyError as error:
                if is_unavailable(error) or health.current_migration() == health.newest_migration():
                    raise
                raise _unusable(error) from None  # what is missing before `spk init` is no mistake of ours
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
