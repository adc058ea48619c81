import re
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spk import config, create_app
from spk.config import ConfigError, variables
from spk.config.secret_files import create_secrets, replacing, write_secret
from spk.config.settings import NAMES, SETTINGS
from tests.disk import no_room

SECRET = "0123456789abcdef"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Nothing is set but where the data is, whatever database other tests use."""
    return {"SPK_DATA_DIR": environ["SPK_DATA_DIR"]}


def load(environ: dict[str, str], **given: str) -> dict[str, Any]:
    return config.load(environ | given)


def refusal(environ: dict[str, str], **given: str) -> str:
    """What the application says instead of starting."""
    with pytest.raises(ConfigError) as error:
        create_app(environ | given)
    return str(error.value)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIND", "127.0.0.1:8000"),
        ("BASE_URL", "http://127.0.0.1:8000"),
        ("WORKERS", 2),
        ("TRUSTED_PROXIES", 0),
        ("REGISTRATION_OPEN", False),
        ("DEFAULT_PLAN", "free"),
        ("RATELIMIT_STORAGE_URI", "memory://"),
        ("METRICS", False),
        ("SESSION_COOKIE_NAME", "spk"),
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_HTTPONLY", True),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
    ],
)
def test_a_setting_that_is_left_out_has_a_safe_default(
    environ: dict[str, str], name: str, value: object
) -> None:
    assert load(environ)[name] == value


def test_ten_sign_ins_a_minute_are_allowed_unless_told(environ: dict[str, str]) -> None:
    limit = load(environ)["LOGIN_LIMIT"]
    assert (limit.amount, limit.get_expiry()) == (10, 60)


def test_data_is_kept_in_data_unless_told(environ: dict[str, str]) -> None:
    assert variables.data_dir({}) == Path.cwd() / "data"


def test_the_database_is_a_file_in_the_data_directory_unless_told(environ: dict[str, str]) -> None:
    assert load(environ)["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{environ['SPK_DATA_DIR']}/spk.db"


@pytest.mark.parametrize(
    ("setting", "given", "name", "value"),
    [
        ("SPK_BIND", "0.0.0.0:80", "BIND", "0.0.0.0:80"),
        ("SPK_BIND", "unix:/run/spk.sock", "BIND", "unix:/run/spk.sock"),
        ("SPK_BASE_URL", "https://spk.example:8443/", "BASE_URL", "https://spk.example:8443"),
        ("SPK_WORKERS", "8", "WORKERS", 8),
        ("SPK_TRUSTED_PROXIES", "2", "TRUSTED_PROXIES", 2),
        ("SPK_SESSION_IDLE_DAYS", "7", "SESSION_IDLE_DAYS", timedelta(days=7)),
        ("SPK_SESSION_DAYS", "30", "SESSION_DAYS", timedelta(days=30)),
        ("SPK_SESSION_DAYS", "30", "PERMANENT_SESSION_LIFETIME", timedelta(days=30)),
        ("SPK_KEEP_EVENTS", "3650", "KEEP_EVENTS", timedelta(days=3650)),
        ("SPK_METRICS", "1", "METRICS", True),
        ("SPK_METRICS", "0", "METRICS", False),
        ("SPK_REGISTRATION", "open", "REGISTRATION_OPEN", True),
        ("SPK_REGISTRATION", "closed", "REGISTRATION_OPEN", False),
        ("SPK_DEFAULT_PLAN", "pro", "DEFAULT_PLAN", "pro"),
        ("SPK_PLANS_FILE", "/etc/spk/plans.toml", "PLANS_FILE", Path("/etc/spk/plans.toml")),
        ("SPK_DATABASE_URL", "sqlite:////srv/spk.db", "SQLALCHEMY_DATABASE_URI", "sqlite:////srv/spk.db"),
        ("SPK_SECRET_KEY", SECRET, "SECRET_KEY", SECRET),
        ("SPK_TOKEN_PEPPER", SECRET, "TOKEN_PEPPERS", [SECRET]),
        ("SPK_RATELIMIT_STORAGE_URI", "redis://localhost", "RATELIMIT_STORAGE_URI", "redis://localhost"),
    ],
)
def test_a_setting_is_taken(
    environ: dict[str, str], setting: str, given: str, name: str, value: object
) -> None:
    assert load(environ, **{setting: given})[name] == value


def test_a_limit_for_signing_in_is_taken(environ: dict[str, str]) -> None:
    limit = load(environ, SPK_LOGIN_LIMIT="5 per 2 minutes")["LOGIN_LIMIT"]
    assert (limit.amount, limit.get_expiry()) == (5, 120)


@pytest.mark.parametrize("given", ["old-pepper-1,old-pepper-2", "old-pepper-1 old-pepper-2\n"])
def test_fallback_peppers_follow_the_pepper(environ: dict[str, str], given: str) -> None:
    peppers = {"SPK_TOKEN_PEPPER": SECRET, "SPK_TOKEN_PEPPER_FALLBACKS": given}
    assert load(environ, **peppers)["TOKEN_PEPPERS"] == [SECRET, "old-pepper-1", "old-pepper-2"]


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        *(("SPK_BIND", given) for given in ("nonsense:port", "127.0.0.1:99999")),
        *(("SPK_BASE_URL", given) for given in ("status.example.com", "ftp://status.example.com")),
        *(("SPK_BASE_URL", given) for given in ("https://", "https://spk.example/status", "http://[::1")),
        # pragma: allowlist nextline secret (made up)
        *(("SPK_BASE_URL", given) for given in ("http://[fd00::1]:8000", "https://ada:secret@spk.example")),
        *(("SPK_BASE_URL", given) for given in ("https://spk.example?x=1", "https://spk.example:port")),
        *(("SPK_WORKERS", given) for given in ("0", "-1", "two", "1.5", "²", "10000")),
        *(("SPK_KEEP_EVENTS", given) for given in ("0", "-1", "a year", "99999")),
        *(("SPK_TRUSTED_PROXIES", given) for given in ("-1", "all", "127.0.0.1")),
        *(("SPK_REGISTRATION", given) for given in ("yes", "OPEN")),
        *(("SPK_METRICS", given) for given in ("yes", "2")),
        *(("SPK_FAILURE_LIMIT", given) for given in ("lots", "10", "0/minute")),
        *(("SPK_LOGIN_LIMIT", given) for given in ("lots", "10", "0/minute")),
        ("SPK_DEFAULT_PLAN", "gold"),
        ("SPK_PLANS_FILE", "/nowhere/plans.toml"),
        *(
            ("SPK_DATABASE_URL", given)
            for given in ("nonsense", "nonsense://host/spk", "sqlite://", "sqlite:///:memory:")
        ),
        pytest.param("SPK_DATABASE_URL", "mssql://host/spk", id="a database whose driver is not installed"),
        *(("SPK_RATELIMIT_STORAGE_URI", given) for given in ("nonsense", "nonsense://localhost")),
        ("SPK_SECRET_KEY", "short"),
        ("SPK_TOKEN_PEPPER", "short"),
        ("SPK_SECRET_KEY_FILE", "/nowhere/secret"),
        ("SPK_TOKEN_PEPPER_FILE", "/nowhere/secret"),
        ("SPK_TOKEN_PEPPER_FALLBACKS_FILE", "/nowhere/secret"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_in_one_line_that_names_it(
    environ: dict[str, str], setting: str, given: str
) -> None:
    words = refusal(environ, **{setting: given})
    assert words.startswith(setting)
    assert "\n" not in words


@pytest.mark.parametrize("name", ["SPK_SECRET_KEY", "SPK_TOKEN_PEPPER"])
def test_a_refusal_never_shows_a_secret(environ: dict[str, str], name: str) -> None:
    assert "hunter2" not in refusal(environ, **{name: "hunter2"})


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("SPK_SECRET_KEY", "SECRET_KEY", SECRET),
        ("SPK_TOKEN_PEPPER", "TOKEN_PEPPERS", [SECRET]),
    ],
)
def test_a_secret_is_read_from_a_file(
    environ: dict[str, str], tmp_path: Path, name: str, key: str, value: object
) -> None:
    assert load(environ, **{f"{name}_FILE": secret_file(tmp_path)})[key] == value


def test_a_url_that_may_hold_a_password_is_read_from_a_file(environ: dict[str, str], tmp_path: Path) -> None:
    url = secret_file(tmp_path, b"sqlite:////srv/spk.db\n")
    assert load(environ, SPK_DATABASE_URL_FILE=url)["SQLALCHEMY_DATABASE_URI"] == "sqlite:////srv/spk.db"


def test_fallback_peppers_are_read_from_the_data_directory(environ: dict[str, str]) -> None:
    Path(environ["SPK_DATA_DIR"], "token_pepper_fallbacks").write_text("old-pepper-1,\nold-pepper-2\n")
    assert load(environ)["TOKEN_PEPPERS"][1:] == ["old-pepper-1", "old-pepper-2"]


def test_fallback_peppers_are_read_from_a_file(environ: dict[str, str], tmp_path: Path) -> None:
    peppers = load(environ, SPK_TOKEN_PEPPER_FALLBACKS_FILE=secret_file(tmp_path))["TOKEN_PEPPERS"]
    assert peppers[1:] == [SECRET]


@pytest.mark.parametrize("name", ["SPK_SECRET_KEY", "SPK_TOKEN_PEPPER", "SPK_TOKEN_PEPPER_FALLBACKS"])
def test_a_secret_that_is_set_twice_is_refused(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    words = refusal(environ, **{name: SECRET, f"{name}_FILE": secret_file(tmp_path)})
    assert words == f"{name} and {name}_FILE are both set: keep one."


@pytest.mark.parametrize("name", ["SPK_SECRET_KEY", "SPK_TOKEN_PEPPER"])
def test_a_secret_file_that_is_not_text_is_refused(
    environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    assert refusal(environ, **{f"{name}_FILE": secret_file(tmp_path, b"\xff" * 32)}).startswith(name)


def secret_file(directory: Path, content: bytes = SECRET.encode() + b"\n") -> str:
    file = directory / "secret"
    file.write_bytes(content)
    return str(file)


def test_a_data_directory_without_secrets_asks_for_init(tmp_path: Path) -> None:
    words = refusal({"SPK_DATA_DIR": str(tmp_path)})
    assert words == f"SPK_SECRET_KEY is not set, and not in {tmp_path} either: run `spk init`."


def test_https_makes_the_cookie_secure_and_of_this_host_only(environ: dict[str, str]) -> None:
    app = create_app(environ | {"SPK_BASE_URL": "https://spk.example"})
    response = app.test_client().get("/login", base_url="https://spk.example")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-spk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("SPK_BASEURL", " Did you mean SPK_BASE_URL?"),
        ("SPK_SECRET", " Did you mean SPK_SECRET_KEY?"),
        ("SPK_TOKEN_PEPER_FILE", " Did you mean SPK_TOKEN_PEPPER_FILE?"),
        ("SPK_ZZZZZZZZZZZZZZZZZZZZ", ""),
    ],
)
def test_an_unknown_setting_is_warned_of_with_the_nearest(
    environ: dict[str, str], name: str, nearest: str
) -> None:
    assert config.warnings(environ | {name: "x"}) == [f"{name} is not a setting of spk.{nearest}"]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_no_known_setting_is_warned_of(name: str) -> None:
    assert config.warnings({name: "https://spk.example"}) == []


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://spk.example", True),
        ("http://192.0.2.1:8000", True),
        ("https://spk.example", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
    ],
)
def test_plain_http_is_warned_of_where_it_crosses_a_network(url: str, warned: bool) -> None:
    found = config.warnings({"SPK_BASE_URL": url})
    assert [warning.startswith("SPK_BASE_URL is plain http") for warning in found] == [True] * warned


def test_secrets_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "data"
    create_secrets({"SPK_DATA_DIR": str(directory)})
    assert mode(directory) == 0o700
    assert {file.name: mode(file) for file in directory.iterdir()} == {
        "secret_key": 0o600,
        "token_pepper": 0o600,
    }


@pytest.mark.parametrize("left", [0, 10])
def test_a_secret_is_written_whole_or_not_at_all(tmp_path: Path, left: int) -> None:
    directory = tmp_path / "data"
    with no_room(left), pytest.raises(ConfigError) as error:
        create_secrets({"SPK_DATA_DIR": str(directory)})
    assert str(error.value) == f"{directory}/secret_key can’t be written: File too large."
    assert list(directory.iterdir()) == []


def test_secrets_that_are_there_need_no_room(environ: dict[str, str]) -> None:
    with no_room():
        assert create_secrets(environ) == []


def test_a_secret_is_written_by_whoever_comes_first(tmp_path: Path) -> None:
    assert [write_secret(tmp_path / "secret", value) for value in ("first", "second")] == [True, False]
    assert (tmp_path / "secret").read_text() == "first\n"
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_secrets_that_find_no_room_replace_none(tmp_path: Path) -> None:
    values = {tmp_path / name: SECRET for name in ("secret_key", "token_pepper")}
    for path in values:
        path.write_text("earlier")
    with no_room(10), pytest.raises(ConfigError, match="can’t be written"), replacing(values):
        pass
    assert {path: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(values, "earlier")


@pytest.mark.parametrize("content", [b"", b"\n", bytes(44)], ids=["empty", "blank", "zeros"])
@pytest.mark.parametrize("name", ["SPK_SECRET_KEY", "SPK_TOKEN_PEPPER"])
def test_a_file_without_a_secret_is_refused_with_its_name(
    environ: dict[str, str], name: str, content: bytes
) -> None:
    """As a full disk or a power cut may have left one."""
    file = Path(environ["SPK_DATA_DIR"], name.removeprefix("SPK_").lower())
    file.write_bytes(content)
    assert refusal(environ) == (
        f"{name}: {file} is empty. Put back what a backup holds, or remove the file and run `spk init`."
    )


@pytest.mark.parametrize("name", ["secret_key", "token_pepper", "token_pepper_fallbacks"])
def test_a_secret_that_is_there_but_cannot_be_read_is_not_taken_for_none(
    environ: dict[str, str], name: str
) -> None:
    file = Path(environ["SPK_DATA_DIR"], name)
    file.write_bytes(b"\xff" * 32)
    assert refusal(environ) == f"SPK_{name.upper()}: {file} is not text."
    file.unlink()
    file.mkdir()
    assert refusal(environ) == f"SPK_{name.upper()}: {file} can’t be read: Is a directory."


def test_secrets_are_random_and_long(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        environ = {"SPK_DATA_DIR": str(tmp_path / name)}
        create_secrets(environ)
        made += [load(environ)["SECRET_KEY"], load(environ)["TOKEN_PEPPERS"][0]]
    assert len(set(made)) == 4
    assert min(len(secret) for secret in made) >= 32


def test_a_second_run_keeps_the_secrets(environ: dict[str, str]) -> None:
    before = load(environ)
    create_secrets(environ)
    assert load(environ) == before


def test_no_secret_is_made_that_is_set_elsewhere(tmp_path: Path) -> None:
    environ = {"SPK_DATA_DIR": str(tmp_path / "data"), "SPK_SECRET_KEY": SECRET}
    create_secrets(environ | {"SPK_TOKEN_PEPPER_FILE": secret_file(tmp_path)})
    assert list((tmp_path / "data").iterdir()) == []


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    below_a_file = Path(secret_file(tmp_path)) / "data"
    with pytest.raises(ConfigError, match=rf"^SPK_DATA_DIR: cannot write to {below_a_file}: Not a directory"):
        create_secrets({"SPK_DATA_DIR": str(below_a_file)})


@pytest.mark.parametrize("name", sorted(NAMES))
def test_an_empty_setting_is_one_that_is_not_set(
    name: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(environ["SPK_DATA_DIR"]).parent)  # where ./data is the test's own
    assert config.load(environ | {name: ""}) == config.load(environ)


def test_the_address_people_use_follows_the_port_the_server_listens_on(environ: dict[str, str]) -> None:
    assert load(environ, SPK_BIND="0.0.0.0:9000")["BASE_URL"] == "http://127.0.0.1:9000"


def test_a_relative_database_file_lies_in_the_data_directory(environ: dict[str, str]) -> None:
    app = create_app(environ | {"SPK_DATABASE_URL": "sqlite:///other.db"})
    assert app.instance_path == environ["SPK_DATA_DIR"]


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("SPK_DATABASE_URL", "postgresql+psycopg://spk:p@x:hunter2@db/spk"),
        ("SPK_RATELIMIT_STORAGE_URI", "redis://:hunter2/x@localhost:6379"),
        ("SPK_RATELIMIT_STORAGE_URI", "nonsense://:hunter2@localhost"),
        ("SPK_RATELIMIT_STORAGE_URI", "async+memory://hunter2"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(
    environ: dict[str, str], setting: str, url: str
) -> None:
    words = refusal(environ, **{setting: url})
    assert words.startswith(f"{setting} must be")
    assert "hunter2" not in words


@pytest.mark.parametrize("name", [name for name in SETTINGS if SETTINGS[name].is_secret])
def test_an_empty_file_is_not_taken_for_the_default(
    environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    file = secret_file(tmp_path, b" \n")
    assert refusal(environ, **{f"{name}_FILE": file}) == f"{name}_FILE: {file} is empty."


def test_spaces_are_no_secret(environ: dict[str, str]) -> None:
    assert load(environ, SPK_SECRET_KEY=" " * 20)["SECRET_KEY"] == load(environ)["SECRET_KEY"]


def test_a_limit_is_one_rate_that_can_be_told_in_a_header(environ: dict[str, str]) -> None:
    for given in ("5/minute;1/hour", "99999999999999999999/minute"):
        assert refusal(environ, SPK_FAILURE_LIMIT=given).startswith("SPK_FAILURE_LIMIT must be a rate")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://Status.Example.COM", "https://status.example.com"),
        ("https://status.example.com:443/", "https://status.example.com"),
        ("http://nas.lan:80", "http://nas.lan"),
        ("http://nas.lan:443", "http://nas.lan:443"),
    ],
)
def test_an_address_is_the_same_in_any_case_and_with_its_default_port(
    given: str, read: str, environ: dict[str, str]
) -> None:
    assert load(environ, SPK_BASE_URL=given)["BASE_URL"] == read


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        *(("127.0.0.2:8116", "http://127.0.0.2:8116"), ("192.0.2.7:80", "http://192.0.2.7")),
        *(("[::1]:8000", "http://localhost:8000"), ("[::]:8000", "http://localhost:8000")),
        *(("0.0.0.0:8000", "http://127.0.0.1:8000"), ("unix:/run/spk.sock", "http://127.0.0.1:8000")),
    ],
)
def test_the_default_address_is_one_where_spk_listens(bind: str, url: str, environ: dict[str, str]) -> None:
    assert load(environ, SPK_BIND=bind)["BASE_URL"] == url


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("https://example.com/status", "spk needs a host name of its own, without /status after it"),
        ("http://[fd00::1]:8000", "needs a host name in place of the IPv6 address"),
        ('"https://status.example.com"', 'not "https://status.example.com".'),
        ("status.example.com", "not status.example.com."),
    ],
)
def test_an_address_that_does_not_do_is_shown_with_what_to_change(
    given: str, words: str, environ: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        load(environ, SPK_BASE_URL=given)


def test_a_password_in_an_address_is_not_shown(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(environ, SPK_BASE_URL="https://ada:hunter2@spk.example")  # pragma: allowlist secret (made up)
    assert "hunter2" not in str(refusal.value)
