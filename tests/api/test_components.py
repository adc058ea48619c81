"""The components of a page by script."""

import pytest

from spk.models.accounts import token as codec
from tests.people import Api, Person

KEYS = {
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "start_date",
    "group_id",
    "page_id",
    "group",
    "only_show_if_degraded",
    "slug",
}

WRONG: list[dict[str, object]] = [
    {"status": "down"},
    {"status": "Operational"},
    {"status": ["operational"]},
    {"name": ""},
    {"name": "a" * 256},
    {"name": codec.generate()},
    {"name": None},
    {"description": "a" * 2001},
    {"description": f"curl -H 'Authorization: Bearer {codec.generate()}'"},
    {"position": -1},
    {"position": 1_000_001},
    {"position": 10**30},
    {"position": "first"},
    {"position": True},
    {"showcase": "maybe"},
    {"showcase": 2},
    {"start_date": "yesterday"},
    {"start_date": "2026-02-30"},
    {"slug": "Web"},
    {"slug": "db"},
]


@pytest.fixture
def acme(ada: Person) -> Api:
    return ada.page_api()


def test_a_new_component_is_answered_whole(acme: Api) -> None:
    component = acme.post("/components", name="Web shop")
    assert set(component) == KEYS
    assert component["page_id"] == acme.get()["id"]
    fixed = {
        "name": "Web shop",
        "slug": "web-shop",
        "status": "operational",
        "position": 1,
        "description": None,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "group": False,
        "only_show_if_degraded": False,
    }
    assert {name: component[name] for name in fixed} == fixed


def test_a_component_takes_all_its_fields(acme: Api) -> None:
    fields = {
        "name": "Web",
        "slug": "www",
        "description": "The shop",
        "status": "partial_outage",
        "position": 7,
        "showcase": False,
        "only_show_if_degraded": True,
        "start_date": "2026-01-31",
    }
    component = acme.post("/components", **fields)
    assert {name: component[name] for name in fields} == fields
    assert acme.get("/components/www") == component


@pytest.mark.parametrize("key", ["id", "slug"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_status_is_set_by_id_and_by_slug(method: str, key: str, acme: Api) -> None:
    component = acme.post("/components", name="Web", description="The shop")
    sent = {"component": {"status": "major_outage"}}
    response = acme.open(method, f"/components/{component[key]}", json=sent)
    assert response.status_code == 200
    changed = acme.get(f"/components/{component[key]}")
    assert response.json == changed
    assert changed == {**component, "status": "major_outage", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > component["updated_at"]


@pytest.mark.parametrize(
    "status", ["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]
)
def test_a_component_takes_every_status_there_is(status: str, acme: Api) -> None:
    acme.post("/components", name="Web")
    assert acme.patch("/components/web", status=status)["status"] == status


def test_a_field_that_does_not_fit_is_named_and_nothing_changes(acme: Api) -> None:
    acme.post("/components", name="Db")
    before = acme.post("/components", name="Web")
    for fields in WRONG:
        problem = acme.patch("/components/web", 422, **fields)
        assert list(problem["fields"]) == list(fields)
        assert acme.get("/components/web") == before


def test_a_component_needs_a_name(acme: Api) -> None:
    assert list(acme.post("/components", 422, status="operational")["fields"]) == ["name"]


def test_a_name_may_have_255_characters(acme: Api) -> None:
    assert acme.post("/components", name="a" * 255)["name"] == "a" * 255


def test_components_are_listed_by_position(acme: Api) -> None:
    for name, position in (("Third", 30), ("First", 10), ("Second", 20)):
        acme.post("/components", name=name, position=position)
    assert [component["name"] for component in acme.all("/components")] == ["First", "Second", "Third"]


def test_a_new_component_comes_last(acme: Api) -> None:
    acme.post("/components", name="First", position=10)
    assert acme.post("/components", name="Second")["position"] == 11


def test_components_of_the_same_name_get_different_slugs(acme: Api) -> None:
    first, second = acme.post("/components", name="Web"), acme.post("/components", name="Web")
    assert (first["slug"], second["slug"]) == ("web", f"web-{second['id']}")


def test_a_slug_is_unique_on_its_page_only(acme: Api, ada: Person) -> None:
    acme.post("/components", name="Web")
    acme.post("/components", 422, name="Other", slug="web")
    assert ada.page_api("Ibex").post("/components", name="Web")["slug"] == "web"


def test_a_component_of_another_page_of_the_same_owner_is_not_found_here(acme: Api, ada: Person) -> None:
    component = ada.page_api("Ibex").post("/components", name="Web")
    acme.get(f"/components/{component['id']}", 404)
    acme.patch(f"/components/{component['id']}", 404, status="major_outage")
    acme.delete(f"/components/{component['id']}", 404)


def test_a_deleted_component_is_gone_from_its_page_and_its_incidents(acme: Api) -> None:
    acme.post("/components", name="Web")
    acme.post("/components", name="Db")
    acme.post("/incidents", name="Down", components={"web": "major_outage", "db": "major_outage"})
    assert acme.delete("/components/web").data == b""
    acme.get("/components/web", 404)
    assert [component["slug"] for component in acme.all("/components")] == ["db"]
    incident = acme.get("/incidents/down")
    assert [component["name"] for component in incident["components"]] == ["Db"]
    told = incident["incident_updates"][0]["affected_components"]
    assert {affected["name"] for affected in told} == {"Web", "Db"}


def test_the_page_knows_when_a_component_changed(acme: Api) -> None:
    before = acme.get()["updated_at"]
    acme.post("/components", name="Web")
    assert acme.get()["updated_at"] > before
