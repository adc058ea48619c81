"""Real-time incidents by script."""

import re
from datetime import timedelta

import pytest

from spk.models.accounts import token as codec
from tests.people import Api, Json, Person, body

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
KEYS = {
    *("id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact"),
    *("shortlink", "started_at", "page_id", "incident_updates", "components"),
    *("scheduled_for", "scheduled_until", "slug", "impact_override", "metadata"),
}
UPDATE_KEYS = {
    *("id", "status", "body", "incident_id", "created_at", "updated_at", "display_at"),
    *("affected_components", "deliver_notifications", "custom_tweet", "tweet_id"),
}
WRONG: list[dict[str, object]] = [
    {"name": ""},
    {"name": "a" * 256},
    {"name": 1},
    {"name": None},
    {"name": codec.generate()},
    {"name": f"See {codec.generate()} for it"},
    {"name": "Down\x00"},
    {"body": "a" * 25_001},
    {"body": f"curl -H 'Authorization: Bearer {codec.generate()}'"},
    {"body": ["We look."]},
    {"status": "down"},
    {"status": "Resolved"},
    {"status": 1},
    {"impact_override": "huge"},
    {"component_ids": ["nothing"]},
    {"component_ids": ["web", "nothing"]},
    {"component_ids": [1]},
    {"component_ids": "nothing"},
    {"component_ids": {"web": "operational"}},
    {"components": {"nothing": "operational"}},
    {"components": {"web": "down"}},
    {"components": {"web": "scheduled"}},
    {"components": ["nothing"]},
    {"components": "web"},
    {"metadata": "x"},
    {"metadata": ["x"]},
    {"deliver_notifications": "perhaps"},
    {"slug": "Down"},
    {"slug": "unresolved"},
    {"slug": "active-maintenance-"},
]
# What only an incident that is there already refuses.
WRONG_CHANGES: list[dict[str, object]] = [
    {"status": "scheduled"},
    {"status": "in_progress"},
    {"status": "verifying"},
    {"status": "completed"},
    {"slug": "slow"},
    {"scheduled_for": "2099-01-01T00:00:00Z"},
    {"scheduled_until": "2099-01-01T00:00:00Z"},
    {"duration_minutes": 30},
]


def statuses(api: Api) -> dict[str, str]:
    return {component["slug"]: component["status"] for component in api.all("/components")}


def told(incident: Json) -> list[tuple[str, str]]:
    return [(update["status"], update["body"]) for update in incident["incident_updates"]]


def affected(incident: Json) -> dict[str, tuple[str, str]]:
    """How the newest update changed the components."""
    found = incident["incident_updates"][0]["affected_components"]
    return {each["name"]: (each["old_status"], each["new_status"]) for each in found}


def test_a_new_incident_is_answered_whole(acme: Api) -> None:
    incident = acme.post("/incidents", name="Shop is down", body="We look.")
    assert set(incident) == KEYS
    fixed = {
        "name": "Shop is down",
        "slug": "shop-is-down",
        "status": "investigating",
        "impact": "none",
        "impact_override": None,
        "monitoring_at": None,
        "resolved_at": None,
        "scheduled_for": None,
        "scheduled_until": None,
        "metadata": {},
        "components": [],
        "page_id": acme.get()["id"],
        "shortlink": f"http://127.0.0.1:8000/p/acme/incidents/{incident['id']}",
    }
    assert {name: incident[name] for name in fixed} == fixed
    times = ("created_at", "updated_at", "started_at")
    assert all(TIME.fullmatch(incident[name]) for name in times)
    assert acme.get(f"/incidents/{incident['id']}") == acme.get("/incidents/shop-is-down") == incident


def test_its_first_update_is_answered_whole(acme: Api) -> None:
    incident = acme.post("/incidents", name="Down", body="We look.")
    (update,) = incident["incident_updates"]
    assert set(update) == UPDATE_KEYS
    fixed = {
        "status": "investigating",
        "body": "We look.",
        "incident_id": incident["id"],
        "affected_components": None,
        "deliver_notifications": False,
        "custom_tweet": None,
        "tweet_id": None,
        "updated_at": update["created_at"],
        "display_at": update["created_at"],
    }
    assert {name: update[name] for name in fixed} == fixed
    assert TIME.fullmatch(update["created_at"])


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_updates_are_told_from_the_newest(method: str, acme: Api) -> None:
    incident = acme.post("/incidents", name="Down", body="We look.")
    for status, words in (
        ("identified", "It is the disk."),
        ("monitoring", "New disk."),
        ("resolved", "Done."),
    ):
        sent = {"incident": {"status": status, "body": words}}
        assert acme.open(method, f"/incidents/{incident['id']}", json=sent).status_code == 200
    assert told(acme.get("/incidents/down")) == [
        ("resolved", "Done."),
        ("monitoring", "New disk."),
        ("identified", "It is the disk."),
        ("investigating", "We look."),
    ]


def test_a_body_alone_is_an_update_of_the_same_status(acme: Api) -> None:
    acme.post("/incidents", name="Down", status="identified")
    incident = acme.patch("/incidents/down", body="Still at it.")
    assert told(incident) == [("identified", "Still at it."), ("identified", "")]


def test_a_status_alone_is_an_update_without_words(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    assert told(acme.patch("/incidents/down", status="identified"))[0] == ("identified", "")


@pytest.mark.parametrize(
    "fields",
    [{}, {"name": "Up"}, {"metadata": {"a": 1}}, {"components": {"web": "major_outage"}}, {"body": ""}],
)
def test_a_change_without_status_or_body_is_no_update(fields: dict[str, object], acme: Api) -> None:
    before = acme.post("/incidents", name="Down", body="We look.")
    after = acme.patch("/incidents/down", **fields)
    assert after["incident_updates"] == before["incident_updates"]
    assert after["updated_at"] > before["updated_at"]


def test_deliver_notifications_is_kept_with_its_update(acme: Api) -> None:
    incident = acme.post("/incidents", name="Down", body="x", deliver_notifications=True)
    assert incident["incident_updates"][0]["deliver_notifications"] is True


def test_resolving_says_when(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    incident = acme.patch("/incidents/down", status="resolved")
    assert incident["status"] == "resolved"
    assert incident["created_at"] <= incident["resolved_at"] <= incident["updated_at"]
    assert acme.all("/incidents/unresolved") == []


def test_resolving_twice_adds_nothing(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    once = acme.patch("/incidents/down", status="resolved")
    twice = acme.patch("/incidents/down", status="resolved")
    assert twice == {**once, "updated_at": twice["updated_at"]}


def test_words_said_after_resolving_are_kept_and_move_no_time(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    once = acme.patch("/incidents/down", status="resolved")
    twice = acme.patch("/incidents/down", status="resolved", body="It was the disk.")
    assert told(twice)[0] == ("resolved", "It was the disk.")
    assert twice["resolved_at"] == once["resolved_at"]


def test_reopening_clears_resolved_at(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    acme.patch("/incidents/down", status="resolved")
    incident = acme.patch("/incidents/down", status="investigating")
    assert (incident["status"], incident["resolved_at"]) == ("investigating", None)
    assert [each["slug"] for each in acme.all("/incidents/unresolved")] == ["down"]


def test_monitoring_says_since_when(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    watched = acme.patch("/incidents/down", status="monitoring")["monitoring_at"]
    assert TIME.fullmatch(watched)
    assert acme.patch("/incidents/down", status="resolved")["monitoring_at"] == watched


def test_an_incident_may_be_told_when_it_is_over(acme: Api) -> None:
    incident = acme.post("/incidents", name="Was down", status="resolved", body="It was the disk.")
    assert (incident["status"], incident["resolved_at"] is not None) == ("resolved", True)
    assert told(incident) == [("resolved", "It was the disk.")]


@pytest.mark.parametrize(
    ("components", "impact"),
    [
        ({}, "none"),
        ({"web": "operational"}, "none"),
        ({"web": "degraded_performance"}, "minor"),
        ({"web": "partial_outage"}, "major"),
        ({"web": "major_outage"}, "critical"),
        ({"web": "under_maintenance"}, "none"),
        ({"web": "degraded_performance", "db": "major_outage"}, "critical"),
    ],
)
def test_the_impact_is_that_of_the_worst_component(
    components: dict[str, str], impact: str, acme: Api
) -> None:
    incident = acme.post("/incidents", name="Down", components=components)
    assert (incident["impact"], incident["impact_override"]) == (impact, None)


def test_the_impact_comes_from_components_that_are_down_already(acme: Api) -> None:
    acme.patch("/components/web", status="partial_outage")
    assert acme.post("/incidents", name="Down", component_ids=["web"])["impact"] == "major"


def test_the_impact_stays_the_worst_there_was(acme: Api) -> None:
    acme.post("/incidents", name="Down", components={"web": "major_outage"})
    incident = acme.patch("/incidents/down", status="resolved", components={"web": "operational"})
    assert incident["impact"] == "critical"


@pytest.mark.parametrize("impact", ["none", "minor", "major", "critical", "maintenance"])
def test_an_override_is_stronger_than_the_components_until_it_is_taken_away(impact: str, acme: Api) -> None:
    outage = {"web": "major_outage"}
    incident = acme.post("/incidents", name="Down", components=outage, impact_override=impact)
    assert (incident["impact"], incident["impact_override"]) == (impact, impact)
    assert acme.patch("/incidents/down", impact_override=None)["impact"] == "critical"


def test_an_incident_sets_its_components_and_tells_how(acme: Api) -> None:
    incident = acme.post("/incidents", name="Down", components={"web": "major_outage"})
    assert statuses(acme) == {"web": "major_outage", "db": "operational"}
    assert affected(incident) == {"Web": ("operational", "major_outage")}
    (code,) = [each["code"] for each in incident["incident_updates"][0]["affected_components"]]
    assert code == acme.get("/components/web")["id"]
    resolved = acme.patch("/incidents/down", status="resolved", components={"web": "operational"})
    assert statuses(acme)["web"] == "operational"
    assert affected(resolved) == {"Web": ("major_outage", "operational")}
    assert resolved["components"][0]["status"] == "operational"


def test_an_update_tells_of_components_that_did_not_change_too(acme: Api) -> None:
    acme.post("/incidents", name="Down", components={"web": "major_outage"})
    assert affected(acme.patch("/incidents/down", body="x")) == {"Web": ("major_outage", "major_outage")}


def test_components_are_named_by_id_too(acme: Api) -> None:
    web = acme.get("/components/web")["id"]
    incident = acme.post("/incidents", name="Down", component_ids=[web], components={web: "partial_outage"})
    assert [component["id"] for component in incident["components"]] == [web]
    assert statuses(acme)["web"] == "partial_outage"


@pytest.mark.parametrize(
    "fields",
    [
        {"component_ids": ["web", "db"]},
        {"component_ids": "web", "components": ["db"]},
        {"components": ["web", "db"]},
        {"components": {"web": None, "db": None}},
        {"component_ids": ["web"], "components": ["db"]},
        {"component_ids": ["web", "db", "web"]},
        {"component_ids": ["web"], "components": {"db": "operational", "web": "operational"}},
    ],
)
def test_components_come_as_a_list_or_a_mapping(fields: dict[str, object], acme: Api) -> None:
    incident = acme.post("/incidents", name="Down", **fields)
    assert {component["name"] for component in incident["components"]} == {"Web", "Db"}
    assert len(incident["components"]) == 2
    assert set(statuses(acme).values()) == {"operational"}


def test_component_ids_replace_and_components_add(acme: Api) -> None:
    acme.post("/incidents", name="Down", component_ids=["web"])
    added = acme.patch("/incidents/down", components={"db": "partial_outage"})
    assert [component["name"] for component in added["components"]] == ["Web", "Db"]
    replaced = acme.patch("/incidents/down", component_ids=["db"])
    assert [component["name"] for component in replaced["components"]] == ["Db"]
    assert acme.patch("/incidents/down", component_ids=[])["components"] == []


def test_a_field_that_does_not_fit_is_named_and_nothing_changes(acme: Api) -> None:
    acme.post("/incidents", name="Slow")
    acme.post("/incidents", name="Down", body="We look.", components={"web": "partial_outage"})
    before = acme.get("/incidents/down")
    for fields in [*WRONG, *WRONG_CHANGES]:
        problem = acme.patch("/incidents/down", 422, **fields)
        assert list(problem["fields"]) == list(fields)
        assert all(problem["fields"].values())
        assert "spk_" not in str(problem)
        assert acme.get("/incidents/down") == before
    assert statuses(acme) == {"web": "partial_outage", "db": "operational"}


def test_what_does_not_fit_opens_no_incident(acme: Api) -> None:
    for fields in WRONG:
        problem = acme.post("/incidents", 422, **{"name": "Down", **fields})
        assert list(problem["fields"]) == list(fields)
    assert list(acme.post("/incidents", 422, body="x")["fields"]) == ["name"]
    assert acme.all("/incidents") == []


@pytest.mark.parametrize("components", [[["web"]], [{"id": "web"}], [{}]])
def test_a_list_of_components_holds_names_and_nothing_else(components: list[object], acme: Api) -> None:
    assert list(acme.post("/incidents", 422, name="Down", components=components)["fields"]) == ["components"]


def test_a_refused_change_of_several_leaves_all_as_it_was(acme: Api) -> None:
    before = acme.post("/incidents", name="Down")
    several = {"web": "major_outage", "nothing": "operational"}
    acme.patch("/incidents/down", 422, name="Up", status="resolved", body="x", components=several)
    assert acme.get("/incidents/down") == before
    assert statuses(acme)["web"] == "operational"


def test_the_longest_that_is_allowed_is_taken(acme: Api) -> None:
    incident = acme.post("/incidents", name="a" * 255, body="b" * 25_000)
    assert incident["name"] == "a" * 255
    assert told(incident) == [("investigating", "b" * 25_000)]
    assert acme.get(f"/incidents/{incident['slug']}")["id"] == incident["id"]


def test_incidents_are_listed_from_the_newest(acme: Api) -> None:
    for name in ("First", "Second", "Third"):
        acme.post("/incidents", name=name)
    assert [incident["name"] for incident in acme.all("/incidents")] == ["Third", "Second", "First"]


def test_incidents_of_the_same_name_get_different_slugs(acme: Api) -> None:
    first, second = acme.post("/incidents", name="Down"), acme.post("/incidents", name="Down")
    assert (first["slug"], second["slug"]) == ("down", f"down-{second['id']}")


@pytest.mark.parametrize("name", ["Unresolved", "Scheduled", "Upcoming", "All"])
def test_no_incident_takes_the_address_of_a_list(name: str, acme: Api) -> None:
    incident = acme.post("/incidents", name=name)
    assert acme.get(f"/incidents/{incident['slug']}")["id"] == incident["id"]


def test_a_slug_is_unique_on_its_page_only(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Down")
    assert list(acme.post("/incidents", 422, name="Other", slug="down")["fields"]) == ["slug"]
    assert ada.page_api("Ibex").post("/incidents", name="Down")["slug"] == "down"


def test_an_incident_of_another_page_of_the_same_owner_is_not_found_here(acme: Api, ada: Person) -> None:
    incident = ada.page_api("Ibex").post("/incidents", name="Down")
    acme.get(f"/incidents/{incident['id']}", 404)
    acme.patch(f"/incidents/{incident['id']}", 404, status="resolved")
    acme.delete(f"/incidents/{incident['id']}", 404)


def test_a_component_of_another_page_of_the_same_owner_is_unknown_here(acme: Api, ada: Person) -> None:
    other = ada.page_api("Ibex").post("/components", name="Mail")
    for fields in ({"component_ids": [other["id"]]}, {"components": {other["id"]: "major_outage"}}):
        assert list(acme.post("/incidents", 422, name="Down", **fields)["fields"]) == list(fields)


@pytest.mark.parametrize("key", ["id", "slug"])
def test_deleting_answers_what_it_was(key: str, acme: Api) -> None:
    before = acme.post("/incidents", name="Down", body="We look.", components={"web": "major_outage"})
    deleted = body(acme.delete(f"/incidents/{before[key]}", 200))
    assert deleted["incident_updates"] == before["incident_updates"]
    assert (deleted["id"], deleted["components"][0]["name"]) == (before["id"], "Web")
    acme.get(f"/incidents/{before['id']}", 404)
    assert acme.all("/incidents") == []
    assert statuses(acme) == {"web": "major_outage", "db": "operational"}


def test_metadata_is_kept_as_it_came_and_replaced_whole(acme: Api) -> None:
    metadata = {"jira": {"issue_id": "ACME-1", "tags": [1, 2.5, None, True]}, "große Zahl": 10**20}
    assert acme.post("/incidents", name="Down", metadata=metadata)["metadata"] == metadata
    assert acme.get("/incidents/down")["metadata"] == metadata
    assert acme.patch("/incidents/down", metadata={"a": "b"})["metadata"] == {"a": "b"}
    assert acme.patch("/incidents/down", status="resolved")["metadata"] == {"a": "b"}


def test_fields_that_only_atlassian_knows_are_ignored(acme: Api) -> None:
    fields = {"auto_transition_to_maintenance_state": True, "backfilled": False, "reminder_intervals": "[1]"}
    assert set(acme.post("/incidents", name="Down", **fields)) == KEYS


def test_a_search_finds_names_in_any_case_and_anywhere(acme: Api) -> None:
    for name in ("Database is slow", "Shop down", "data centre on fire"):
        acme.post("/incidents", name=name)
    found = acme.all("/incidents?q=DATA")
    assert [incident["name"] for incident in found] == ["data centre on fire", "Database is slow"]


@pytest.mark.parametrize(
    ("query", "names"), [("%25", ["100% down"]), ("_", ["a_b"]), ("\\", ["C:\\"]), ("0%25 d", ["100% down"])]
)
def test_a_search_takes_wildcards_for_what_they_are(query: str, names: list[str], acme: Api) -> None:
    for name in ("100% down", "a_b", "C:\\", "plain"):
        acme.post("/incidents", name=name)
    assert [incident["name"] for incident in acme.all(f"/incidents?q={query}")] == names


def test_a_search_works_on_every_list(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    acme.post("/incidents", name="Slow")
    assert [each["name"] for each in acme.all("/incidents/unresolved?q=slow")] == ["Slow"]


def test_an_incident_stays_open_however_old_it_is(acme: Api) -> None:
    incident = acme.post("/incidents", name="Down")
    acme.move(incident["id"], started_at=-timedelta(days=400), created_at=-timedelta(days=400))
    assert acme.get("/incidents/down")["status"] == "investigating"
    assert len(acme.all("/incidents/unresolved")) == 1


def test_an_update_of_a_script_loses_its_colours(acme: Api) -> None:
    made = acme.post(
        "/incidents", name="\x1b[31mDisk\x1b[0m full", body="\x1b[1;31mError:\x1b[0m\tno space\x00\r\n"
    )
    assert (made["name"], made["incident_updates"][0]["body"]) == ("Disk full", "Error:\tno space")
