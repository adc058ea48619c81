"""`spk backup` and `spk restore`: everything in one file."""

import os
from pathlib import Path

import click

from spk import archive, backup, create_app
from spk.cli.base import say, with_app
from spk.config import secret_files, variables
from spk.engines import close
from spk.models.refusal import Refusal
from spk.restore import restore

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command("backup")
@FILE
@with_app
def write(file: Path) -> None:
    """Write the database and the secrets to FILE, which only you can read; spk may keep running."""
    backup.write(file)
    say(f"{file} contains the database and the secrets: protect it like a password.")


@click.command("restore")
@FILE
@click.option("--force", is_flag=True, help="Replace the existing database and secrets.")
def read(file: Path, force: bool) -> None:
    """Restore the database and the secrets from FILE, and migrate them to this version."""
    environ = os.environ
    with archive.opened(file) as found:
        secrets = found.secrets(environ)
        paths = {secret_files.path(environ, name): value for name, value in secrets.items()}
        if not force and any(path.exists() for path in paths):
            raise Refusal(f"{variables.data_dir(environ)} has secrets already: `--force` replaces them.")
        variables.data_dir(environ).mkdir(mode=0o700, parents=True, exist_ok=True)
        with secret_files.replacing(paths), create_app({**environ, **secrets}).app_context():
            try:
                restore(found, replace=force)
            finally:
                close()
    say("The backup is restored. Restart spk if it is running.")
