"""The operator’s commands: data on stdout, messages on stderr, exit status not 0 on failure."""

import atexit
import gc
import os
import shutil
import tempfile
from collections import Counter

import click
import flask_migrate

from spk import __version__, config, create_app, health, logs, setup_token
from spk.cli import backups
from spk.cli.base import Commands, say, with_app
from spk.cli.doctor import doctor
from spk.cli.events import events
from spk.cli.keys import key
from spk.cli.scan import scan
from spk.cli.show_config import show
from spk.cli.users import user
from spk.config import ConfigError, secret_files, variables
from spk.db import reading, writing
from spk.engines import close
from spk.models import User
from spk.models.accounts.pepper import record_pepper
from spk.models.sweep import Sweep, sweep
from spk.server import Server, check_bind


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Run spk, a status page with API keys, and manage its accounts and keys."""
    atexit.register(gc.freeze)  # to look for garbage in all that is imported takes half a second at the end
    os.umask(0o077)  # only the owner may read the database and the secrets
    for warning in config.warnings(os.environ):
        say(f"Warning: {warning}")


@main.command()
def init() -> None:
    """Create or upgrade the data directory, secrets and tables."""
    prepare()
    say("spk is ready. Start it with `spk serve`.")


def prepare() -> None:
    made = secret_files.create_secrets(os.environ)
    try:
        with create_app().app_context():
            health.check_version()
            flask_migrate.upgrade()
            with writing():
                record_pepper()
                Sweep.make_due()
            close()
    except ConfigError:
        for path in made:  # a new pepper must not be left beside an old database
            path.unlink()
        raise


@main.command()
def serve() -> None:
    """Run `init`, then the server, until SIGTERM."""
    check_bind(variables.bind(os.environ))
    share_metrics()
    prepare()
    app = create_app()
    with app.app_context():
        url = app.config["BASE_URL"]
        say(f"spk {__version__} serves {url} from {app.config['BIND']}.")
        with reading():
            is_set_up = User.exists()
        if not is_set_up:
            say(f"There is no account yet. Create the first one at {url}/setup")
            say(f"Setup token: {setup_token.issue()}")
        close()
    logs.configure()
    Server(app.config["BIND"], app.config["WORKERS"]).run()


@main.command("sweep")
@with_app
def sweep_now() -> None:
    """Delete outdated rows, as `spk serve` does once a day; prints each table and their number."""
    deleted: Counter[str] = Counter()
    for table, rows in sweep():
        deleted[table] += rows
    for table, rows in deleted.items():
        click.echo(f"{table}\t{rows}")


def share_metrics() -> None:
    """Create the directory for the workers’ counts, which prometheus-client looks for on import."""
    if variables.one_of(os.environ, "SPK_METRICS", "0", "1") == "1":
        directory, parent = tempfile.mkdtemp(prefix="spk-metrics-"), os.getpid()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory

        @atexit.register
        def remove() -> None:
            if os.getpid() == parent:  # workers, which are forks, run this at exit, too
                shutil.rmtree(directory, ignore_errors=True)


main.add_command(user)
main.add_command(key)
main.add_command(events)
main.add_command(show)
main.add_command(doctor)
main.add_command(scan)
main.add_command(backups.write)
main.add_command(backups.read)
