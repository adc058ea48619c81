"""What a key may do: its scopes, its pages and its addresses."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from spk.db import reading
from spk.models import User
from spk.models.accounts import scope
from spk.models.status_pages.owned_pages import OwnedPages
from tests.people import Person, bearer, body

INCIDENT = {"incident": {"name": "Slow"}}
OUTAGE = {"name": "x", "components": {"web": "major_outage"}}
MAINTENANCE = {
    "incident": {
        "name": "Move",
        "scheduled_for": "2030-01-01T10:00:00Z",
        "scheduled_until": "2030-01-01T11:00:00Z",
    }
}


@pytest.fixture
def root(ada: Person) -> str:
    """Where Ada’s page is in the API, with the component Web."""
    return ada.page_api("Acme", "Web").root


def page_id(app: Flask, person: Person, slug: str) -> str:
    with app.app_context(), reading():
        user = User.find(person.email)
        assert user is not None
        found = OwnedPages(user).find(slug)
        assert found is not None
        return found.id


def ask(client: FlaskClient, token: str, method: str, path: str, json: object = None) -> TestResponse:
    return client.open(path, method=method, headers=bearer(token), json=json)


@pytest.mark.parametrize(
    ("scopes", "method", "path", "json", "status"),
    [
        (("components:read",), "GET", "/components", None, 200),
        (("components:write",), "GET", "/components", None, 200),
        (("components:read",), "PATCH", "/components/web", {"status": "major_outage"}, 403),
        (("components:write",), "PATCH", "/components/web", {"status": "major_outage"}, 200),
        (("components:write",), "GET", "", None, 403),
        (("status_pages:read",), "GET", "", None, 200),
        (("status_pages:read",), "PATCH", "", {"name": "Other"}, 403),
        (("incidents:write",), "POST", "/incidents", INCIDENT, 201),
        (("incidents:write",), "POST", "/incidents", MAINTENANCE, 403),
        (("maintenances:write",), "POST", "/incidents", MAINTENANCE, 201),
        (("maintenances:write",), "POST", "/incidents", INCIDENT, 403),
        (
            ("incidents:write",),
            "POST",
            "/incidents",
            OUTAGE,
            403,
        ),
        (scope.REPORT, "POST", "/incidents", OUTAGE, 201),
        (("gate",), "GET", "/components", None, 403),
    ],
)
def test_a_scope_lets_a_key_do_what_it_says_and_no_more(
    scopes: tuple[str, ...],
    method: str,
    path: str,
    json: object,
    status: int,
    ada: Person,
    client: FlaskClient,
    root: str,
) -> None:
    token = ada.create_key(scopes=scopes)
    assert ask(client, token, method, root + path, json).status_code == status


def test_a_key_without_scopes_may_do_everything(ada: Person, client: FlaskClient, root: str) -> None:
    assert ask(client, ada.create_key(), "DELETE", root).status_code == 204


def test_what_is_refused_changes_nothing(ada: Person, client: FlaskClient, root: str) -> None:
    ask(client, ada.create_key(scopes=("incidents:write",)), "POST", f"{root}/incidents", MAINTENANCE)
    assert ask(client, ada.create_key(), "GET", f"{root}/incidents").json == []


def test_an_incident_does_not_become_a_maintenance_without_the_scope_for_both(
    ada: Person, client: FlaskClient, root: str
) -> None:
    token = ada.create_key(scopes=("incidents:write",))
    made = body(ask(client, token, "POST", f"{root}/incidents", INCIDENT))
    answer = ask(client, token, "PATCH", f"{root}/incidents/{made['id']}", MAINTENANCE)
    assert answer.status_code in (403, 422)


def test_a_list_has_the_kinds_that_the_key_may_read(ada: Person, client: FlaskClient, root: str) -> None:
    for incident in (INCIDENT, MAINTENANCE):
        ask(client, ada.create_key(), "POST", f"{root}/incidents", incident)
    for scopes, names in [
        (("incidents:read",), ["Slow"]),
        (("maintenances:read",), ["Move"]),
        (scope.READ, ["Move", "Slow"]),
    ]:
        found = ask(client, ada.create_key(scopes=scopes), "GET", f"{root}/incidents").json
        assert found is not None
        assert [each["name"] for each in found] == names


def test_an_answer_to_a_key_that_may_more_is_not_repeated_to_one_that_may_less(
    ada: Person, client: FlaskClient, root: str
) -> None:
    tokens = ada.create_key(), ada.create_key(scopes=("incidents:write",))
    once = {"Idempotency-Key": "once"}
    answers = [
        client.post(f"{root}/incidents", json=MAINTENANCE, headers={**bearer(token), **once})
        for token in tokens
    ]
    assert [answer.status_code for answer in answers] == [201, 409]


def test_a_refusal_names_the_key_the_scope_and_where_to_make_another(
    ada: Person, client: FlaskClient, root: str
) -> None:
    token = ada.create_key("CI", scopes=("components:read",))
    answer = ask(client, token, "PATCH", f"{root}/components/web", {"status": "major_outage"})
    said = body(answer)
    assert said["code"] == "insufficient_scope"
    for words in ("“CI”", token[:12], "“components:write”", "http://127.0.0.1:8000/user/security"):
        assert words in said["detail"]
    challenge = 'Bearer realm="spk", error="insufficient_scope", scope="components:write"'
    assert answer.headers["WWW-Authenticate"] == challenge


def test_every_key_may_ask_who_it_is(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key(scopes=("gate:grafana",), networks=("127.0.0.0/8",))
    key = body(ask(client, token, "GET", "/api/v1/whoami"))["key"]
    assert (key["scopes"], key["pages"], key["addresses"]) == (["gate:grafana"], None, ["127.0.0.0/8"])


def test_a_key_for_one_page_finds_no_other(app: Flask, ada: Person, client: FlaskClient, root: str) -> None:
    other = ada.create_page("Other")
    token = ada.create_key(page_ids=(page_id(app, ada, other),))
    assert ask(client, token, "GET", root).status_code == 404
    assert ask(client, token, "PATCH", root, {"name": "x"}).status_code == 404
    assert ask(client, token, "GET", f"/api/v1/pages/{other}").status_code == 200
    found = ask(client, token, "GET", "/api/v1/pages").json
    assert found is not None
    assert [each["slug"] for each in found] == [other]
    assert body(ask(client, token, "GET", "/api/v1/whoami"))["key"]["pages"] == [other]


def test_a_key_for_some_pages_adds_none(app: Flask, ada: Person, client: FlaskClient, root: str) -> None:
    token = ada.create_key(page_ids=(page_id(app, ada, "acme"),))
    answer = ask(client, token, "POST", "/api/v1/pages", {"name": "Another"})
    assert (answer.status_code, body(answer)["code"]) == (403, "insufficient_scope")


def test_a_key_whose_pages_are_deleted_reaches_no_other(
    app: Flask, ada: Person, client: FlaskClient, root: str
) -> None:
    other = ada.create_page("Other")
    token = ada.create_key(page_ids=(page_id(app, ada, other),))
    ask(client, ada.create_key(), "DELETE", f"/api/v1/pages/{other}")
    assert ask(client, token, "GET", root).status_code == 404
    assert body(ask(client, token, "GET", "/api/v1/whoami"))["key"]["pages"] == []


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        (("203.0.113.0/24",), "203.0.113.7", 200),
        (("203.0.113.0/24",), "203.0.114.7", 403),
        (("203.0.113.7",), "::ffff:203.0.113.7", 200),
        (("2001:db8::/32",), "2001:db8:1::5", 200),
        (("2001:db8::/32",), "203.0.113.7", 403),
        (("10.0.0.1", "10.0.0.2"), "10.0.0.2", 200),
        (("0.0.0.0/0",), "", 403),
        (("0.0.0.0/0",), "203.0.113.7:50001", 403),
    ],
)
def test_a_key_works_from_its_addresses_alone(
    networks: tuple[str, ...], address: str, status: int, ada: Person, client: FlaskClient
) -> None:
    answer = client.get(
        "/api/v1/whoami",
        headers=bearer(ada.create_key(networks=networks)),
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert answer.status_code == status
    if status == 403:
        assert body(answer)["code"] == "address_not_allowed"
        assert address in body(answer)["detail"]


def test_answers_to_a_key_that_ends_say_when(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key(lifetime=timedelta(days=7))
    answer = ask(client, token, "GET", "/api/v1/whoami")
    end = datetime.fromisoformat(answer.headers["Spk-Key-Expires-At"])
    assert abs(end - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)
    assert "Deprecation" not in answer.headers
    assert "Spk-Key-Expires-At" not in ask(client, ada.create_key(), "GET", "/api/v1/whoami").headers
