"""spk itself behind deploy/nginx/spk.conf."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from spk.config import MAX_BODY, ConfigError
from spk.server import check_bind
from tests.deploy.conftest import Stack
from tests.deploy.nginx import ROOT, place, run_nginx
from tests.deploy.program import run_program
from tests.deploy.tls_client import Answer, Client, chunked, key
from tests.people import PASSWORD, Person

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def cookie(answer: Answer) -> tuple[str, str]:
    return ("Cookie", answer.headers["Set-Cookie"].partition(";")[0])


def last_line(stack: Stack) -> dict[str, object]:
    found = json.loads(stack.spk.log().splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def without_spk(stack: Stack) -> Iterator[Client]:
    with place() as here, run_nginx(here, f"unix:{here}/nobody.sock") as nginx:
        yield nginx.client("status.example.com")


def test_a_person_signs_in_over_https_with_a_host_cookie(stack: Stack) -> None:
    form = stack.site.get("/login")
    csrf_token = re.search(r'name="csrf_token" value="([^"]+)"', form.body.decode())
    assert csrf_token
    fields = {"csrf_token": csrf_token[1], "email": "operator@example.com", "password": PASSWORD}
    came_from = (("Referer", "https://status.example.com/login"), ("Origin", "https://status.example.com"))
    signed_in = stack.site.ask(
        "POST", "/login", FORM, cookie(form), *came_from, body=urlencode(fields).encode()
    )
    assert (signed_in.status, signed_in.headers["Location"]) == (302, "/user/security")
    assert re.match(r"__Host-spk=.*; Secure; HttpOnly;", signed_in.headers["Set-Cookie"])
    assert stack.site.get("/user/security", cookie(signed_in)).status == 200


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X_Forwarded_For"])
def test_the_address_in_the_log_is_the_clients_and_not_one_it_makes_up(name: str, stack: Stack) -> None:
    request = f"GET /login HTTP/1.0\r\nHost: status.example.com\r\n{name}: 203.0.113.9\r\n\r\n"
    assert stack.site.send(request.encode(), address="127.0.0.77").status == 200
    assert (last_line(stack)["path"], last_line(stack)["address"]) == ("/login", "127.0.0.77")


def test_no_host_or_scheme_that_a_client_makes_up_is_believed(stack: Stack) -> None:
    forged = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Ssl", "off")]
    assert stack.site.get("/login", *forged).status == 200


@pytest.mark.usefixtures("stack")  # skips without nginx
def test_spk_is_told_what_nginx_saw_and_nothing_that_a_client_makes_up() -> None:
    forged = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.example\r\n"
    request = f"GET /login HTTP/1.0\r\nHost: status.example.com\r\n{forged}\r\n"
    with run_program() as spk, place() as here, run_nginx(here, f"127.0.0.1:{spk.port}") as nginx:
        nginx.client("status.example.com").send(request.encode(), address="127.0.0.77")
        told = [spk.last().all(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")]
    assert told == [["127.0.0.77"], ["https"], ["status.example.com"]]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("style.css", "text/css"),
        ("spk.js", "application/javascript"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/htmx/htmx.min.js", "application/javascript"),
        ("vendor/swagger-ui/swagger-ui.css", "text/css"),
    ],
)
def test_nginx_serves_static_files_itself(file: str, kind: str, stack: Stack) -> None:
    answer = stack.site.get(f"/static/{file}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.body == (ROOT / "static" / file).read_bytes()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Request-ID" not in answer.headers
    again = stack.site.get(f"/static/{file}", ("If-None-Match", answer.headers["ETag"]))
    assert (again.status, again.headers["Cache-Control"]) == (304, "no-cache")


@pytest.mark.parametrize(
    "path", ["/static/../spk/config/__init__.py", "/static../static/spk.js", "/static/%2e%2e/data/secret_key"]
)
def test_nothing_beside_the_static_files_is_served(path: str, stack: Stack) -> None:
    assert stack.site.get(path).status == 404


def test_only_static_files_are_compressed(stack: Stack) -> None:
    asked = [stack.site.get(path, ("Accept-Encoding", "gzip")) for path in ("/static/style.css", "/login")]
    assert [answer.headers["Content-Encoding"] for answer in asked] == ["gzip", None]


def test_a_body_of_unknown_length_reaches_the_api(stack: Stack, owner: Person) -> None:
    fields = json.dumps({"page": {"name": "Chunks"}}).encode()
    good = key(owner.create_key())
    unknown = ("Transfer-Encoding", "chunked")
    answer = stack.site.ask("POST", "/api/v1/pages", good, JSON, unknown, body=chunked(fields, 7))
    assert (answer.status, b"Chunks" in answer.body) == (201, True)


@pytest.mark.parametrize("size", [MAX_BODY + 1, 600_000, 2_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_too_large_a_body_is_refused_in_the_words_of_its_reader(
    size: int, is_chunked: bool, stack: Stack, owner: Person
) -> None:
    body = chunked(b"x" * size) if is_chunked else b"x" * size
    how = [("Transfer-Encoding", "chunked")] if is_chunked else []
    to_api = stack.site.ask("POST", "/api/v1/pages", key(owner.create_key()), JSON, *how, body=body)
    assert (to_api.problem()["status"], to_api.problem()["code"]) == (413, "content_too_large")
    to_page = stack.site.ask("POST", "/login", FORM, *how, body=body)
    assert (to_page.status, b"512 kB" in to_page.body) == (413, True)


@pytest.mark.parametrize("path", ["/api/v1/whoami", "/api", "/p/acme/api/v2/summary.json", "//api/v1/pages"])
def test_a_program_is_told_as_json_that_spk_is_down(path: str, without_spk: Client) -> None:
    answer = without_spk.get(path)
    problem = answer.problem()
    assert (problem["status"], problem["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
    assert problem["error"] == problem["detail"]


@pytest.mark.parametrize("path", ["/", "/login", "/p/acme", "/apiary"])
def test_a_person_is_told_on_a_page_that_spk_is_down(path: str, without_spk: Client) -> None:
    answer = without_spk.get(path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "can’t be reached" in answer.body.decode()


@pytest.mark.parametrize(
    "path", ["/verify", "/verify/", "/%76erify", "//verify", "/x/../verify?x", "/metrics", "/metrics/x"]
)
def test_what_is_for_programs_beside_spk_is_closed_from_outside(
    path: str, stack: Stack, owner: Person
) -> None:
    answer = stack.site.get(path, key(owner.create_key()))
    assert answer.problem()["status"] == 404
    assert [name for name in answer.headers if name.startswith("X-")] == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_monitors_outside_may_ask_how_it_is(path: str, stack: Stack) -> None:
    assert stack.site.get(path).status == 200


def test_http_leads_people_to_https_and_tells_programs(stack: Stack) -> None:
    plain = Client("status.example.com", stack.nginx.http, tls=False)
    answer = plain.get("/login?next=/user/plan")
    assert answer.status == 301
    assert answer.headers["Location"] == "https://status.example.com/login?next=/user/plan"
    assert plain.get("/p/acme/api/v2/summary.json").problem()["code"] == "https_required"


def test_a_socket_in_a_directory_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="SPK_BIND: cannot create a socket in /nowhere"):
        check_bind("unix:/nowhere/spk.sock")


@pytest.mark.parametrize("path", ["/", "/login", "/api/v1/whoami", "/.well-known/acme-challenge/x"])
def test_a_name_without_a_server_of_its_own_is_not_spks(path: str, stack: Stack) -> None:
    other = ("Host", "other.example.com")
    plain = Client("status.example.com", stack.nginx.http, tls=False)
    assert [client.get(path, other).status for client in (plain, stack.site, stack.app)] == [421] * 3
    assert plain.get(path, ("Host", "Status.Example.COM")).status != 421
