"""The API’s own description: whole, and true to the addresses there are."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.people import Json, body

METHODS = ("get", "post", "put", "patch", "delete")
# Left out of the API's document: pages and feeds for people, what operators ask, and the document itself.
LEFT_OUT = re.compile(
    r"/static/<path:filename>|/(healthz|readyz|metrics|verify)|/api/(openapi\.json|docs)"
    r"|/keys\.atom|/api/v1/credentials/revoke"
    r"|/(setup|register|login|login/second-factor|login/passkey|logout|reset)?|/(user|help)/.+"
    r"|(/p/<slug>)?(/incidents/<incident>|/components/<component>|/history(\.rss|\.atom)?|/badge\.svg|/(icon\.svg|logo\.png|card\.png|accent\.css)|/subscribe)?"
)


@pytest.fixture
def document(client: FlaskClient) -> Json:
    return body(client.get("/api/openapi.json"))


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield method, path, operation


def every(found: object, name: str) -> Iterator[object]:
    """The values of a key, wherever it stands in the document."""
    if isinstance(found, dict):
        for key, value in found.items():
            if key == name:
                yield value
            yield from every(value, name)
    elif isinstance(found, list):
        for value in found:
            yield from every(value, name)


def test_every_address_is_described_or_known_to_be_left_out(app: Flask, document: Json) -> None:
    described = {(method, path) for method, path, _ in operations(document)}
    there = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
        if not LEFT_OUT.fullmatch(rule.rule):
            there |= {(method.lower(), path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert described == there
    assert len(there) > 30


def test_it_is_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "spk"
    assert document["servers"] == [{"url": "http://127.0.0.1:8000"}]


def test_every_reference_leads_to_something(document: Json) -> None:
    references = list(every(document, "$ref"))
    assert len(references) > 10
    for reference in references:
        target: object = document
        for part in str(reference).removeprefix("#/").split("/"):
            assert isinstance(target, dict)
            target = target[part]


def test_every_schema_is_referred_to(document: Json) -> None:
    used = {str(reference).rsplit("/", 1)[-1] for reference in every(document, "$ref")}
    assert set(document["components"]["schemas"]) <= used


def test_operation_ids_are_unique(document: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_operation_says_in_words_what_it_does(document: Json) -> None:
    assert [path for _, path, operation in operations(document) if not operation["summary"]] == []


def test_what_is_private_needs_a_key_and_what_is_public_none(document: Json) -> None:
    assert set(document["components"]["securitySchemes"]) == {"key"}
    for _, path, operation in operations(document):
        assert operation["security"] == ([{"key": []}] if path.startswith("/api/v1/") else [])


def test_every_place_in_an_address_is_a_parameter(document: Json) -> None:
    for _, path, operation in operations(document):
        data_dirs = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert data_dirs == re.findall(r"{(\w+)}", path)
        assert all(each["required"] for each in operation["parameters"] if each["in"] == "path")


def test_every_operation_says_what_it_answers_and_how_it_refuses(document: Json) -> None:
    for method, path, operation in operations(document):
        (done,) = [status for status in operation["responses"] if status != "default"]
        assert (done == "204") == ("content" not in operation["responses"][done])
        assert (done == "201") == (method == "post"), path
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_what_takes_a_body_says_so(document: Json) -> None:
    for method, path, operation in operations(document):
        assert ("requestBody" in operation) == (method in ("post", "put", "patch")), (method, path)


def test_what_writes_takes_an_idempotency_key(document: Json) -> None:
    for method, _, operation in operations(document):
        names = [each["name"] for each in operation["parameters"]]
        assert ("Idempotency-Key" in names) == (method != "get")


def test_every_key_of_an_answer_is_required(document: Json) -> None:
    for name in ("Summary", "ComponentSchema", "IncidentSchema", "MaintenanceSchema", "IncidentUpdateSchema"):
        schema = document["components"]["schemas"][name]
        assert set(schema["required"]) == set(schema["properties"]), name


def test_limits_and_words_are_told(document: Json) -> None:
    schemas = document["components"]["schemas"]
    new = schemas["NewIncident"]
    assert new["required"] == ["name"]
    assert (new["properties"]["name"]["maxLength"], new["properties"]["body"]["maxLength"]) == (255, 25_000)
    assert schemas["NewPage"]["properties"]["name"]["maxLength"] == 120
    statuses = schemas["ComponentChanges"]["properties"]["status"]["enum"]
    assert statuses == [
        *("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
    ]


def test_everybody_may_read_it(client: FlaskClient) -> None:
    response = client.get("/api/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get("/api/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_it_shows_itself(client: FlaskClient) -> None:
    response = client.get("/api/docs")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "Set-Cookie" not in response.headers
