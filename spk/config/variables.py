"""The SPK_… variables; an invalid value is refused with a message that names the variable.

An empty variable counts as not set, because Docker Compose passes unset ones like that.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import limits
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from spk.config.settings import SETTINGS

DEFAULT_PORTS = {"http": 80, "https": 443}


class ConfigError(Exception):
    """A setting that can’t be used; the message names it and says what to do."""


def value(environ: Mapping[str, str], name: str) -> str | None:
    """The value of a variable, or of the file of a secret; None if it isn’t set."""
    found = environ.get(name, "").strip() or None
    file = environ.get(f"{name}_FILE") if SETTINGS[name].is_secret else None
    if not file:
        return found
    if found:
        raise ConfigError(f"{name} and {name}_FILE are both set: keep one.")
    try:
        found = Path(file).read_text().strip()
    except OSError as error:
        raise ConfigError(f"{name}_FILE: cannot read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}_FILE: {file} is not text.") from None
    if not found:
        raise ConfigError(f"{name}_FILE: {file} is empty.")
    return found


def value_or_default(environ: Mapping[str, str], name: str) -> str:
    return value(environ, name) or SETTINGS[name].default


def data_dir(environ: Mapping[str, str]) -> Path:
    """The directory of the database and the secrets, unless other variables set them."""
    return Path(value_or_default(environ, "SPK_DATA_DIR")).resolve()


def base_url(environ: Mapping[str, str]) -> SplitResult:
    """In the normal form: a host has no case (RFC 9110, 4.2.3), and a default port isn’t written."""
    given = value(environ, "SPK_BASE_URL") or _default_base_url(environ)
    try:
        url = urlsplit(given.rstrip("/"))
        is_web = url.scheme in DEFAULT_PORTS and url.hostname and url.port != 0
    except ValueError:  # an incomplete IPv6 address, or a port that isn't a number
        is_web = False
    if is_web and "[" in url.netloc:  # Werkzeug cannot compare one with the Host header
        raise ConfigError(f"SPK_BASE_URL needs a host name in place of the IPv6 address in {given}.")
    if is_web and url.path:
        raise ConfigError(
            f"SPK_BASE_URL is {given}, but spk needs a host name of its own, without {url.path} after it."
        )
    if not is_web or "@" in url.netloc or url.query or url.fragment:
        shown = given if "@" not in given else "what it is"  # a password may be in it
        raise ConfigError(
            f"SPK_BASE_URL must be a scheme and a host, like https://status.example.com, not {shown}."
        )
    port = f":{url.port}" if url.port not in (None, DEFAULT_PORTS[url.scheme]) else ""
    return url._replace(netloc=f"{url.hostname}{port}")


def _default_base_url(environ: Mapping[str, str]) -> str:
    """Where spk listens, by a name that can be opened on the same machine."""
    host, _, port = environ.get("SPK_BIND", "").strip().rpartition(":")
    if not port.isdigit():  # a socket, or nothing
        return "http://127.0.0.1:8000"
    if host.startswith("["):
        host = "localhost"
    elif not host.strip("0."):  # everywhere
        host = "127.0.0.1"
    return f"http://{host}:{port}"


def bind(environ: Mapping[str, str]) -> str:
    found = value_or_default(environ, "SPK_BIND")
    address = re.fullmatch(r"unix:/.+|(?:\[[0-9a-fA-F:]+\]|[\w.-]+):([0-9]{1,5})", found)
    if not address or int(address[1] or 0) > 65535:
        raise ConfigError(f"SPK_BIND must be an address and a port, like 127.0.0.1:8000, not {found}.")
    return found


def database_url(environ: Mapping[str, str]) -> str:
    given = value(environ, "SPK_DATABASE_URL")
    if not given:
        return f"sqlite:///{data_dir(environ) / 'spk.db'}"
    try:
        url = make_url(given)
        url.get_dialect()
    except (ArgumentError, ValueError):  # not chained, because its message may contain a password
        url = None
    if url is None or (url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")):
        raise ConfigError(
            "SPK_DATABASE_URL must be like sqlite:////srv/spk.db or postgresql+psycopg://spk@db/spk."
        )
    return given


def plans_file(environ: Mapping[str, str]) -> Path:
    given = value(environ, "SPK_PLANS_FILE")
    return Path(given) if given else Path(__file__).parents[1] / "plans.toml"


def one_of(environ: Mapping[str, str], name: str, *choices: str) -> str:
    found = value_or_default(environ, name)
    if found not in choices:
        raise ConfigError(f"{name} must be {' or '.join(choices)}, not {found}.")
    return found


def integer(environ: Mapping[str, str], name: str, *, least: int) -> int:
    found = value_or_default(environ, name)
    if not re.fullmatch(r"[0-9]{1,4}", found) or int(found) < least:
        raise ConfigError(f"{name} must be a whole number, {least} or more, not {found}.")
    return int(found)


def days(environ: Mapping[str, str], name: str) -> timedelta:
    return timedelta(days=integer(environ, name, least=1))


def rate(environ: Mapping[str, str], name: str) -> limits.RateLimitItem:
    found = value_or_default(environ, name)
    try:
        (limit,) = limits.parse_many(found)
    except ValueError:  # not a rate, or several
        limit = None
    if limit is None or not 1 <= limit.amount < 1_000_000:
        raise ConfigError(f"{name} must be a rate like 10/minute, not {found}.")
    return limit
