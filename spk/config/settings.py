"""The table of the SPK_… variables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """A variable; a secret is never shown, and may be in a file named by NAME_FILE."""

    default: str
    description: str
    is_secret: bool = False


SETTINGS = {
    "SPK_DATA_DIR": Setting("./data", "Where the database and the secrets are kept."),
    "SPK_DATABASE_URL": Setting(
        "SQLite in the data directory",
        "Another database, like `postgresql+psycopg://spk@db.example.com/spk`.",
        is_secret=True,
    ),
    "SPK_BIND": Setting(
        "127.0.0.1:8000", "Where the server listens: an address and a port, or `unix:/run/spk/spk.sock`."
    ),
    "SPK_BASE_URL": Setting(
        "http://127.0.0.1 and the port",
        "How people reach it. `https://…` turns on Secure and `__Host-` cookies and HSTS.",
    ),
    "SPK_WORKERS": Setting("2", "Server processes, each of which handles four requests at once."),
    "SPK_TRUSTED_PROXIES": Setting("0", "How many proxies in front of the server set `X-Forwarded-…`."),
    "SPK_SECRET_KEY": Setting(
        "made by `spk init`", "Signs the cookies; at least 16 characters.", is_secret=True
    ),
    "SPK_TOKEN_PEPPER": Setting(
        "made by `spk init`", "Tokens are hashed with it; at least 16 characters.", is_secret=True
    ),
    "SPK_TOKEN_PEPPER_FALLBACKS": Setting(
        "none", "Earlier peppers, for rotation, separated by commas or spaces.", is_secret=True
    ),
    "SPK_REGISTRATION": Setting("closed", "`open` lets anybody create an account, on the default plan."),
    "SPK_DEFAULT_PLAN": Setting("free", "The plan of a new account."),
    "SPK_PLANS_FILE": Setting("spk/plans.toml", "Your own plans, replacing the shipped file."),
    "SPK_LOGIN_LIMIT": Setting("10/minute", "Failed sign-ins, for each account and each address."),
    "SPK_FAILURE_LIMIT": Setting(
        "300/minute", "Requests with a wrong token, for each address. They never block a valid key."
    ),
    "SPK_RATELIMIT_STORAGE_URI": Setting(
        "memory://",
        "Where requests are counted: with `memory://` in each server process separately, "
        "with `redis://localhost:6379` for all of them together.",
        is_secret=True,
    ),
    "SPK_SESSION_IDLE_DAYS": Setting("14", "Days without a visit after which a browser is signed out."),
    "SPK_SESSION_DAYS": Setting("90", "Days after which a browser is signed out in any case."),
    "SPK_CONFIRM_AFTER": Setting(
        "15", "Minutes after which a change of security settings asks again who it is."
    ),
    "SPK_CONFIRM_KEYS": Setting(
        "0", "`1` asks so before creating keys, too; it always does for accounts with a second factor."
    ),
    "SPK_KEEP_EVENTS": Setting("730", "Days for which the events of accounts are kept."),
    "SPK_KEEP_ATTEMPTS": Setting("1", "Days for which attempts to sign in are kept."),
    "SPK_KEEP_ANSWERS": Setting(
        "1", "Days for which the API repeats an answer to the same `Idempotency-Key`."
    ),
    "SPK_FRONT_PAGE": Setting(
        "the oldest page of the first account", "The id or slug of the status page at `/`."
    ),
    "SPK_METRICS": Setting("0", "`1` serves `/metrics` for Prometheus."),
}
NAMES = {*SETTINGS, *(f"{name}_FILE" for name, setting in SETTINGS.items() if setting.is_secret)}
