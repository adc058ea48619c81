from pathlib import Path

import pytest

from spk.config.settings import SETTINGS
from tests.cli.output import Spk, refusal, rows


def effective(spk: Spk) -> dict[str, tuple[str, str]]:
    """What each setting comes to, and where that was said."""
    return {name: (value, origin) for name, value, origin in rows(spk("config"))}


def test_every_setting_is_shown_with_its_default(spk: Spk) -> None:
    found = effective(spk)
    assert list(found) == list(SETTINGS)
    assert found["SPK_BASE_URL"] == ("http://127.0.0.1:8000", "default")
    assert found["SPK_LOGIN_LIMIT"] == ("10/minute", "default")


def test_what_is_set_is_shown_with_the_variable_that_set_it(
    spk: Spk, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPK_BIND", "127.0.0.1:9000")
    found = effective(spk)
    assert found["SPK_BIND"] == ("127.0.0.1:9000", "SPK_BIND")
    assert found["SPK_BASE_URL"] == ("http://127.0.0.1:9000", "default")
    assert found["SPK_DATA_DIR"] == (environ["SPK_DATA_DIR"], "SPK_DATA_DIR")


def test_no_secret_is_shown(spk: Spk, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    data = Path(environ["SPK_DATA_DIR"])
    monkeypatch.setenv("SPK_TOKEN_PEPPER_FALLBACKS", "hunter2")
    monkeypatch.setenv("SPK_RATELIMIT_STORAGE_URI", "redis://:hunter2@localhost:6379")
    # pragma: allowlist nextline secret (made up)
    monkeypatch.setenv("SPK_DATABASE_URL", "postgresql+psycopg://spk:hunter2@db/spk?password=hunter2&a=b")
    output = spk("config").output
    secrets = [(data / name).read_text().strip() for name in ("secret_key", "token_pepper")]
    assert [secret for secret in ("hunter2", *secrets) if secret in output] == []
    assert "postgresql+psycopg://********@db/spk?password=********&a=b" in output
    assert f"********\t{data / 'token_pepper'}" in output


def test_a_secret_from_a_file_is_said_to_be(
    spk: Spk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("0123456789abcdef")
    monkeypatch.setenv("SPK_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert effective(spk)["SPK_SECRET_KEY"] == ("********", "SPK_SECRET_KEY_FILE")


def test_what_does_not_fit_is_refused(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_WORKERS", "many")
    assert refusal(spk("config")) == "SPK_WORKERS must be a whole number, 1 or more, not many."
