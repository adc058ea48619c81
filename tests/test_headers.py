"""Security headers on every response, whatever it is."""

import re

import pytest
from flask.testing import FlaskClient

from spk import create_app
from spk.headers import HEADERS
from tests.people import Api, Person, bearer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/login", 200),
        ("GET", "/healthz", 200),
        ("GET", "/static/style.css", 200),
        ("GET", "/", 200),
        ("GET", "/user/security", 302),
        ("POST", "/login", 400),
        ("GET", "/api/v1/whoami", 401),
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing", 404),
        ("DELETE", "/login", 405),
        ("OPTIONS", "/login", 200),
        ("GET", "/crash", 500),
    ],
)
def test_every_response_carries_the_headers(
    method: str, path: str, status: int, environ: dict[str, str]
) -> None:
    app = create_app(environ)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/crash", "crash", crash)
    response = app.test_client().open(path, method=method)
    response.close()  # a static file is a file until then
    assert response.status_code == status
    for header, value in HEADERS.items():
        assert response.headers[header] == value
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "X-Request-ID" in response.headers


def crash() -> str:
    raise RuntimeError


def test_a_413_carries_the_headers(client: FlaskClient) -> None:
    response = client.post("/login", data=b"x" * 600_000)
    assert (response.status_code, response.headers["X-Content-Type-Options"]) == (413, "nosniff")


def test_the_policy_allows_our_own_scripts_by_nonce_and_nothing_inline(client: FlaskClient) -> None:
    response = client.get("/login")
    policy = response.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce
    scripts = re.findall(r"<script [^>]*>", response.text)
    assert len(scripts) == 4
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    assert "unsafe" not in policy


def test_each_response_has_a_nonce_of_its_own(client: FlaskClient) -> None:
    policies = {client.get("/login").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


def test_https_is_remembered_by_browsers_only_where_it_is_used(
    environ: dict[str, str], client: FlaskClient
) -> None:
    secure = create_app({**environ, "SPK_BASE_URL": "https://status.example.com"}).test_client()
    for scheme in ("https", "http"):  # http: between the proxy that speaks TLS and spk
        answer = secure.get("/login", base_url=f"{scheme}://status.example.com")
        assert "Strict-Transport-Security" in answer.headers
    assert "Strict-Transport-Security" not in client.get("/login").headers


def test_behind_a_trusted_proxy_https_is_what_the_proxy_says(environ: dict[str, str]) -> None:
    settings = {**environ, "SPK_BASE_URL": "https://status.example.com", "SPK_TRUSTED_PROXIES": "1"}
    response = (
        create_app(settings)
        .test_client()
        .get(
            "/login",
            base_url="http://127.0.0.1:8000",
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "status.example.com"},
        )
    )
    assert "Strict-Transport-Security" in response.headers
    assert re.match("__Host-spk=.*; Secure; HttpOnly; Path=/", response.headers["Set-Cookie"])


def test_a_forwarded_header_is_not_believed_without_a_proxy(client: FlaskClient) -> None:
    assert client.get("/login", headers={"X-Forwarded-Host": "evil.example"}).status_code == 200
    assert (
        "Strict-Transport-Security"
        not in client.get("/login", headers={"X-Forwarded-Proto": "https"}).headers
    )


def test_pages_are_not_stored_and_static_files_may_be_asked_for_again(ada: Person) -> None:
    browser = ada.browser()
    assert browser.get("/user/security").headers["Cache-Control"] == "no-store"
    style = browser.get("/static/style.css")
    style.close()
    assert "ETag" in style.headers
    assert style.headers["Cache-Control"] == "no-cache"


def test_no_page_is_framed_embedded_or_given_another_base(client: FlaskClient) -> None:
    policy = client.get("/login").headers["Content-Security-Policy"].split("; ")
    assert {"frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"} <= set(
        policy
    )


def test_https_is_remembered_for_a_year(environ: dict[str, str]) -> None:
    client = create_app({**environ, "SPK_BASE_URL": "https://status.example.com"}).test_client()
    answer = client.get("/api/v1/whoami", base_url="https://status.example.com")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("path", ["/user/security", "/login", "/api/v1/whoami", "/verify"])
def test_no_other_site_reads_what_a_key_or_a_cookie_opens(method: str, path: str, ada: Person) -> None:
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = ada.browser().client.open(path, method=method, headers={**bearer(ada.create_key()), **asks})
    assert not [name for name in response.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118  # iterating gives pairs
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/", "/login", "/user/security", "/api/v1/whoami", "/verify", "/static/spk.js"]
)
def test_trace_is_not_answered(path: str, ada: Person) -> None:
    response = ada.browser().client.open(path, method="TRACE", headers=bearer(ada.create_key()))
    response.close()
    assert response.status_code == 405


@pytest.mark.parametrize(
    "path", ["/p/acme/api/v2/summary.json", "/api/v2/status.json", "/p/acme/history.atom"]
)
def test_pages_of_other_sites_may_send_what_headers_they_do(
    path: str, acme: Api, client: FlaskClient
) -> None:
    asks = {"Origin": "https://page.example.com", "Access-Control-Request-Method": "GET"}
    wanted = "authorization,content-type,x-client"
    answer = client.options(path, headers={**asks, "Access-Control-Request-Headers": wanted})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert answer.headers["Access-Control-Allow-Headers"] == wanted
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_pages_of_other_sites_may_read_that_there_is_nothing(acme: Api, client: FlaskClient) -> None:
    answer = client.get("/p/nothing/api/v2/summary.json")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, "*")
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
