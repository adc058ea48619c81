"""The people of the tests, and the browsers and servers they use."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Unpack

import flask_migrate
import pyotp
from fido2.utils import websafe_encode
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from spk import create_app
from spk.config.secret_files import create_secrets
from spk.db import db, now, reading, writing
from spk.engines import close
from spk.models import ApiKey, AuthenticatorApp, BrowserSession, Incident, Passkey, RecoveryCode, Sweep, User
from spk.models.accounts import password
from spk.models.accounts.authenticator_app import new_secret
from spk.models.accounts.key_rights import KeyRights
from spk.models.accounts.owned_keys import OwnedKeys
from spk.models.accounts.pepper import record_pepper
from spk.models.status_pages.owned_pages import OwnedPages
from spk.models.status_pages.status_page_fields import PageFields
from tests.authenticator import Authenticator
from tests.data_dirs import make_data_dir, settings_for
from tests.forked import Forked
from tests.postgres import free_port as free_port  # for the tests of other servers
from tests.shared_app import forget_copies

PASSWORD = "correct horse battery staple"  # pragma: allowlist secret (of the tests)
NEW_PASSWORD = "four unrelated words again"  # pragma: allowlist secret (of the tests)
Json = dict[str, Any]


def prepare_data(environ: dict[str, str]) -> None:
    """Make secrets, tables and the accounts of ada, ben and eve."""
    create_secrets(environ)
    with create_app(environ).app_context():
        flask_migrate.upgrade()
        with writing():
            record_pepper()
            Sweep.make_due()
            for name, plan in (("ada", "pro"), ("ben", "free"), ("eve", "pro")):
                User.create(f"{name}@example.com", password_hash(), plan)
        close()


@cache
def password_hash(words: str = PASSWORD) -> str:
    """One for all accounts: it takes half a second while Chromium is busy too."""
    return password.hash(words)


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows now, or some steps of 30 seconds later."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


@dataclass
class Person:
    """An account in the test's database; each method opens and closes an application context of its own."""

    app: Flask
    email: str
    password: str = PASSWORD

    def set_plan(self, name: str) -> None:
        with self.app.app_context(), writing():
            self._find().set_plan(name)

    def disable(self) -> None:
        with self.app.app_context(), writing():
            self._find().disable()

    def create_key(self, name: str = "CI", lifetime: timedelta | None = None, **rest: tuple[str, ...]) -> str:
        """Make a key, with scopes, page_ids or networks, and return its token."""
        with self.app.app_context(), writing():
            rights = KeyRights(expires_at=now() + lifetime if lifetime is not None else None, **rest)
            return OwnedKeys(self._find()).create(name, rights=rights).token

    def replace_key(self, token: str, ends: str = "first_use") -> str:
        """Replace a key and return the token of the new one."""
        with self.app.app_context(), writing():
            keys = OwnedKeys(self._find())
            key = keys.find(token[:12])
            assert key is not None
            return keys.replace(key, ends).token

    def add_app(self) -> tuple[str, list[str]]:
        """Set up an authenticator app; returns its secret, for `code_of`, and the recovery codes."""
        secret = new_secret()
        with self.app.app_context(), writing():
            user = self._find()
            db.session.add(AuthenticatorApp.of(user.id, secret))
            return secret, RecoveryCode.renew(user.id)

    def add_passkey(self, name: str = "Laptop") -> None:
        """Have a passkey that nobody has the private half of."""
        credential = Authenticator().credential()
        with self.app.app_context(), writing():
            passkey = Passkey(user_id=self._find().id, name=name, sign_count=0, challenged_at=now())
            passkey.credential_id = websafe_encode(credential.credential_id)
            passkey.public_data = websafe_encode(credential)
            db.session.add(passkey)

    def forget_proof(self) -> None:
        """Let all sessions have been proved long ago."""
        with self.app.app_context(), writing():
            user = self._find()
            long_ago = update(BrowserSession).where(BrowserSession.user_id == user.id)
            db.session.execute(long_ago.values(confirmed_at=now() - timedelta(days=1)))

    def keys(self) -> list[ApiKey]:
        with self.app.app_context(), reading():
            return OwnedKeys(self._find()).all()

    def key(self, token: str) -> ApiKey:
        """The record of a token as it is in the database now."""
        return next(key for key in self.keys() if token.startswith(key.prefix))

    def revoke(self, token: str) -> None:
        with self.app.app_context(), writing():
            key = OwnedKeys(self._find()).find(token[:12])
            assert key is not None
            key.revoke()

    def age(self, token: str, **columns: timedelta | None) -> None:
        """Move times of a key into the past: `age(token, created_at=timedelta(days=45))`."""
        with self.app.app_context(), writing():
            values = {name: None if since is None else now() - since for name, since in columns.items()}
            db.session.execute(update(ApiKey).where(ApiKey.prefix == token[:12]).values(values))

    def joined(self, ago: timedelta) -> None:
        """Have been here for so long, so that nobody shows the first steps."""
        with self.app.app_context(), writing():
            self._find().created_at = now() - ago

    def create_page(self, name: str = "Acme", **rest: Unpack[PageFields]) -> str:
        """Make a status page and return its slug."""
        with self.app.app_context(), writing():
            page = OwnedPages(self._find()).create(name=name, **rest)
            return page.slug

    def api(self, root: str = "/api/v1") -> "Api":
        """A script of this person’s, with a key of its own."""
        return Api(self.app.test_client(), self.create_key(), root)

    def page_api(self, name: str = "Acme", *components: str, **rest: Unpack[PageFields]) -> "Api":
        """A script that works on a new page of this person’s, with these components."""
        with self.app.app_context(), writing():
            user = self._find()
            page = OwnedPages(user).create(name=name, **rest)
            for component in components:
                page.create_component(name=component)
            token = OwnedKeys(user).create("CI", rights=KeyRights()).token
            return Api(self.app.test_client(), token, f"/api/v1/pages/{page.slug}")

    def session_cookie(self, user_agent: str = "Firefox") -> str:
        """A cookie as signing in would set it, without the tenth of a second that a password takes."""
        with self.app.app_context():
            with writing():
                user = self._find()
                BrowserSession.start(user, user_agent)
            contents = {"_user_id": user.session_secret, "_fresh": True, "_permanent": True}
            signer = SecureCookieSessionInterface().get_signing_serializer(self.app)
            assert signer is not None
            cookie = signer.dumps(contents)
            return cookie if isinstance(cookie, str) else cookie.decode()

    def browser(self) -> "Browser":
        """A browser in which this person is signed in."""
        browser = Browser(self.app.test_client())
        browser.client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], self.session_cookie())
        return browser

    def _find(self) -> User:
        user = User.find(self.email)
        assert user is not None
        return user


@dataclass
class Browser:
    """A test client that fills in forms the way a browser does: with the CSRF token of the page."""

    client: FlaskClient

    def get(self, path: str, *, htmx: bool = False) -> TestResponse:
        return self.client.get(path, headers=_headers(htmx))

    def submit(
        self, path: str, page: str = "/user/plan", *, htmx: bool = False, **fields: str
    ) -> TestResponse:
        """Open `page` for its CSRF token, then POST the fields to `path`."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).text)
        data = {"csrf_token": found[1] if found else "", **fields}
        return self.client.post(path, data=data, headers=_headers(htmx))

    def create_key(self, name: str = "CI", *, htmx: bool = False, **fields: str) -> TestResponse:
        return self.submit("/user/security/api-keys", htmx=htmx, name=name, **fields)


@dataclass
class Api:
    """A script that calls the API below `root` with a key, and is told which status to expect."""

    client: FlaskClient
    token: str
    root: str

    def open(self, method: str, path: str = "", **rest: object) -> TestResponse:
        """Send whatever the test client takes: json=, data=, content_type=."""
        headers, path = bearer(self.token), self.root + path
        return self.client.open(path, method=method, headers=headers, **rest)  # type: ignore[arg-type]  # any of its

    def all(self, path: str = "") -> list[Json]:
        """The list at this address."""
        found = _expect(self.open("GET", path), 200).json
        assert isinstance(found, list)
        return found

    def get(self, path: str = "", status: int = 200, /) -> Json:
        return body(_expect(self.open("GET", path), status))

    def post(self, path: str = "", status: int = 201, /, **fields: object) -> Json:
        return body(_expect(self.open("POST", path, json=fields), status))

    def patch(self, path: str = "", status: int = 200, /, **fields: object) -> Json:
        return body(_expect(self.open("PATCH", path, json=fields), status))

    def delete(self, path: str = "", status: int = 204, /) -> TestResponse:
        return _expect(self.open("DELETE", path), status)

    def move(self, incident: str, **columns: timedelta | None) -> None:
        """Set times of an incident to so long from now: `move(id, ends_at=-timedelta(hours=1))`."""
        with self.client.application.app_context(), writing():
            moment = now()
            values = {name: None if since is None else moment + since for name, since in columns.items()}
            db.session.execute(update(Incident).where(Incident.id == incident).values(values))
        forget_copies(self.client.application)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def body(response: TestResponse) -> Json:
    """The JSON object of an answer."""
    found = response.json
    assert isinstance(found, dict)
    return found


def token_in(page: str) -> str:
    """The token a page shows."""
    found = re.search(r"spk_[0-9A-Za-z]{46}", page)
    assert found, "the page shows no token"
    return found[0]


@dataclass
class LiveServer:
    """`spk serve` in a process of its own."""

    url: str
    environ: dict[str, str]
    process: subprocess.Popen[bytes] | Forked
    log_file: Path

    def log(self) -> str:
        return self.log_file.read_text()


def make_operator(server: LiveServer, plan: str = "pro") -> Person:
    """Make the account operator@example.com on a running server, and leave no connection open."""
    app = create_app(server.environ)
    with app.app_context():
        with writing():
            User.create("operator@example.com", password_hash(), plan)
        close()
    return Person(app, "operator@example.com")


def operator_key(server: LiveServer, plan: str = "pro") -> str:
    """A key of that account, made for it."""
    return make_operator(server, plan).create_key()


@contextmanager
def serve(directory: Path, *program: str, **settings: str) -> Iterator[LiveServer]:
    """Run `spk serve`, or a program like it, on a free port with its data in `directory`, for a block."""
    data = directory / "data"
    place = settings_for(data) if data.exists() else make_data_dir(data)
    port = free_port()
    url = settings.pop("SPK_BASE_URL", f"http://127.0.0.1:{port}").replace("{port}", str(port))
    environ = {
        **place,
        "SPK_BIND": f"127.0.0.1:{port}",
        "SPK_BASE_URL": url,
        "PATH": "/usr/bin:/bin",
        # gunicorn may lose a SIGTERM that reaches a worker while it starts, and then waits 30 s.
        "SPK_WORKERS": "1",
        **settings,
    }
    log_file = directory / "serve.log"
    with log_file.open("wb") as log:
        process = (
            subprocess.Popen(program, env=environ, stdout=log, stderr=log)
            if program
            else Forked(environ, log_file)
        )
    try:
        _wait_until_up(environ["SPK_BIND"], process, log_file)
        yield LiveServer(url, environ, process, log_file)
    finally:
        process.terminate()
        process.wait(timeout=40)


def _wait_until_up(bind: str, process: subprocess.Popen[bytes] | Forked, log_file: Path) -> None:
    deadline = time.monotonic() + 120  # a second or two, unless much else runs on the machine
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if b" 200 OK" in _ask_whether_up(bind):
                return
        except OSError:
            time.sleep(0.05)  # the port opens when it opens: there is no event to wait for
    raise RuntimeError(f"spk serve did not come up:\n{log_file.read_text()}")


def _ask_whether_up(bind: str) -> bytes:
    """The beginning of what is answered at a port or at unix:/path."""
    with socket.socket(socket.AF_UNIX if bind.startswith("unix:") else socket.AF_INET) as connection:
        connection.settimeout(5)
        host, _, where = bind.partition(":")
        connection.connect(where if host == "unix" else (host, int(where)))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(64)


def _expect(response: TestResponse, status: int) -> TestResponse:
    assert response.status_code == status, response.text
    return response


def _headers(htmx: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if htmx else {}
