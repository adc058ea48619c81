"""Settings from SPK_… variables; one that does not fit is refused in a line that names it.

An empty variable is one that is not set, as Docker Compose passes them.
"""

import difflib
import os
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import limits
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SECRETS = ("SPK_SECRET_KEY", "SPK_TOKEN_PEPPER")
NAMES = {
    *SECRETS,
    *(f"{name}_FILE" for name in SECRETS),
    *("SPK_TOKEN_PEPPER_FALLBACKS", "SPK_TOKEN_PEPPER_FALLBACKS_FILE"),
    *("SPK_DATA_DIR", "SPK_DATABASE_URL", "SPK_BIND", "SPK_BASE_URL", "SPK_WORKERS", "SPK_TRUSTED_PROXIES"),
    *("SPK_REGISTRATION", "SPK_DEFAULT_PLAN", "SPK_PLANS_FILE"),
    *("SPK_LOGIN_LIMIT", "SPK_RATELIMIT_STORAGE_URI"),
}
MAX_BODY = 512 * 1024  # bytes: the longest incident update, 25,000 characters escaped as JSON, with room


class ConfigError(Exception):
    """A setting that cannot be used; the message names it and says what to do."""


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """Flask's configuration, from the SPK_… variables and the secrets in the data directory."""
    base_url = _base_url(environ)
    https = base_url.scheme == "https"
    database_url = _database_url(environ)
    return {
        "SECRET_KEY": _secret(environ, "SPK_SECRET_KEY"),
        "TOKEN_PEPPERS": [_secret(environ, "SPK_TOKEN_PEPPER"), *_pepper_fallbacks(environ)],
        "DATA_DIR": data_dir(environ),
        "BASE_URL": base_url.geturl(),
        "BIND": _bind(environ),
        "WORKERS": _integer(environ, "SPK_WORKERS", default=2, least=1),
        "TRUSTED_PROXIES": _integer(environ, "SPK_TRUSTED_PROXIES", default=0, least=0),
        "REGISTRATION_OPEN": _registration_open(environ),
        "DEFAULT_PLAN": environ.get("SPK_DEFAULT_PLAN") or "free",
        "PLANS_FILE": Path(environ.get("SPK_PLANS_FILE") or Path(__file__).with_name("plans.toml")),
        "LOGIN_LIMIT": _rate(environ, "SPK_LOGIN_LIMIT", default="10/minute"),
        "RATELIMIT_STORAGE_URI": environ.get("SPK_RATELIMIT_STORAGE_URI") or "memory://",
        "SQLALCHEMY_DATABASE_URI": database_url,
        "SQLALCHEMY_BINDS": {"autocommit": _autocommit_engine(database_url)},
        # A statement that fails must not carry its values, hashes among them, into a log.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        # Browsers drop __Host- cookies on plain http, and sign-in would loop without a word.
        "SESSION_COOKIE_NAME": "__Host-spk" if https else "spk",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=90),  # the row in the database may end sooner
        "SESSION_REFRESH_EACH_REQUEST": False,  # the API answers without a cookie
        "TRUSTED_HOSTS": [base_url.hostname, "localhost", "127.0.0.1", "[::1]"],
        "MAX_CONTENT_LENGTH": MAX_BODY,
        # A form works for as long as its page is open in a living session, overnight too.
        "WTF_CSRF_TIME_LIMIT": None,
        # The blueprints check it themselves, once they know who is signed in.
        "WTF_CSRF_CHECK_DEFAULT": False,
    }


def data_dir(environ: Mapping[str, str]) -> Path:
    """Where the database and the secrets are kept unless they are set elsewhere."""
    return Path(environ.get("SPK_DATA_DIR") or "data").resolve()


def create_secrets(environ: Mapping[str, str]) -> None:
    """Make the data directory, and in it each secret that is set nowhere else; keeps what is there."""
    directory = data_dir(environ)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in SECRETS:
            if not environ.get(name) and not environ.get(f"{name}_FILE"):
                write_secret(_secret_path(environ, name), secrets.token_urlsafe(32))
    except OSError as error:
        raise ConfigError(f"SPK_DATA_DIR: cannot write to {directory}: {error.strerror}.") from None


def write_secret(path: Path, value: str) -> None:
    """Write a file that only its owner can read, unless it is there already."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")


def warnings(environ: Mapping[str, str]) -> list[str]:
    """What an operator should hear at the start, one sentence each."""
    found = []
    ours = NAMES | {"SPK_TOKEN"}  # what our snippets tell people to keep a token in
    for name in sorted(name for name in environ if name.startswith("SPK_") and name not in ours):
        near = difflib.get_close_matches(name, NAMES, 1)
        found.append(f"{name} is not a setting of spk." + (f" Did you mean {near[0]}?" if near else ""))
    base_url = _base_url(environ)
    if base_url.scheme == "http" and base_url.hostname not in ("localhost", "127.0.0.1", "::1"):
        found.append("SPK_BASE_URL is plain http: passwords and keys cross the network unencrypted.")
    return found


def _secret_path(environ: Mapping[str, str], name: str) -> Path:
    return data_dir(environ) / name.removeprefix("SPK_").lower()


def _secret(environ: Mapping[str, str], name: str) -> str:
    value = _value_or_file(environ, name)
    if value is None:
        try:
            value = _secret_path(environ, name).read_text().strip()
        except (OSError, UnicodeDecodeError):
            where = data_dir(environ)
            raise ConfigError(f"{name} is not set and {where} holds none: run `spk init`.") from None
    if len(value) < 16:
        raise ConfigError(f"{name} is too short: use at least 16 random characters.")
    return value


def _value_or_file(environ: Mapping[str, str], name: str) -> str | None:
    file = environ.get(f"{name}_FILE")
    if not file:
        return environ.get(name) or None
    if environ.get(name):
        raise ConfigError(f"{name} and {name}_FILE are both set: keep one.")
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}_FILE: cannot read {file}: {error}.") from None


def _pepper_fallbacks(environ: Mapping[str, str]) -> list[str]:
    return re.findall(r"[^\s,]+", _value_or_file(environ, "SPK_TOKEN_PEPPER_FALLBACKS") or "")


def _base_url(environ: Mapping[str, str]) -> SplitResult:
    try:
        url = urlsplit((environ.get("SPK_BASE_URL") or "http://127.0.0.1:8000").rstrip("/"))
        fits = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # half an IPv6 address, or a port that is no number
        fits = False
    if not fits or url.path or url.query or url.fragment:
        raise ConfigError("SPK_BASE_URL must be a scheme and a host, like https://status.example.com.")
    return url


def _bind(environ: Mapping[str, str]) -> str:
    bind = environ.get("SPK_BIND") or "127.0.0.1:8000"
    address = re.fullmatch(r"unix:/.+|(?:\[[0-9a-fA-F:]+\]|[\w.-]+):([0-9]{1,5})", bind)
    if not address or int(address[1] or 0) > 65535:
        raise ConfigError(f"SPK_BIND must be an address and a port, like 127.0.0.1:8000, not {bind}.")
    return bind


def _database_url(environ: Mapping[str, str]) -> str:
    given = environ.get("SPK_DATABASE_URL")
    if not given:
        return f"sqlite:///{data_dir(environ) / 'spk.db'}"
    try:
        make_url(given).get_dialect()
    except ArgumentError:
        raise ConfigError(
            "SPK_DATABASE_URL must be a database URL, like sqlite:////var/lib/spk/spk.db."
        ) from None
    return given


def _autocommit_engine(database_url: str) -> dict[str, Any]:
    """A second engine, without transactions: a look-up there never sees an old snapshot."""
    options: dict[str, Any] = {"url": database_url, "isolation_level": "AUTOCOMMIT"}
    if database_url.startswith("sqlite"):
        options["connect_args"] = {"timeout": 0.25}  # s: it only stamps times, which may be skipped
    return options


def _registration_open(environ: Mapping[str, str]) -> bool:
    value = environ.get("SPK_REGISTRATION") or "closed"
    if value not in ("closed", "open"):
        raise ConfigError(f"SPK_REGISTRATION must be closed or open, not {value}.")
    return value == "open"


def _integer(environ: Mapping[str, str], name: str, *, default: int, least: int) -> int:
    value = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,4}", value) or int(value) < least:
        raise ConfigError(f"{name} must be a whole number from {least}, not {value}.")
    return int(value)


def _rate(environ: Mapping[str, str], name: str, *, default: str) -> limits.RateLimitItem:
    value = environ.get(name) or default
    try:
        rate = limits.parse(value)
    except ValueError:
        rate = None
    if rate is None or rate.amount < 1:
        raise ConfigError(f"{name} must be a rate like 10/minute, not {value}.")
    return rate
