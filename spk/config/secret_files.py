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
BLANK = "\0 \t\r\n"  # what a file holds that lost its contents with the power


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
        found = file.read_text().strip(BLANK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise ConfigError(f"{name}: {file} can’t be read: run spk as the user who owns it.") from None
    except OSError as error:
        raise ConfigError(f"{name}: {file} can’t be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: {file} is not text.") from None
    if not found and name in GENERATED:
        raise ConfigError(
            f"{name}: {file} is empty. Put back what a backup holds, or remove the file and run `spk init`."
        )
    return found


def create_secrets(environ: Mapping[str, str]) -> list[Path]:
    """Create the data directory and the missing secrets in it; returns the new files."""
    directory, created = variables.data_dir(environ), []
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"SPK_DATA_DIR: cannot write to {directory}: {error.strerror}.") from None
    for name in GENERATED:
        file = path(environ, name)
        if variables.value(environ, name) is None and write_secret(file, secrets.token_urlsafe(32)):
            created.append(file)
    return created


def write_secret(path: Path, value: str) -> bool:
    """Write a secret to stay, whole or not at all; False where there is a file already."""
    with _or_refuse(path):
        if path.exists():
            return False  # also where there is no room to try
        with _beside(path, value) as written:
            try:
                path.hardlink_to(written)
            except FileExistsError:  # another process was faster
                return False
        sync_directory(path.parent)
    return True


@contextmanager
def replacing(values: Mapping[Path, str]) -> Iterator[None]:
    """Have these secrets on the disk before the block begins, and in their places once it has ended well."""
    with ExitStack() as staged:
        places = {staged.enter_context(_beside(path, value)): path for path, value in values.items()}
        yield
        for written, path in places.items():
            written.replace(path)
    for directory in {path.parent for path in values}:
        sync_directory(directory)


@contextmanager
def _beside(path: Path, value: str) -> Iterator[Path]:
    """Have a secret on the disk, for its owner alone, under another name until the block has ended."""
    with ExitStack() as leftovers:
        with (
            _or_refuse(path),
            NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file,
        ):
            leftovers.callback(Path(file.name).unlink, missing_ok=True)
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        yield Path(file.name)


@contextmanager
def _or_refuse(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path} can’t be written: {error.strerror}.") from None


def sync_directory(directory: Path) -> None:
    """Have the names in it on the disk, as fsync has a file’s contents."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
