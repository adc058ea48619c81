"""Who asks, behind a proxy: one client is one client, however its address is written."""

import pytest
from click.testing import CliRunner
from flask import Flask

from spk import create_app
from spk.cli import main
from spk.client_address import plain_address
from tests.people import Browser, Person, bearer


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        *(("203.0.113.9", "203.0.113.9"), ("203.0.113.9:50001", "203.0.113.9")),
        *(("2001:db8::1", "2001:db8::1"), ("2001:DB8:0::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1")),
        *(("[2001:db8::1]:443", "2001:db8::1"), ('"[2001:db8::1]:443"', "2001:db8::1")),
        *(
            ("fe80::1%eth0", "fe80::1"),
            (" 203.0.113.9 ", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ),
        *(("", ""), ("unknown", "unknown"), ("_hidden:80", "_hidden:80"), ("[", "["), ("x" * 99, "x" * 99)),
        *(("203.0.113.999:1", "203.0.113.999:1"), ("1.2.3.4:5:6", "1.2.3.4:5:6")),
    ],
)
def test_an_address_is_found_in_whatever_a_proxy_writes(written: str, plain: str) -> None:
    assert plain_address(written) == plain


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    """An application behind one proxy."""
    return create_app({**environ, "SPK_TRUSTED_PROXIES": "1", "SPK_LOGIN_LIMIT": "2/minute"})


def sign_in(app: Flask, written: str, password: str, email: str = "ada@example.com") -> int:
    browser = Browser(app.test_client())
    browser.client.environ_base["HTTP_X_FORWARDED_FOR"] = written
    return browser.submit("/login", page="/login", email=email, password=password).status_code


def test_a_stranger_whose_port_is_told_locks_nobody_else_out(app: Flask, ada: Person) -> None:
    for number in range(4):
        sign_in(app, f"198.51.100.7:{50_000 + number}", "not it", f"nobody{number}@example.com")
    assert sign_in(app, "198.51.100.7:50009", ada.password) == 429
    assert sign_in(app, "203.0.113.9:50001", ada.password) == 302


def test_a_key_for_one_address_is_accepted_with_its_port(app: Flask, ada: Person) -> None:
    token = Person(app, ada.email).create_key(networks=("203.0.113.9",))
    headers = {**bearer(token), "X-Forwarded-For": "203.0.113.9:50001"}
    assert app.test_client().get("/api/v1/whoami", headers=headers).status_code == 200


def test_the_doctor_tells_what_is_no_address(app: Flask, ada: Person, environ: dict[str, str]) -> None:
    sign_in(app, "203.0.113.9:50001", ada.password)
    behind = {**environ, "SPK_TRUSTED_PROXIES": "1"}
    assert "which is no address" not in CliRunner().invoke(main, ["doctor"], env=behind).stdout
    sign_in(app, "gateway", ada.password)
    said = CliRunner().invoke(main, ["doctor"], env=behind).stdout
    assert "warn\tproxy\tThe proxy calls a client unknown, which is no address" in said
