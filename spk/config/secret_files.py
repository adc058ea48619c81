"""The secrets, and the files in the data directory for those that no variable sets."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from spk.config import variables
from spk.config.variables import ConfigError

GENERATED = ("SPK_SECRET_KEY", "SPK_TOKEN_PEPPER")
NAMES = (*GENERATED, "SPK_TOKEN_PEPPER_FALLBACKS")


def path(environ: Mapping[str, str], name: str) -> Path:
    return variables.data_dir(environ) / name.removeprefix("SPK_").lower()


def secret(environ: Mapping[str, str], name: str) -> str:
    value = variables.value(environ, name) or _read(environ, name)
    if value is None:
        where = variables.data_dir(environ)
        raise ConfigError(f"{name} is not set, and not in {where} either: run `spk init`.")
    if len(value) < 16:
        raise ConfigError(f"{name} is too short: use at least 16 random characters.")
    return value


def pepper_fallbacks(environ: Mapping[str, str]) -> list[str]:
    name = "SPK_TOKEN_PEPPER_FALLBACKS"
    return re.findall(r"[^\s,]+", variables.value(environ, name) or _read(environ, name) or "")


def _read(environ: Mapping[str, str], name: str) -> str | None:
    file = path(environ, name)
    try:
        return file.read_text().strip()
    except PermissionError:
        raise ConfigError(f"{name}: {file} can’t be read: run spk as the user who owns it.") from None
    except (OSError, UnicodeDecodeError):
        return None


def create_secrets(environ: Mapping[str, str]) -> list[Path]:
    """Create the data directory and the missing secrets in it; returns the new files."""
    directory, created = variables.data_dir(environ), []
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in GENERATED:
            file = path(environ, name)
            if variables.value(environ, name) is None and write_secret(file, secrets.token_urlsafe(32)):
                created.append(file)
    except OSError as error:
        raise ConfigError(f"SPK_DATA_DIR: cannot write to {directory}: {error.strerror}.") from None
    return created


@contextmanager
def replacing(values: Mapping[Path, str]) -> Iterator[None]:
    """Write these secrets to temporary files before the block, and move them into place if it succeeds."""
    with ExitStack() as cleanup:
        staged = {}
        for path, value in values.items():
            with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
                staged[path] = Path(file.name)  # mode 0600
                cleanup.callback(staged[path].unlink, missing_ok=True)
                file.write(value + "\n")
                file.flush()
                os.fsync(file.fileno())
        yield
        for path, new_file in staged.items():
            new_file.replace(path)


def write_secret(path: Path, value: str) -> bool:
    """Write a file that only its owner can read; False if it exists already."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
    return True
