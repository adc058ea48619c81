"""The configuration: SPK_… variables, and the secrets in the data directory."""

import difflib
import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from spk import settings
from spk.settings import ConfigError as ConfigError
from spk.settings import data_dir as data_dir

SECRETS = ("SPK_SECRET_KEY", "SPK_TOKEN_PEPPER")
NAMES = {
    *SECRETS,
    *(f"{name}_FILE" for name in SECRETS),
    *("SPK_TOKEN_PEPPER_FALLBACKS", "SPK_TOKEN_PEPPER_FALLBACKS_FILE"),
    *("SPK_DATA_DIR", "SPK_DATABASE_URL", "SPK_BIND", "SPK_BASE_URL", "SPK_WORKERS", "SPK_TRUSTED_PROXIES"),
    *("SPK_REGISTRATION", "SPK_DEFAULT_PLAN", "SPK_PLANS_FILE"),
    *("SPK_LOGIN_LIMIT", "SPK_FAILURE_LIMIT", "SPK_RATELIMIT_STORAGE_URI"),
}
MAX_BODY = 512 * 1024  # bytes: the longest incident update, 25,000 characters escaped as JSON, with room


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """Flask's configuration, from the SPK_… variables and the secrets in the data directory."""
    bind, base_url = settings.bind(environ), settings.base_url(environ)
    https = base_url.scheme == "https"
    database_url = settings.database_url(environ)
    return {
        "SECRET_KEY": settings.secret(environ, "SPK_SECRET_KEY"),
        "TOKEN_PEPPERS": [settings.secret(environ, "SPK_TOKEN_PEPPER"), *settings.pepper_fallbacks(environ)],
        "DATA_DIR": data_dir(environ),
        "BASE_URL": base_url.geturl(),
        "BIND": bind,
        "WORKERS": settings.integer(environ, "SPK_WORKERS", default=2, least=1),
        "TRUSTED_PROXIES": settings.integer(environ, "SPK_TRUSTED_PROXIES", default=0, least=0),
        "REGISTRATION_OPEN": settings.registration_open(environ),
        "DEFAULT_PLAN": environ.get("SPK_DEFAULT_PLAN") or "free",
        "PLANS_FILE": Path(environ.get("SPK_PLANS_FILE") or Path(__file__).with_name("plans.toml")),
        "LOGIN_LIMIT": settings.rate(environ, "SPK_LOGIN_LIMIT", default="10/minute"),
        "FAILURE_LIMIT": settings.rate(environ, "SPK_FAILURE_LIMIT", default="300/minute"),
        "RATELIMIT_STORAGE_URI": environ.get("SPK_RATELIMIT_STORAGE_URI") or "memory://",
        "SQLALCHEMY_DATABASE_URI": database_url,
        "SQLALCHEMY_BINDS": {"autocommit": settings.autocommit_engine(database_url)},
        # Browsers drop __Host- cookies on plain http, and sign-in would loop without a word.
        "SESSION_COOKIE_NAME": "__Host-spk" if https else "spk",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=90),  # the row in the database may end sooner
        "SESSION_REFRESH_EACH_REQUEST": False,  # the API answers without a cookie
        "TRUSTED_HOSTS": [base_url.hostname, "localhost", "127.0.0.1"],
        "MAX_CONTENT_LENGTH": MAX_BODY,
        # A form works for as long as its page is open in a living session, overnight too.
        "WTF_CSRF_TIME_LIMIT": None,
        # The blueprints check it themselves, once they know who is signed in.
        "WTF_CSRF_CHECK_DEFAULT": False,
    }


def create_secrets(environ: Mapping[str, str]) -> None:
    """Make the data directory, and in it each secret that is set nowhere else; keeps what is there."""
    directory = data_dir(environ)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in SECRETS:
            if not environ.get(name) and not environ.get(f"{name}_FILE"):
                write_secret(settings.secret_path(environ, name), secrets.token_urlsafe(32))
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
    base_url = settings.base_url(environ)
    if base_url.scheme == "http" and base_url.hostname not in ("localhost", "127.0.0.1", "::1"):
        found.append("SPK_BASE_URL is plain http: passwords and keys cross the network unencrypted.")
    return found
