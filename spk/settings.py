"""How each SPK_… variable is read: what does not fit is refused in a line that names it.

An empty variable is one that is not set, as Docker Compose passes them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import limits
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


class ConfigError(Exception):
    """A setting that cannot be used; the message names it and says what to do."""


def data_dir(environ: Mapping[str, str]) -> Path:
    """Where the database and the secrets are kept unless they are set elsewhere."""
    return Path(environ.get("SPK_DATA_DIR") or "data").resolve()


def secret_path(environ: Mapping[str, str], name: str) -> Path:
    return data_dir(environ) / name.removeprefix("SPK_").lower()


def secret(environ: Mapping[str, str], name: str) -> str:
    value = value_or_file(environ, name)
    if value is None:
        try:
            value = secret_path(environ, name).read_text().strip()
        except (OSError, UnicodeDecodeError):
            where = data_dir(environ)
            raise ConfigError(f"{name} is not set and {where} holds none: run `spk init`.") from None
    if len(value) < 16:
        raise ConfigError(f"{name} is too short: use at least 16 random characters.")
    return value


def value_or_file(environ: Mapping[str, str], name: str) -> str | None:
    file = environ.get(f"{name}_FILE")
    if not file:
        return environ.get(name) or None
    if environ.get(name):
        raise ConfigError(f"{name} and {name}_FILE are both set: keep one.")
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}_FILE: cannot read {file}: {error}.") from None


def pepper_fallbacks(environ: Mapping[str, str]) -> list[str]:
    return re.findall(r"[^\s,]+", value_or_file(environ, "SPK_TOKEN_PEPPER_FALLBACKS") or "")


def base_url(environ: Mapping[str, str]) -> SplitResult:
    try:
        url = urlsplit((environ.get("SPK_BASE_URL") or _default_base_url(environ)).rstrip("/"))
        is_web = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # half an IPv6 address, or a port that is no number
        is_web = False
    # No IPv6 literal: Werkzeug cannot compare one with the Host header.
    if not is_web or "@" in url.netloc or "[" in url.netloc or url.path or url.query or url.fragment:
        raise ConfigError("SPK_BASE_URL must be a scheme and a host, like https://status.example.com.")
    return url


def _default_base_url(environ: Mapping[str, str]) -> str:
    port = environ.get("SPK_BIND", "").rpartition(":")[2]
    return f"http://127.0.0.1:{port if port.isdigit() else 8000}"


def bind(environ: Mapping[str, str]) -> str:
    value = environ.get("SPK_BIND") or "127.0.0.1:8000"
    address = re.fullmatch(r"unix:/.+|(?:\[[0-9a-fA-F:]+\]|[\w.-]+):([0-9]{1,5})", value)
    if not address or int(address[1] or 0) > 65535:
        raise ConfigError(f"SPK_BIND must be an address and a port, like 127.0.0.1:8000, not {value}.")
    return value


def database_url(environ: Mapping[str, str]) -> str:
    given = environ.get("SPK_DATABASE_URL")
    if not given:
        return f"sqlite:///{data_dir(environ) / 'spk.db'}"
    try:
        url = make_url(given)
        url.get_dialect()
    except ArgumentError:
        url = None
    if url is None or (url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")):
        raise ConfigError("SPK_DATABASE_URL must be a database URL, like sqlite:////var/lib/spk/spk.db.")
    return given


def autocommit_engine(database_url: str) -> dict[str, Any]:
    """A second engine, without transactions: a look-up there never sees an old snapshot."""
    options: dict[str, Any] = {"url": database_url, "isolation_level": "AUTOCOMMIT"}
    if database_url.startswith("sqlite"):
        options["connect_args"] = {"timeout": 0.25}  # s: it only stamps times, which may be skipped
    return options


def registration_open(environ: Mapping[str, str]) -> bool:
    value = environ.get("SPK_REGISTRATION") or "closed"
    if value not in ("closed", "open"):
        raise ConfigError(f"SPK_REGISTRATION must be closed or open, not {value}.")
    return value == "open"


def integer(environ: Mapping[str, str], name: str, *, default: int, least: int) -> int:
    value = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,4}", value) or int(value) < least:
        raise ConfigError(f"{name} must be a whole number from {least}, not {value}.")
    return int(value)


def rate(environ: Mapping[str, str], name: str, *, default: str) -> limits.RateLimitItem:
    value = environ.get(name) or default
    try:
        limit = limits.parse(value)
    except ValueError:
        limit = None
    if limit is None or limit.amount < 1:
        raise ConfigError(f"{name} must be a rate like 10/minute, not {value}.")
    return limit
