import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select

from spk import __version__, create_app
from spk.config import ConfigError
from spk.db import db, now, writing
from spk.models import Event, User
from spk.models.accounts import token as tokens
from spk.models.tables import count_rows
from spk.server import check_bind
from tests.data_dirs import copy_data_dir
from tests.people import PASSWORD, LiveServer, Person, bearer, free_port, serve

HEAD = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
# gunicorn loses a SIGTERM to a worker that is still starting and waits 30 s; one that answers has started.
PROGRAM = (str(Path(sys.executable).with_name("spk")), "serve")  # itself, where the end of it matters
ONE_WORKER = {"SPK_WORKERS": "1"}


@pytest.fixture(scope="module")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that started from nothing."""
    with serve(tmp_path_factory.mktemp("new")) as server:
        yield server


@pytest.fixture(scope="module")
def server(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that has the accounts of ada, ben and eve."""
    directory = tmp_path_factory.mktemp("server")
    copy_data_dir(prepared_data, directory / "data")
    with serve(directory) as server:
        yield server


@pytest.fixture
def ada(server: LiveServer) -> Iterator[Person]:
    app = create_app(server.environ)
    yield Person(app, "ada@example.com")
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def connect(server: LiveServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.environ["SPK_BIND"].split(":")[1])), timeout=20)


def read_to_end(connection: socket.socket) -> str:
    return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def ask(server: LiveServer, request: bytes) -> str:
    """Send these bytes on a connection of its own; the answer with its headers."""
    with connect(server) as connection:
        connection.sendall(request)
        return read_to_end(connection)


def get(server: LiveServer, path: str, **headers: str) -> tuple[int, str]:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    answer = ask(server, f"GET {path}".encode() + HEAD + lines.encode() + b"\r\n")
    return int(answer.split()[1]), answer


def logged(server: LiveServer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/login", "/setup", "/static/style.css"])
def test_a_new_server_answers(new_server: LiveServer, path: str) -> None:
    assert get(new_server, path)[0] == 200


def test_a_new_server_says_where_it_is_and_how_to_make_the_first_account(new_server: LiveServer) -> None:
    first, second, third = new_server.log().splitlines()[:3]
    assert first == f"spk {__version__} serves {new_server.url} from {new_server.environ['SPK_BIND']}."
    assert second.endswith(f"Create the first one at {new_server.url}/setup")
    assert (
        third == f"Setup token: {Path(new_server.environ['SPK_DATA_DIR'], 'setup_token').read_text().strip()}"
    )


def test_a_server_with_an_account_prints_no_setup_token(server: LiveServer) -> None:
    assert "setup" not in server.log().lower()


@pytest.mark.only_sqlite("PostgreSQL keeps its files elsewhere")
def test_what_a_server_writes_is_for_its_owner_alone(new_server: LiveServer) -> None:
    directory = Path(new_server.environ["SPK_DATA_DIR"])
    get(new_server, "/")  # opens the database
    names = {file.name for file in directory.iterdir()}
    assert {"spk.db", "spk.db-wal", "spk.db-shm", "secret_key", "token_pepper"} <= names
    assert {name for name in names if (directory / name).stat().st_mode & 0o777 != 0o600} == set()
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_key_opens_the_api(server: LiveServer, ada: Person) -> None:
    assert get(server, "/api/v1/whoami", **bearer(ada.create_key()))[0] == 200


def test_a_revoked_key_is_refused_by_every_worker_at_once(server: LiveServer, ada: Person) -> None:
    token = ada.create_key()
    before = {get(server, "/api/v1/whoami", **bearer(token))[0] for _ in range(20)}
    ada.revoke(token)
    after = {get(server, "/api/v1/whoami", **bearer(token))[0] for _ in range(20)}
    assert (before, after) == ({200}, {401})


def test_two_authorization_headers_are_refused(server: LiveServer, ada: Person) -> None:
    line = f"Authorization: Bearer {ada.create_key()}\r\n".encode()
    answer = ask(server, b"GET /api/v1/whoami" + HEAD + line + line + b"\r\n")
    assert answer.startswith("HTTP/1.1 400 ")
    assert "Content-Type: application/problem+json" in answer


@pytest.mark.parametrize("path", [b"/api/v1/whoami", b"/login"])
def test_a_body_of_unknown_length_is_refused(server: LiveServer, path: bytes) -> None:
    chunks = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert ask(server, b"POST " + path + HEAD + chunks).startswith("HTTP/1.1 411 ")


@pytest.mark.parametrize("path", [b"/api/v1/whoami", b"/login"])
def test_a_body_above_the_limit_is_refused_before_it_is_sent(server: LiveServer, path: bytes) -> None:
    assert ask(server, b"POST " + path + HEAD + b"Content-Length: 524289\r\n\r\n").startswith("HTTP/1.1 413 ")


def test_a_forwarded_address_is_not_believed_unless_told(server: LiveServer) -> None:
    get(server, "/login", X_Forwarded_For="203.0.113.9")
    assert logged(server)[-1]["address"] == "127.0.0.1"


def test_the_last_forwarded_address_is_believed_behind_one_proxy(tmp_path: Path) -> None:
    with serve(tmp_path, **ONE_WORKER, SPK_TRUSTED_PROXIES="1") as server:
        get(server, "/login", X_Forwarded_For="198.51.100.1, 203.0.113.9")
        assert logged(server)[-1]["address"] == "203.0.113.9"


def test_the_server_leaves_no_control_socket_in_the_home_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serve(tmp_path, HOME=str(home)) as server:
        get(server, "/healthz")
        assert list(home.iterdir()) == []


def test_a_socket_that_another_server_listens_on_is_not_taken_from_it(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "spk.sock"))
        other.listen()
        with pytest.raises(ConfigError, match="another server listens on unix:"):
            check_bind(f"unix:{tmp_path}/spk.sock")


def test_every_line_after_the_start_is_json(new_server: LiveServer) -> None:
    get(new_server, "/nowhere")
    ask(new_server, b"nonsense\r\n\r\n")
    assert [line for line in new_server.log().splitlines()[3:] if not line.startswith("{")] == []
    assert {"spk.access", "gunicorn.error"} <= {line["name"] for line in logged(new_server)}


def test_every_answer_carries_the_id_of_its_line(server: LiveServer) -> None:
    _status, answer = get(server, "/login")
    assert f"X-Request-ID: {logged(server)[-1]['request_id']}\r\n" in answer


def test_no_secret_and_no_query_reaches_the_log(server: LiveServer) -> None:
    token = tokens.generate()
    for path in (
        f"/api/v1/whoami?access_token={token}",
        f"/{token}",
        f"/login?next={token}&password=hunter2",
    ):
        get(server, path, Authorization=f"Bearer {token}", Referer=f"http://x/{token}", User_Agent=token)
    for malformed in (f"GET /?{token} HTTP/9.9", f"GET /{token} {token} HTTP/1.1", f"{token} / HTTP/1.1"):
        ask(server, f"{malformed}\r\nHost: 127.0.0.1\r\n\r\n".encode())
    log = server.log()
    assert f'"path":"/{token[:12]}…"' in log
    assert [word for word in (token[12:20], "hunter2", "access_token", "next=") if word in log] == []


def test_a_pepper_that_is_not_the_databases_keeps_the_server_from_starting(server: LiveServer) -> None:
    another = {"SPK_TOKEN_PEPPER": "another pepper, random", "SPK_BIND": f"127.0.0.1:{free_port()}"}
    environ = server.environ | another
    result = subprocess.run(PROGRAM, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(
        r"Error: SPK_TOKEN_PEPPER is not the pepper this database was made with.*\n", result.stderr
    )


def test_a_request_that_has_begun_is_answered_before_the_server_ends(
    prepared_data: Path, tmp_path: Path
) -> None:
    copy_data_dir(prepared_data, tmp_path / "data")
    with serve(tmp_path, *PROGRAM, **ONE_WORKER) as server:
        head, body = sign_in(server)
        with connect(server) as connection:
            connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
            assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"  # so a worker has taken it
            server.process.terminate()
            wait_until_nothing_new_is_answered(server)
            connection.sendall(body)
            answer = read_to_end(connection)
        assert answer.startswith("HTTP/1.1 302 ")
        assert "Location: /user/security" in answer
        assert server.process.wait(timeout=20) == 0


def test_a_connection_without_a_request_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    with serve(tmp_path, *PROGRAM, **ONE_WORKER) as server, connect(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        server.process.terminate()
        assert server.process.wait(timeout=15) == 0


@pytest.mark.only_sqlite("PostgreSQL is reached over a socket, which says nothing of what it is for")
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc, which only Linux has")
def test_no_worker_inherits_an_open_database(tmp_path: Path) -> None:
    """SQLite forbids it: the worker would believe it holds the locks that only its parent holds."""
    with serve(tmp_path, *PROGRAM, **ONE_WORKER) as server:
        assert [file for file in open_files(server.process.pid) if "spk.db" in file] == []


def open_files(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            yield str(descriptor.readlink())


def sign_in(server: LiveServer) -> tuple[bytes, bytes]:
    """The head and the body of a form that signs Ada in."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.request("GET", "/login")
    response = connection.getresponse()
    cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
    csrf_token = re.search(r'name="csrf_token" value="([^"]+)"', response.read().decode())
    connection.close()
    assert csrf_token
    body = urlencode({"csrf_token": csrf_token[1], "email": "ada@example.com", "password": PASSWORD}).encode()
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return b"POST /login" + HEAD + f"{form}Cookie: {cookie}\r\n".encode(), body


def wait_until_nothing_new_is_answered(server: LiveServer) -> None:
    """The port stays open, but a worker that has heard of its end takes nothing more from it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connect(server) as connection:
            connection.settimeout(1)
            connection.sendall(b"GET /healthz" + HEAD + b"\r\n")
            try:
                read_to_end(connection)
            except TimeoutError:
                return
    raise AssertionError("the server still answers new requests")


def test_a_server_that_starts_sweeps_once_for_all_workers(prepared_data: Path, tmp_path: Path) -> None:
    app = create_app(copy_data_dir(prepared_data, tmp_path / "data"))
    with app.app_context():
        with writing():
            user_id = db.session.scalars(select(User.id)).first()
            db.session.add(Event(user_id=user_id, action="x", created_at=now() - timedelta(days=999)))
        with serve(tmp_path):
            deadline = time.monotonic() + 20
            while count_rows()["events"] and time.monotonic() < deadline:
                time.sleep(0.05)
            assert count_rows()["events"] == 0
