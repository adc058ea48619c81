"""Status pages by script, and what a plan allows of them."""

import re
from pathlib import Path

import pytest
from flask import Flask

from spk import create_app
from tests.people import Api, Person, body

KEYS = {"id", "name", "url", "time_zone", "updated_at", "slug", "description", "created_at"}
KEYS |= {"website", "accent", "frame_origins", "hidden_from_search"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")

WRONG: list[tuple[dict[str, object], str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": " \t\n"}, "name"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({"name": ["Acme"]}, "name"),
    ({"name": "a" * 121}, "name"),
    ({"name": "Acme\u200b"}, "name"),
    ({"name": "Acme\x00"}, "name"),
    ({"name": "Acme", "description": "a" * 2001}, "description"),
    ({"name": "Acme", "description": "a\x00"}, "description"),
    ({"name": "Acme", "time_zone": "Mars/Olympus"}, "time_zone"),
    ({"name": "Acme", "time_zone": "../../etc/passwd"}, "time_zone"),
    ({"name": "Acme", "slug": "Acme"}, "slug"),
    ({"name": "Acme", "slug": "a--b"}, "slug"),
    ({"name": "Acme", "slug": "-a"}, "slug"),
    ({"name": "Acme", "slug": "a/b"}, "slug"),
    ({"name": "Acme", "slug": "äpfel"}, "slug"),
    ({"name": "Acme", "slug": "a" * 81}, "slug"),
    ({"name": "Acme", "slug": "acme\n"}, "slug"),
]


@pytest.fixture
def api(ada: Person) -> Api:
    return ada.api()


def app_with_plans(environ: dict[str, str], directory: Path, plans: str) -> Flask:
    file = directory / "plans.toml"
    file.write_text(f"[free]\n{plans}")
    return create_app(environ | {"SPK_PLANS_FILE": str(file)})


def test_a_new_page_is_answered_whole(api: Api) -> None:
    page = api.post("/pages", name="Acme")
    assert set(page) == KEYS
    assert (page["name"], page["slug"], page["time_zone"], page["description"]) == (
        "Acme",
        "acme",
        "UTC",
        None,
    )
    assert page["url"] == "http://127.0.0.1:8000/p/acme"
    assert TIME.fullmatch(page["created_at"])
    assert TIME.fullmatch(page["updated_at"])


def test_pages_are_listed_from_the_oldest(api: Api) -> None:
    made = [api.post("/pages", name=name) for name in ("Zebra", "Acme", "Ibex")]
    assert api.all("/pages") == made


def test_somebody_without_pages_has_an_empty_list(api: Api) -> None:
    assert api.all("/pages") == []


@pytest.mark.parametrize("key", ["id", "slug"])
def test_a_page_is_found_by_id_and_by_slug(key: str, api: Api) -> None:
    page = api.post("/pages", name="Acme")
    assert api.get(f"/pages/{page[key]}") == page


def test_a_page_takes_all_its_fields(api: Api) -> None:
    fields = {"name": "Acme GmbH", "slug": "status", "description": "Was läuft", "time_zone": "Europe/Berlin"}
    page = api.post("/pages", **fields)
    assert {name: page[name] for name in fields} == fields


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_a_change_leaves_out_stays(method: str, api: Api) -> None:
    api.post("/pages", name="Acme", description="What runs", time_zone="Europe/Berlin")
    page = body(api.open(method, "/pages/acme", json={"page": {"name": "Acme Ltd"}}))
    assert (page["name"], page["description"], page["time_zone"]) == (
        "Acme Ltd",
        "What runs",
        "Europe/Berlin",
    )
    assert page["slug"] == "acme"


def test_a_description_can_be_taken_away(api: Api) -> None:
    api.post("/pages", name="Acme", description="What runs")
    assert api.patch("/pages/acme", description=None)["description"] is None


def test_a_change_moves_updated_at_but_not_created_at(api: Api) -> None:
    before = api.post("/pages", name="Acme")
    after = api.patch("/pages/acme", name="Acme")
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


def test_a_page_moves_to_a_new_slug(api: Api) -> None:
    api.post("/pages", name="Acme")
    assert api.patch("/pages/acme", slug="status")["url"].endswith("/p/status")
    assert api.get("/pages/status")["name"] == "Acme"
    api.get("/pages/acme", 404)


def test_a_page_is_deleted_with_all_that_is_on_it(api: Api) -> None:
    page = api.post("/pages", name="Acme")
    api.post("/pages/acme/components", name="Web")
    api.post("/pages/acme/incidents", name="Down", body="We look.", component_ids=["web"])
    assert api.delete("/pages/acme").data == b""
    api.get(f"/pages/{page['id']}", 404)
    api.post("/pages", name="Acme")
    assert (api.all("/pages/acme/components"), api.all("/pages/acme/incidents")) == ([], [])


def test_pages_of_the_same_name_get_different_slugs(api: Api, eve: Person) -> None:
    pages = [api.post("/pages", name="Acme"), api.post("/pages", name="Acme")]
    pages.append(eve.api().post("/pages", name="Acme"))
    assert [page["slug"] for page in pages] == ["acme", f"acme-{pages[1]['id']}", f"acme-{pages[2]['id']}"]


def test_a_slug_is_taken_whoever_has_it(api: Api, eve: Person) -> None:
    api.post("/pages", name="Acme")
    problem = eve.api().post("/pages", 422, name="Other", slug="acme")
    assert problem["fields"] == {"slug": ["“acme” is taken. Choose another slug."]}


def test_a_page_cannot_move_to_a_slug_that_is_taken(api: Api) -> None:
    api.post("/pages", name="Acme")
    api.post("/pages", name="Ibex")
    assert list(api.patch("/pages/ibex", 422, slug="acme")["fields"]) == ["slug"]


def test_a_page_may_be_given_the_slug_it_has(api: Api) -> None:
    api.post("/pages", name="Acme")
    assert api.patch("/pages/acme", slug="acme")["slug"] == "acme"


def test_the_slug_of_a_page_never_stands_before_the_id_of_another(api: Api) -> None:
    api.post("/pages", name="Acme")
    ibex = api.post("/pages", name="Ibex")
    api.open("PATCH", "/pages/acme", json={"slug": ibex["id"]})
    assert api.get(f"/pages/{ibex['id']}")["name"] == "Ibex"


def test_a_field_that_does_not_fit_is_named(api: Api) -> None:
    for fields, wrong in WRONG:
        problem = api.post("/pages", 422, **fields)
        assert list(problem["fields"]) == [wrong], fields
        assert all(problem["fields"][wrong])
    assert api.all("/pages") == []


def test_all_wrong_fields_are_told_at_once(api: Api) -> None:
    problem = api.post("/pages", 422, name="", slug="A", time_zone="x")
    assert set(problem["fields"]) == {"name", "slug", "time_zone"}
    assert problem["code"] == "invalid_fields"


@pytest.mark.parametrize("fields", [{"name": "a" * 120}, {"name": "A", "slug": "a" * 80}])
def test_the_longest_that_is_allowed_is_taken(fields: dict[str, str], api: Api) -> None:
    page = api.post("/pages", **fields)
    assert {name: page[name] for name in fields} == fields


def test_a_name_without_letters_gets_a_slug_all_the_same(api: Api) -> None:
    page = api.post("/pages", name="🚀")
    assert page["slug"] == page["id"]


def test_the_most_pages_of_a_plan_are_a_conflict(api: Api) -> None:
    for number in range(5):
        api.post("/pages", name=f"Page {number}")
    problem = api.post("/pages", 409, name="Page 6")
    assert (problem["code"], "Your plan allows 5 status pages" in problem["detail"]) == (
        "limit_reached",
        True,
    )
    api.delete("/pages/page-0")
    api.post("/pages", name="Page 6")


@pytest.mark.parametrize(
    ("features", "needed"),
    [
        ('features = ["status_pages"]\nstatus_pages = 1', "api_access"),
        ('features = ["api_access"]\nactive_keys = 1', "status_pages"),
        ("", "api_access"),
    ],
    ids=["without api_access", "without status_pages", "without both"],
)
def test_a_plan_opens_pages_only_with_both_features(
    features: str, needed: str, environ: dict[str, str], tmp_path: Path
) -> None:
    both = 'features = ["api_access", "status_pages"]\nactive_keys = 1\nstatus_pages = 1'
    app = app_with_plans(environ, tmp_path, f"{features}\n[pro]\n{both}")
    ada = Person(app, "ada@example.com")
    api = ada.api()
    api.post("/pages", name="Acme")
    ada.set_plan("free")
    for problem in (api.get("/pages/acme", 403), api.patch("/pages/acme", 403, name="X")):
        assert problem["code"] == "plan_required"
        assert f"({needed})" in problem["detail"]


def test_planning_maintenance_needs_its_feature_and_incidents_do_not(
    environ: dict[str, str], tmp_path: Path
) -> None:
    plan = 'features = ["api_access", "status_pages"]\nactive_keys = 1\nstatus_pages = 1'
    acme = Person(app_with_plans(environ, tmp_path, f"[pro]\n{plan}"), "ada@example.com").page_api()
    for fields in (
        {"status": "scheduled"},
        {"status": "in_progress"},
        {"duration_minutes": 5},
        {"scheduled_for": "2099-01-01T00:00:00Z"},
    ):
        assert acme.post("/incidents", 403, name="Upgrade", **fields)["code"] == "plan_required"
    acme.post("/incidents", name="Down")
    assert [incident["name"] for incident in acme.all("/incidents")] == ["Down"]
