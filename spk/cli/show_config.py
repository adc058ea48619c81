"""`spk config`: the settings in effect, and the reference of all settings."""

import os
import re
from collections.abc import Iterator, Mapping

import click

from spk import config
from spk.config import secret_files
from spk.config.settings import SETTINGS

MASK = "********"
REFERENCE = """\
# Configuration

Generated from the code by `make docs`; `spk config` shows the settings in effect, with secrets masked.

Everything is set by environment variables. An empty one counts as not set. At the start, spk warns of unknown
names, and refuses to start with an invalid value, in one line that names it.

| variable | default | meaning |
| --- | --- | --- |
{rows}

Variables marked † may contain a secret. It can be in a file instead, named by the same variable with `_FILE`
at its end, as Docker and systemd provide secrets. The two that `spk init` makes are files in the data
directory, which only their owner can read.
"""


@click.command("config")
@click.option(
    "--markdown",
    is_flag=True,
    help="Print the reference of all settings instead, as in docs/configuration.md.",
)
def show(markdown: bool) -> None:
    """List each setting, its value and where it is set, separated by tabs; secrets are masked."""
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
    """Mask the user and password before the host, and a password in the query."""
    return re.sub(r"(password=)[^&]*", rf"\1{MASK}", re.sub(r"//.*@", f"//{MASK}@", url))


def reference() -> str:
    rows = []
    for name, setting in SETTINGS.items():
        default = setting.default if " " in setting.default else f"`{setting.default}`"
        rows.append(f"| `{name}`{' †' * setting.is_secret} | {default} | {setting.description} |")
    return REFERENCE.format(rows="\n".join(rows))
