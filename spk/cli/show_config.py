"""`spk config`: what is set, and what can be."""

import os
import re
from collections.abc import Iterator, Mapping

import click

from spk import config
from spk.config import secret_files
from spk.config.variables import SETTINGS

MASK = "********"
REFERENCE = """\
# Configuration

Made from the code by `make docs`; `spk config` shows what is in force here, with secrets masked.

Everything is set by environment variables. An empty one counts as not set, a name that spk doesn’t know is
warned of at the start, and a value that doesn’t fit keeps it from starting, in one line that says which.

| variable | default | says |
| --- | --- | --- |
{rows}

Each marked † may hold a secret: it can be in a file instead, named by the same variable with `_FILE` at its
end, as Docker and systemd hand out secrets. The two that `spk init` makes are files in the data directory,
readable by their owner alone.
"""


@click.command("config")
@click.option("--markdown", is_flag=True, help="Describe every setting instead, as docs/configuration.md.")
def show(markdown: bool) -> None:
    """Show each setting, what it comes to and where that was said, separated by tabs; secrets are masked."""
    if markdown:
        click.echo(reference(), nl=False)
        return
    for row in effective(os.environ):
        click.echo("\t".join(row))


def effective(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    loaded = config.load(environ)
    computed = {
        "SPK_DATA_DIR": loaded["DATA_DIR"],
        "SPK_DATABASE_URL": without_password(loaded["SQLALCHEMY_DATABASE_URI"]),
        "SPK_BASE_URL": loaded["BASE_URL"],
        "SPK_PLANS_FILE": loaded["PLANS_FILE"],
        "SPK_RATELIMIT_STORAGE_URI": without_password(loaded["RATELIMIT_STORAGE_URI"]),
        "SPK_SECRET_KEY": MASK,
        "SPK_TOKEN_PEPPER": MASK,
        "SPK_TOKEN_PEPPER_FALLBACKS": MASK if loaded["TOKEN_PEPPERS"][1:] else "none",
    }
    for name, setting in SETTINGS.items():
        value = computed.get(name) or environ.get(name) or setting.default
        yield name, str(value), origin(environ, name)


def origin(environ: Mapping[str, str], name: str) -> str:
    for variable in (name, f"{name}_FILE"):
        if environ.get(variable):
            return variable
    path = secret_files.path(environ, name)
    return str(path) if name in secret_files.NAMES and path.is_file() else "default"


def without_password(url: str) -> str:
    """Mask who signs in and with what, before the host or in the query."""
    return re.sub(r"(password=)[^&]*", rf"\1{MASK}", re.sub(r"//.*@", f"//{MASK}@", url))


def reference() -> str:
    rows = []
    for name, setting in SETTINGS.items():
        default = setting.default if " " in setting.default else f"`{setting.default}`"
        rows.append(f"| `{name}`{' †' * setting.is_secret} | {default} | {setting.description} |")
    return REFERENCE.format(rows="\n".join(rows))
