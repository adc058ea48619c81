"""Somebody else’s pages are as unknown as none, at every address there is."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from spk.db import Base, db, reading, writing
from spk.models.status_pages.incident_update import IncidentUpdate
from tests.people import Api, Json, Person, body

UPDATE = "abcdefghijkl"  # the id of one that Ada made
BODIES: list[Json] = [
    {},
    {"json": {"name": "Mine", "status": "resolved", "slug": "mine"}},
    {"json": {}},
    {"data": ""},
    {"data": "{rubbish", "content_type": "application/json"},
    {"data": "[" * 10_000, "content_type": "application/json"},
    {"data": {"incident[name]": "Mine", "component[status]": "major_outage"}},
]
TABLES = (
    "status_pages",
    "component_groups",
    "components",
    "incidents",
    "incident_updates",
    "incident_components",
    "events",
)


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page with a component, an incident and a maintenance."""
    acme = ada.page_api("Acme", "Web")
    acme.post("/component-groups", name="Europe", components=["web"])
    acme.post("/incidents", name="Down", body="We look.", components={"web": "major_outage"})
    acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["web"])
    with ada.app.app_context(), writing():
        db.session.execute(update(IncidentUpdate).filter_by(body="We look.").values(id=UPDATE))
    return acme


@pytest.fixture
def stranger(eve: Person) -> Api:
    """Eve’s script, with a page of hers."""
    eve.create_page("Eves")
    return eve.api()


def addresses(app: Flask, page: str, component: str, group: str, incident: str) -> Iterator[tuple[str, str]]:
    """Each method and address below a page that the API has."""
    things = {"page": page, "component": component, "group": group, "incident": incident}
    things |= {"update": UPDATE, "which": "unresolved"}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and "page" in rule.arguments:
            path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: things[found[1]], rule.rule)
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield method, path.removeprefix("/api/v1")


def contents(app: Flask) -> dict[str, list[str]]:
    """All that is in the tables of pages, to the last column."""
    with app.app_context(), reading():
        tables = {name: Base.metadata.tables[name] for name in TABLES}
        return {name: sorted(map(str, db.session.execute(select(table)))) for name, table in tables.items()}


def answer(response: TestResponse) -> tuple[int, str | None, bytes]:
    return response.status_code, response.content_type, response.data


def test_the_table_of_addresses_is_whole(app: Flask) -> None:
    assert len(list(addresses(app, "acme", "web", "europe", "down"))) >= 20


def test_the_owner_is_let_in_at_every_address(acme: Api, app: Flask) -> None:
    acme.root = "/api/v1"
    found = addresses(app, "acme", "web", "europe", "down")
    # What is deepest is deleted first, and last of all.
    for method, path in sorted(found, key=lambda each: (each[0] == "DELETE", -len(each[1]))):
        sent = {"name": "Other", "body": "Other"} if method in ("POST", "PATCH", "PUT") else None
        assert acme.open(method, path, json=sent).status_code in (200, 201, 204), (method, path)


@pytest.mark.parametrize("key", ["id", "slug"])
def test_a_strangers_page_is_as_unknown_as_none(key: str, acme: Api, stranger: Api, app: Flask) -> None:
    page, component, incident = acme.get(), acme.get("/components/web"), acme.get("/incidents/down")
    group = acme.get("/component-groups/europe")
    before = contents(app)
    unknown = {"GET": answer(stranger.open("GET", "/pages/nothing"))}
    unknown["HEAD"] = (*unknown["GET"][:2], b"")
    for method, path in addresses(app, page[key], component[key], group[key], incident[key]):
        for sent in BODIES:
            response = stranger.open(method, path, **sent)
            assert answer(response) == unknown.get(method, unknown["GET"]), (method, path, sent)
    assert body(stranger.open("GET", "/pages/nothing"))["code"] == "not_found"
    assert contents(app) == before


@pytest.mark.parametrize("key", ["id", "slug"])
def test_a_strangers_things_are_not_found_under_ones_own_page(
    key: str, acme: Api, stranger: Api, app: Flask
) -> None:
    places = ("/components/web", "/component-groups/europe", "/incidents/down")
    before = contents(app)
    own, none = [acme.get(place)[key] for place in places], ["no"] * len(places)
    theirs, nobodys = (addresses(app, "eves", *keys) for keys in (own, none))
    tried = [both for both in zip(theirs, nobodys, strict=True) if both[0] != both[1]]
    assert len(tried) >= 10
    for (method, path), (_, unknown) in tried:
        for sent in BODIES:
            response = stranger.open(method, path, **sent)
            assert answer(response) == answer(stranger.open(method, unknown, **sent)), (method, path, sent)
            assert response.status_code >= 400
        assert stranger.open(method, path, json={"name": "Mine", "body": "Mine"}).status_code == 404, (
            method,
            path,
        )
    assert contents(app) == before


@pytest.mark.parametrize("key", ["id", "slug"])
def test_a_strangers_components_enter_no_incident(key: str, acme: Api, stranger: Api, app: Flask) -> None:
    component = acme.get("/components/web")[key]
    before = contents(app)
    for fields in ({"component_ids": [component]}, {"components": {component: "operational"}}):
        problem = stranger.post("/pages/eves/incidents", 422, name="Mine", **fields)
        assert list(problem["fields"]) == list(fields)
    assert contents(app) == before


def test_a_strangers_pages_are_not_listed(acme: Api, stranger: Api) -> None:
    assert [page["slug"] for page in stranger.all("/pages")] == ["eves"]


def test_without_a_key_no_address_below_a_page_opens(acme: Api, app: Flask, client: FlaskClient) -> None:
    before = contents(app)
    for method, path in addresses(app, "acme", "web", "europe", "down"):
        response = client.open(f"/api/v1{path}", method=method, json={"name": "Mine"})
        assert response.status_code == 401, (method, path)
    assert contents(app) == before


def test_a_revoked_key_opens_no_address_below_a_page(acme: Api, ada: Person, app: Flask) -> None:
    ada.revoke(acme.token)
    before = contents(app)
    acme.root = "/api/v1"
    for method, path in addresses(app, "acme", "web", "europe", "down"):
        assert acme.open(method, path, json={"name": "Mine"}).status_code == 401, (method, path)
    assert contents(app) == before
