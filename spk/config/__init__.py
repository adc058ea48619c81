"""Flask’s configuration, from the SPK_… variables and the secrets in the data directory."""

import difflib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from spk.config import secret_files, variables
from spk.config.settings import NAMES
from spk.config.variables import ConfigError as ConfigError

MAX_BODY = 512 * 1024  # bytes: more than the longest incident update, 25,000 characters escaped as JSON
PERIODS = ("SESSION_IDLE_DAYS", "SESSION_DAYS", "KEEP_EVENTS", "KEEP_ATTEMPTS", "KEEP_ANSWERS")
FIXED = {
    "MAX_CONTENT_LENGTH": MAX_BODY,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_REFRESH_EACH_REQUEST": False,  # the API never sets a cookie
    # A form works for as long as the session lasts, even if its page is open overnight.
    "WTF_CSRF_TIME_LIMIT": None,
    # The blueprints check it themselves, after authentication.
    "WTF_CSRF_CHECK_DEFAULT": False,
    "WTF_CSRF_SSL_STRICT": False,  # check_origin looks at the Referer where Origin is missing
}


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """Flask’s configuration by name: spk’s settings, typed as `variables` returns them, and Flask’s own."""
    bind, base_url = variables.bind(environ), variables.base_url(environ)
    https = base_url.scheme == "https"
    database_url = variables.database_url(environ)
    return {
        "SECRET_KEY": secret_files.secret(environ, "SPK_SECRET_KEY"),
        "TOKEN_PEPPERS": [
            secret_files.secret(environ, "SPK_TOKEN_PEPPER"),
            *secret_files.pepper_fallbacks(environ),
        ],
        "DATA_DIR": variables.data_dir(environ),
        "BASE_URL": base_url.geturl(),
        "BIND": bind,
        "WORKERS": variables.integer(environ, "SPK_WORKERS", least=1),
        "TRUSTED_PROXIES": variables.integer(environ, "SPK_TRUSTED_PROXIES", least=0),
        "REGISTRATION_OPEN": variables.one_of(environ, "SPK_REGISTRATION", "closed", "open") == "open",
        "DEFAULT_PLAN": variables.value_or_default(environ, "SPK_DEFAULT_PLAN"),
        "FRONT_PAGE": variables.value(environ, "SPK_FRONT_PAGE"),
        "PLANS_FILE": variables.plans_file(environ),
        "LOGIN_LIMIT": variables.rate(environ, "SPK_LOGIN_LIMIT"),
        "FAILURE_LIMIT": variables.rate(environ, "SPK_FAILURE_LIMIT"),
        "RATELIMIT_STORAGE_URI": variables.value_or_default(environ, "SPK_RATELIMIT_STORAGE_URI"),
        **_periods(environ),
        "CONFIRM_KEYS": variables.one_of(environ, "SPK_CONFIRM_KEYS", "0", "1") == "1",
        "METRICS": variables.one_of(environ, "SPK_METRICS", "0", "1") == "1",
        "SQLALCHEMY_DATABASE_URI": database_url,
        "SQLALCHEMY_BINDS": {"autocommit": _autocommit_engine(database_url)},
        # Browsers drop __Host- cookies on plain http, and people could never sign in.
        "SESSION_COOKIE_NAME": "__Host-spk" if https else "spk",
        "SESSION_COOKIE_SECURE": https,
        "PERMANENT_SESSION_LIFETIME": variables.days(environ, "SPK_SESSION_DAYS"),  # the row may end earlier
        "TRUSTED_HOSTS": [base_url.hostname, "localhost", "127.0.0.1"],
        **FIXED,
    }


def _periods(environ: Mapping[str, str]) -> dict[str, timedelta]:
    minutes = variables.integer(environ, "SPK_CONFIRM_AFTER", least=1)
    return {name: variables.days(environ, f"SPK_{name}") for name in PERIODS} | {
        "CONFIRM_AFTER": timedelta(minutes=minutes)
    }


def _autocommit_engine(database_url: str) -> dict[str, Any]:
    """The options of a second engine, without transactions, so that a query never sees an old snapshot."""
    options: dict[str, Any] = {
        "url": database_url,
        "isolation_level": "AUTOCOMMIT",
        "max_overflow": -1,  # key look-ups keep one connection per thread, and updates need more
    }
    if database_url.startswith("sqlite"):
        options["connect_args"] = {"timeout": 0.25}  # s: its only updates are of times, which may be skipped
    return options


def warnings(environ: Mapping[str, str]) -> list[str]:
    """Warnings for the operator at the start, one sentence each."""
    found = []
    known = NAMES | {"SPK_TOKEN"}  # the variable for a token in spk's own snippets
    for name in sorted(name for name in environ if name.startswith("SPK_") and name not in known):
        near = difflib.get_close_matches(name, NAMES, 1)
        found.append(f"{name} is not a setting of spk." + (f" Did you mean {near[0]}?" if near else ""))
    base_url = variables.base_url(environ)
    if base_url.scheme == "http" and base_url.hostname not in ("localhost", "127.0.0.1", "::1"):
        found.append("SPK_BASE_URL is plain http: passwords and keys cross the network unencrypted.")
    return found
