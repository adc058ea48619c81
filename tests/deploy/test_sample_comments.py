"""Whatever a comment in a sample tells an operator to do is safe, and does what it says."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.deploy.caddy import PROGRAM, run_caddy
from tests.deploy.caddy import SAMPLE as CADDYFILE
from tests.deploy.conftest import Stack
from tests.deploy.nginx import SAMPLES, place, run_nginx
from tests.deploy.program import Received
from tests.deploy.tls_client import Answer, Client, key
from tests.people import Person, free_port

PAGE = ("Origin", "https://page.example.com")
BASIC = {"/verify?audience=app": "/verify?audience=app&basic=1"}
OWN_HEADER = "proxy_connect_timeout 5s;\n\n    add_header"
METRICS = free_port()
only_nginx = pytest.mark.parametrize("app", ["nginx"], indirect=True)
SOCKET = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]


def uncommented(sample: str, pattern: str) -> dict[str, str]:
    """What replaces the commented lines that this matches by themselves without `#`."""
    lines = re.findall(pattern, sample, re.MULTILINE | re.DOTALL)
    assert lines
    return {line: re.sub(r"^(\s*)# ?", r"\1", line, flags=re.MULTILINE) for line in lines}


NGINX = {
    **BASIC,
    **uncommented((SAMPLES / "protect.conf").read_text(), r"^    # \"https://page.*?$"),
    **uncommented((SAMPLES / "spk.conf").read_text(), r"^# server \{.*?^# \}"),
    OWN_HEADER: f"proxy_set_header X-Mine mine;\n    {OWN_HEADER}",
}
NGINX = {line: text.replace("8001", str(METRICS)) for line, text in NGINX.items()}
CADDY = {**BASIC, **uncommented(CADDYFILE.read_text(), r"^\t\t# @preflight.*?respond @preflight 204")}


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def app(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Client]:
    """The program behind a proxy with everything in force that is a comment in its sample."""
    with place() as here:
        if request.param == "nginx":
            with run_nginx(here, stack.socket, stack.program.port, NGINX) as nginx:
                yield nginx.client("app.example.com")
        elif PROGRAM is None:
            pytest.skip("There is no Caddy here: run tests/install-services.sh.")
        else:
            socket = stack.socket.replace("unix:", "unix/")
            with run_caddy(here, socket, stack.program.port, CADDY) as caddy:
                yield caddy.client("app.example.com")


@pytest.fixture
def token(owner: Person) -> str:
    return owner.create_key()


def allowed(answer: Answer) -> dict[str, str]:
    prefix = "Access-Control-Allow-"
    return {
        name.removeprefix(prefix): value for name, value in answer.headers.items() if name.startswith(prefix)
    }


def preflight(client: Client, origin: tuple[str, str]) -> Answer:
    asked = [("Access-Control-Request-Method", "PUT")]
    asked.append(("Access-Control-Request-Headers", "authorization,content-type"))
    return client.ask("OPTIONS", "/items", origin, *asked)


def assert_identity(received: Received, token: str) -> None:
    """The program knows whose key it was, has not got it, and has heard nothing that the client made up."""
    assert received.all("Authorization") == []
    assert received.all("X-Auth-Key-Prefix") == [token[:12]]
    assert b"forged" not in received.head


def test_a_page_of_another_site_may_call_the_program(app: Client, token: str, stack: Stack) -> None:
    before = len(stack.program.received)
    answer = preflight(app, PAGE)
    assert answer.status == 204
    assert allowed(answer) == {
        "Origin": "https://page.example.com",
        "Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "Headers": "authorization,content-type",
    }
    assert len(stack.program.received) == before
    for answer in (app.get("/items", PAGE, key(token)), app.get("/items", PAGE)):
        assert allowed(answer) == {"Origin": "https://page.example.com"}
    assert_identity(stack.program.last(), token)


@pytest.mark.parametrize("origin", ["https://other.example.com", "null", "https://page.example.com.evil.com"])
def test_no_other_page_may(origin: str, app: Client, stack: Stack) -> None:
    before = len(stack.program.received)
    answer = preflight(app, ("Origin", origin))
    assert (answer.status, allowed(answer)) == (401, {})
    assert len(stack.program.received) == before


def test_options_without_a_key_is_no_preflight_where_no_page_is_named(stack: Stack) -> None:
    answer = preflight(stack.app, PAGE)
    assert (answer.status, allowed(answer)) == (401, {})


def test_git_passes_with_the_token_as_its_password(app: Client, token: str, stack: Stack) -> None:
    before = len(stack.program.received)
    where = f"app.example.com:{app.port}"
    options = ["-c", "http.sslVerify=false", "-c", f"http.curloptResolve={where}:127.0.0.1"]
    url = f"https://git:{token}@{where}/code.git"
    environ = {
        "PATH": "/usr/bin:/bin",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": "/nowhere",
    }
    subprocess.run(["git", *options, "ls-remote", url], env=environ, capture_output=True, check=False)
    received = stack.program.received[before:]
    assert received[0].line() == "GET /code.git/info/refs?service=git-upload-pack HTTP/1.1"
    assert_identity(received[0], token)


def test_without_a_password_git_is_asked_for_one(app: Client) -> None:
    answer = app.get("/code.git/info/refs")
    assert answer.status == 401
    assert "Basic" in str(answer.headers["WWW-Authenticate"])


@pytest.mark.parametrize("protocol", ["websocket", "WebSocket"])
def test_a_websocket_is_opened_with_a_key(protocol: str, app: Client, token: str, stack: Stack) -> None:
    head = [*SOCKET[:1], ("Upgrade", protocol), *SOCKET[2:], key(token), ("X-Auth-User-Id", "forged")]
    lines = "".join(f"{name}: {value}\r\n" for name, value in [("Host", app.name), *head])
    with closing(app.connect()) as connection, connection.makefile("rwb") as stream:
        stream.write(f"GET /socket HTTP/1.1\r\n{lines}\r\n".encode())
        stream.flush()
        assert b" 101 " in stream.readline()
        while stream.readline() != b"\r\n":
            pass
        stream.write(b"hello\n")
        stream.flush()
        assert stream.readline() == b"hello\n"
    assert_identity(stack.program.last(), token)


def test_no_websocket_is_opened_without_a_key(app: Client, stack: Stack) -> None:
    before = len(stack.program.received)
    assert app.get("/socket", *SOCKET).status == 401
    assert len(stack.program.received) == before


@pytest.mark.parametrize("protocol", ["h2c", "websocket, h2c", "h2c, websocket", "TLS/1.0"])
def test_no_other_protocol_is_opened(protocol: str, app: Client, token: str, stack: Stack) -> None:
    listed = ("Connection", "Upgrade, HTTP2-Settings, X-Auth-User-Id, X-Auth-Key-Prefix")
    settings = ("HTTP2-Settings", "AAMAAABkAAQAAP__")
    assert app.get("/", listed, ("Upgrade", protocol), settings, key(token)).status == 200
    received = stack.program.last()
    assert received.all("Upgrade") == []
    assert_identity(received, token)


@only_nginx
def test_a_header_of_ones_own_beside_the_others_leaves_them(app: Client, token: str, stack: Stack) -> None:
    app.get("/", key(token), ("X-Auth-User-Id", "forged"))
    assert stack.program.last().all("X-Mine") == ["mine"]
    assert_identity(stack.program.last(), token)


@only_nginx
@pytest.mark.usefixtures("app")
def test_nginx_has_a_server_for_prometheus() -> None:
    answer = Client("localhost", METRICS, tls=False).get("/metrics")
    assert "X-Request-Id" in answer.headers
