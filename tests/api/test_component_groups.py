"""The groups of a page's components by script."""

import pytest

from tests.people import Api, Json, Person, body

WRONG: list[dict[str, object]] = [
    {"name": ""},
    {"name": "a" * 256},
    {"name": None},
    {"description": "a" * 2001},
    {"slug": "Europe"},
    {"slug": "asia"},
    {"components": ["nothing"]},
    {"components": ["web", ""]},
    {"components": {"web": "operational"}},
    {"components": ["web"] * 1001},
]


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page with Web, Db and Mail, of which nothing is in a group."""
    return ada.page_api("Acme", "Web", "Db", "Mail")


def ids(acme: Api, *slugs: str) -> list[str]:
    return [acme.get(f"/components/{slug}")["id"] for slug in slugs]


def group_of(acme: Api, slug: str) -> object:
    return acme.get(f"/components/{slug}")["group_id"]


def entries(acme: Api) -> list[Json]:
    """The components as everybody may read them."""
    found = acme.client.get("/p/acme/api/v2/components.json").json
    assert isinstance(found, dict)
    return list(found["components"])


def test_a_new_group_is_answered_whole(acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe", components=["db", "mail"])
    assert acme.get("/component-groups/europe") == group
    assert group == {
        "id": group["id"],
        "page_id": acme.get()["id"],
        "name": "Europe",
        "slug": "europe",
        "description": None,
        "components": ids(acme, "db", "mail"),
        "position": 2,
        "created_at": group["created_at"],
        "updated_at": group["updated_at"],
    }
    assert group_of(acme, "db") == group["id"]
    assert group_of(acme, "web") is None


def test_a_description_may_stand_beside_the_group(acme: Api) -> None:
    sent = {"description": "Frankfurt", "component_group": {"name": "Europe", "components": ["web"]}}
    answer = acme.open("POST", "/component-groups", json=sent)
    assert answer.status_code == 201
    assert acme.get("/component-groups/europe")["description"] == "Frankfurt"


def test_nothing_else_counts_beside_the_object(acme: Api) -> None:
    sent = {"component_group": {"nmae": "Europe"}, "name": "Asia"}
    assert acme.open("POST", "/component-groups", json=sent).status_code == 422
    sent = {"component": {"stauts": "major_outage"}, "status": "partial_outage"}
    assert acme.open("PATCH", "/components/web", json=sent).status_code == 422


def test_what_is_within_the_object_counts_before_what_is_beside_it(acme: Api) -> None:
    sent = {"description": "Outer", "component_group": {"name": "Europe", "description": "Inner"}}
    assert acme.open("POST", "/component-groups", json=sent).status_code == 201
    assert [group["description"] for group in acme.all("/component-groups")] == ["Inner"]


def test_a_form_names_its_components_too(acme: Api) -> None:
    data = {"component_group[name]": "Europe", "component_group[components][]": ["web", "db"]}
    assert acme.open("POST", "/component-groups.json", data=data).status_code == 201
    assert acme.get("/component-groups/europe")["components"] == ids(acme, "web", "db")


@pytest.mark.parametrize("key", ["id", "slug"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_the_components_that_are_sent_are_all_it_has(method: str, key: str, acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe", components=["web", "db"])
    sent = {"component_group": {"components": ["db", "mail"]}}
    answer = acme.open(method, f"/component-groups/{group[key]}", json=sent)
    assert answer.status_code == 200
    assert acme.get("/component-groups/europe")["components"] == ids(acme, "db", "mail")
    assert group_of(acme, "web") is None


def test_what_is_left_out_stays_as_it_is(acme: Api) -> None:
    acme.post("/component-groups", name="Europe", description="Frankfurt", components=["web"])
    changed = acme.patch("/component-groups/europe", name="EU")
    assert (changed["name"], changed["slug"], changed["description"]) == ("EU", "europe", "Frankfurt")
    assert changed["components"] == ids(acme, "web")


def test_a_component_is_in_one_group_at_most(acme: Api) -> None:
    acme.post("/component-groups", name="Europe", components=["web", "db"])
    asia = acme.post("/component-groups", name="Asia", components=["db"])
    assert group_of(acme, "db") == asia["id"]
    assert acme.get("/component-groups/europe")["components"] == ids(acme, "web")


@pytest.mark.parametrize("key", ["id", "slug"])
def test_a_component_says_its_group_itself(key: str, acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe")
    assert acme.patch("/components/web", group_id=group[key])["group_id"] == group["id"]
    assert acme.patch("/components/web", name="Website")["group_id"] == group["id"]
    assert acme.patch("/components/web", group_id=None)["group_id"] is None


def test_a_new_component_can_begin_in_a_group(acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe")
    assert acme.post("/components", name="Shop", group_id="europe")["group_id"] == group["id"]


def test_an_empty_group_id_is_one_that_is_left_out(acme: Api) -> None:
    acme.post("/component-groups", name="Europe", components=["web"])
    acme.patch("/components/web", name="Shop", group_id="")
    assert group_of(acme, "web") is not None


def test_a_group_that_is_not_there_is_named(acme: Api, ada: Person) -> None:
    other = ada.page_api("Other").post("/component-groups", name="Europe")
    for key in ("nothing", other["id"], other["slug"]):
        assert list(acme.patch("/components/web", 422, group_id=key)["fields"]) == ["group_id"]
    assert group_of(acme, "web") is None


def test_a_field_that_does_not_fit_is_named_and_nothing_changes(acme: Api) -> None:
    acme.post("/component-groups", name="Asia")
    before = acme.post("/component-groups", name="Europe", components=["web"])
    for fields in WRONG:
        assert list(acme.patch("/component-groups/europe", 422, **fields)["fields"]) == list(fields)
        assert acme.get("/component-groups/europe") == before


def test_a_deleted_group_is_answered_and_leaves_its_components(acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe", components=["web"])
    answer = body(acme.delete("/component-groups/europe", 200))
    assert answer == group | {"components": [], "position": 4, "updated_at": answer["updated_at"]}
    acme.get("/component-groups/europe", 404)
    assert group_of(acme, "web") is None
    assert len(acme.all("/components")) == 3


def test_a_deleted_component_leaves_its_group(acme: Api) -> None:
    acme.post("/component-groups", name="Europe", components=["web", "db"])
    acme.delete("/components/web")
    assert acme.get("/component-groups/europe")["components"] == ids(acme, "db")


def test_a_page_is_deleted_with_its_groups(acme: Api, ada: Person) -> None:
    acme.post("/component-groups", name="Europe", components=["web"])
    acme.delete()
    assert ada.page_api("Acme").all("/component-groups") == []


def test_the_public_json_has_a_group_before_its_components(acme: Api) -> None:
    group = acme.post("/component-groups", name="Europe", components=["db", "mail"])
    acme.patch("/components/mail", status="partial_outage")
    found = entries(acme)
    assert [entry["name"] for entry in found] == ["Web", "Europe", "Db", "Mail"]
    assert [entry["group"] for entry in found] == [False, True, False, False]
    assert [entry["group_id"] for entry in found] == [None, None, group["id"], group["id"]]
    assert found[1]["components"] == ids(acme, "db", "mail")
    assert found[1]["status"] == "partial_outage"
    assert found[1]["updated_at"] == found[3]["updated_at"]
    assert set(found[1]) == set(found[0]) | {"components"}


def test_components_of_a_group_stand_together_where_the_first_is(acme: Api) -> None:
    acme.post("/component-groups", name="Europe", components=["web", "mail"])
    assert [entry["name"] for entry in entries(acme)] == ["Europe", "Web", "Mail", "Db"]


def test_a_group_without_components_is_not_shown_to_everybody(acme: Api) -> None:
    assert acme.post("/component-groups", name="Europe")["position"] == 4
    assert [entry["name"] for entry in entries(acme)] == ["Web", "Db", "Mail"]


def test_the_page_knows_when_a_group_changed(acme: Api) -> None:
    times = [acme.get()["updated_at"]]
    acme.post("/component-groups", name="Europe")
    times.append(acme.get()["updated_at"])
    acme.patch("/component-groups/europe", name="EU")
    times.append(acme.get()["updated_at"])
    acme.delete("/component-groups/europe", 200)
    times.append(acme.get()["updated_at"])
    assert times == sorted(set(times))
