"""The one-time token for /setup: only somebody with access to the server can create the first account."""

import hmac
import re
import secrets
from pathlib import Path

from flask import current_app

from spk.config.secret_files import write_secret


def issue() -> str:
    """The token, made where there is none yet."""
    if found := _read():
        return found
    _path().unlink(missing_ok=True)  # what is left of one opens nothing
    token = secrets.token_urlsafe(16)
    return token if write_secret(_path(), token) else _read()


def matches(candidate: str) -> bool:
    token = _read()
    return bool(token) and hmac.compare_digest(token.encode(), candidate.strip().encode())


def consume() -> bool:
    """Delete the token; False if it has been used already."""
    try:
        _path().unlink()
    except FileNotFoundError:
        return False
    return True


def _read() -> str:
    """The token, or nothing where the file isn’t all there: two empty ones would be equal."""
    try:
        found = _path().read_text(errors="replace").strip()
    except FileNotFoundError:
        return ""
    return found if re.fullmatch(r"[\w-]{22}", found, re.ASCII) else ""


def _path() -> Path:
    directory: Path = current_app.config["DATA_DIR"]
    return directory / "setup_token"
