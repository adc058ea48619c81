"""The gate by audience: one key opens one program."""

import pytest
from flask.testing import FlaskClient

from tests.people import Person, bearer


@pytest.mark.parametrize(
    ("scopes", "query", "status"),
    [
        (None, "?audience=grafana", 204),
        (("gate",), "?audience=grafana", 204),
        (("gate",), "", 204),
        (("gate:grafana",), "?audience=grafana", 204),
        (("gate:grafana",), "?audience=wiki", 403),
        (("gate:grafana",), "", 403),
        (("components:write",), "", 403),
        (None, "?audience=", 503),
        (None, "?audience=Grafana", 503),
        (("gate:grafana",), "?audience=grafana&audience=wiki", 503),
        (("gate:grafana",), "?audience=wiki&audience=grafana", 503),
        (("gate:grafana",), "?audience=" + "g" * 41, 503),
    ],
)
def test_a_key_opens_the_programs_that_its_scopes_name(
    scopes: tuple[str, ...] | None, query: str, status: int, ada: Person, client: FlaskClient
) -> None:
    token = ada.create_key(scopes=scopes) if scopes else ada.create_key()
    assert client.get(f"/verify{query}", headers=bearer(token)).status_code == status


def test_a_key_for_some_pages_opens_no_program(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key(page_ids=("a page",))
    assert client.get("/verify", headers=bearer(token)).status_code == 403
    both = ada.create_key(page_ids=("a page",), scopes=("gate:app",))
    assert client.get("/verify?audience=app", headers=bearer(both)).status_code == 204


def test_the_gate_takes_no_x_api_key(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert client.get("/verify", headers={"X-API-Key": token}).status_code == 401
    assert client.get("/verify", headers={**bearer(token), "X-API-Key": "of the program"}).status_code == 204


def test_a_key_is_refused_at_the_gate_from_another_address(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key(networks=("203.0.113.0/24",))
    for address, status in [("203.0.113.7", 204), ("127.0.0.1", 403)]:
        answer = client.get("/verify", headers=bearer(token), environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status
