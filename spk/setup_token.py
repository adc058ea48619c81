"""The one-time token for /setup: only somebody with access to the server can create the first account."""

import hmac
import secrets
from pathlib import Path

from flask import current_app

from spk.config.secret_files import write_secret


def issue() -> str:
    """The token, created if there is none yet."""
    write_secret(_path(), secrets.token_urlsafe(16))
    return _path().read_text().strip()


def matches(candidate: str) -> bool:
    try:
        return hmac.compare_digest(_path().read_text().strip().encode(), candidate.strip().encode())
    except FileNotFoundError:
        return False


def consume() -> bool:
    """Delete the token; False if it has been used already."""
    try:
        _path().unlink()
    except FileNotFoundError:
        return False
    return True


def _path() -> Path:
    directory: Path = current_app.config["DATA_DIR"]
    return directory / "setup_token"
