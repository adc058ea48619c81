"""Addresses that a page once had: they lead to the page, and to nobody else’s."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from spk import create_app
from spk.db import db, now, writing
from spk.models import FormerSlug
from spk.models.status_pages.former_slug import KEPT_FOR
from tests.people import Api, Person

ADDRESSES = [
    "/p/{}",
    "/p/{}/history",
    "/p/{}/history.rss",
    "/p/{}/history.atom",
    "/p/{}/badge.svg",
    "/p/{}/api/v2/summary.json",
    "/p/{}/api/v2/incidents/unresolved.json",
]


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page, once “acme” and now “umbrella”."""
    api = ada.page_api("Acme")
    api.patch("", slug="umbrella")
    return ada.api("/api/v1/pages/umbrella")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_old_address_leads_to_the_new_one(address: str, acme: Api, client: FlaskClient) -> None:
    answer = client.get(address.format("acme"))
    assert (answer.status_code, answer.headers["Location"]) == (308, address.format("umbrella"))
    assert client.get(address.format("umbrella")).status_code == 200


def test_a_query_goes_along_and_says_nothing_else(acme: Api, client: FlaskClient) -> None:
    answer = client.get("/p/acme/history?page=2&_external=1&_scheme=javascript")
    assert answer.headers["Location"] == "/p/umbrella/history?page=2&_external=1&_scheme=javascript"


def test_a_script_that_writes_to_the_old_slug_is_told(acme: Api) -> None:
    Api(acme.client, acme.token, "/api/v1/pages/acme").post("/components", 404, name="Web")


def test_an_old_address_is_given_to_nobody_else(acme: Api, eve: Person) -> None:
    api = eve.api()
    assert api.post("/pages", 422, name="Mine", slug="acme")["fields"]["slug"]
    assert api.post("/pages", name="Acme")["slug"] != "acme"


def test_its_owner_may_take_an_old_address_back(acme: Api, client: FlaskClient) -> None:
    acme.patch("", slug="acme")
    assert client.get("/p/acme").status_code == 200
    assert client.get("/p/umbrella").status_code == 308


def test_the_address_of_a_deleted_page_is_kept_for_its_owner(acme: Api, ada: Person, eve: Person) -> None:
    acme.delete("")
    for slug in ("acme", "umbrella"):
        assert acme.client.get(f"/p/{slug}").status_code == 404
        eve.api().post("/pages", 422, name="Mine", slug=slug)
    ada.api().post("/pages", name="Mine", slug="umbrella")


def test_after_years_a_deleted_address_is_free(app: Flask, acme: Api, eve: Person) -> None:
    acme.delete("")
    with app.app_context(), writing():
        db.session.execute(update(FormerSlug).values(freed_at=now() - KEPT_FOR - timedelta(days=1)))
    eve.api().post("/pages", name="Mine", slug="acme")
    assert acme.client.get("/p/acme").status_code == 200


def test_an_old_address_of_a_page_that_is_there_is_never_free(app: Flask, acme: Api, eve: Person) -> None:
    long_ago = update(FormerSlug).values(freed_at=now() - 2 * KEPT_FOR)
    with app.app_context(), writing():
        db.session.execute(long_ago)
    eve.api().post("/pages", 422, name="Mine", slug="acme")
    acme.delete("")
    eve.api().post("/pages", 422, name="Mine", slug="acme")


def test_the_old_address_of_a_disabled_account_leads_nowhere(acme: Api, ada: Person) -> None:
    ada.disable()
    assert acme.client.get("/p/acme").status_code == 404


def test_a_stranger_who_makes_the_first_page_does_not_get_the_front_page(
    client: FlaskClient, eve: Person, ada: Person
) -> None:
    eve.create_page("Eves")
    for path in ("/badge.svg", "/history.atom", "/api/v2/summary.json"):
        assert client.get(path).status_code == 404
    assert "Eves" not in client.get("/").text
    ada.create_page("Acme")
    assert "Acme" in client.get("/").text


def test_the_operator_names_another_front_page(environ: dict[str, str], app: Flask, eve: Person) -> None:
    slug = eve.create_page("Eves")
    client = create_app({**environ, "SPK_FRONT_PAGE": slug}).test_client()
    assert "Eves" in client.get("/").text
    assert client.get("/api/v2/summary.json").json["page"]["name"] == "Eves"  # type: ignore[index]  # it is JSON


def test_a_front_page_that_is_gone_is_replaced_by_none(
    environ: dict[str, str], app: Flask, ada: Person
) -> None:
    ada.create_page("Acme")
    client = create_app({**environ, "SPK_FRONT_PAGE": "gone"}).test_client()
    assert client.get("/badge.svg").status_code == 404
