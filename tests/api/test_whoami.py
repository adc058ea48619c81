from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.people import Person, bearer, body


def test_whoami_tells_the_key_its_owner_and_their_plan(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key("GitHub Actions deploy")
    who = body(client.get("/api/v1/whoami", headers=bearer(token)))
    assert who["key"] == {
        "name": "GitHub Actions deploy",
        "prefix": token[:12],
        "created_at": ada.key(token).created_at.isoformat(timespec="milliseconds"),
        "last_used_at": None,
        "expires_at": None,
        "scopes": [],
        "pages": None,
        "addresses": None,
        "replaced_by": None,
    }
    assert set(who["user"]) == {"id", "email"}
    assert who["user"]["email"] == "ada@example.com"
    assert who["plan"]["name"] == "pro"
    assert who["plan"]["features"] == ["api_access", "maintenance_windows", "status_pages"]


def test_the_first_successful_request_is_stamped_at_once(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert ada.key(token).last_used_at is None
    client.get("/api/v1/whoami", headers=bearer(token))
    assert ada.key(token).last_used_at is not None


def test_a_refused_request_is_no_use(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.set_plan("free")
    client.get("/api/v1/whoami", headers=bearer(token))
    client.get("/api/v1/nothing", headers=bearer(token))
    assert ada.key(token).last_used_at is None


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/api/v1/pages/nothing", "", 404),
        ("POST", "/api/v1/pages", "{rubbish", 400),
        ("POST", "/api/v1/pages", "{}", 422),
    ],
)
def test_a_request_that_a_good_key_makes_in_vain_is_no_use(
    method: str, path: str, sent: str, status: int, ada: Person, client: FlaskClient
) -> None:
    token = ada.create_key()
    assert client.open(path, method=method, headers=bearer(token), data=sent).status_code == status
    assert ada.key(token).last_used_at is None


def test_a_use_after_a_minute_is_stamped_again(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.age(token, last_used_at=timedelta(minutes=2))
    before = ada.key(token).last_used_at
    client.get("/api/v1/whoami", headers=bearer(token))
    after = ada.key(token).last_used_at
    assert before
    assert after
    assert after > before


def test_the_api_reads_no_session(ada: Person, client: FlaskClient) -> None:
    answer = client.get("/api/v1/whoami", headers=bearer(ada.create_key()))
    assert "Cookie" not in answer.headers.get("Vary", "")
