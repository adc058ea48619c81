"""What typed clients send for fields that they leave out, and names that no field has."""

from typing import Any

import pytest

from tests.people import Api, body

EMPTY = ["", None]
COMPONENT = ["status", "slug", "position", "showcase", "only_show_if_degraded", "start_date", "description"]
INCIDENT = ["status", "slug", "impact_override", "message", "component_ids", "components", "metadata"]
INCIDENT += ["scheduled_for", "scheduled_until", "duration_minutes", "deliver_notifications"]
every_kind = pytest.mark.parametrize(
    ("kind", "names", "empty"),
    [
        (kind, names, empty)
        for kind, names in (("components", COMPONENT), ("incidents", INCIDENT))
        for empty in EMPTY
    ],
)


def everything_but_times(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if not name.endswith("_at")}


@every_kind
def test_what_is_made_with_empty_fields_is_made_without_them(
    kind: str, names: list[str], empty: str | None, acme: Api
) -> None:
    bare = acme.post(f"/{kind}", name="A")
    full = acme.post(f"/{kind}", name="B", **dict.fromkeys(names, empty))
    assert (full["status"], full["slug"]) == (bare["status"], "b")


@every_kind
def test_an_empty_field_changes_nothing_that_cannot_be_empty(
    kind: str, names: list[str], empty: str | None, acme: Api
) -> None:
    before = acme.post(f"/{kind}", name="A")
    fields = dict.fromkeys(set(names) - {"description", "start_date", "impact_override"}, empty)
    assert everything_but_times(acme.patch(f"/{kind}/a", **fields)) == everything_but_times(before)


@pytest.mark.parametrize("empty", EMPTY)
def test_a_page_keeps_what_cannot_be_empty(empty: str | None, acme: Api) -> None:
    page = acme.patch("", slug=empty, time_zone=empty)
    assert (page["slug"], page["time_zone"]) == ("acme", "UTC")


@pytest.mark.parametrize("empty", EMPTY)
def test_a_field_that_can_be_empty_is_emptied(empty: str | None, acme: Api) -> None:
    acme.patch("/components/web", description="The shop")
    assert acme.patch("/components/web", description=empty)["description"] in EMPTY


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("kind", ["components", "incidents"])
def test_a_name_is_needed(kind: str, empty: str | None, acme: Api) -> None:
    assert list(acme.post(f"/{kind}", 422, name=empty, status=empty)["fields"]) == ["name"]
    made = acme.post(f"/{kind}", name="A")
    assert list(acme.patch(f"/{kind}/{made['slug']}", 422, name=empty, status=empty)["fields"]) == ["name"]


def test_a_wrong_value_beside_an_empty_one_is_named(acme: Api) -> None:
    assert list(acme.patch("/components/web", 422, status="", position=-1)["fields"]) == ["position"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    ("path", "sent", "name", "nearest"),
    [
        ("/incidents/slow", {"incident": {"stauts": "resolved"}}, "stauts", "status"),
        ("/incidents/slow", {"stauts": "resolved"}, "stauts", "status"),
        ("/incidents/slow", {"incident": {"Body": "x"}}, "Body", "body"),
        ("/components/web", {"component": {"state": "operational"}}, "state", "status"),
        ("", {"page": {"timezone": "UTC"}}, "timezone", "time_zone"),
        ("", {"titel": "x", "y": 1}, "titel", "website"),
    ],
)
def test_a_change_that_knows_no_field_names_the_nearest(
    method: str, path: str, sent: dict[str, Any], name: str, nearest: str, acme: Api
) -> None:
    acme.post("/incidents", name="Slow")
    answer = acme.open(method, path, json=sent)
    assert answer.status_code == 422
    assert body(answer)["fields"] == {name: [f"There is no such field. The nearest is “{nearest}”."]}


def test_a_form_that_knows_no_field_is_told_so_too(acme: Api) -> None:
    answer = acme.open("PATCH", "/components/web", data={"component[stauts]": "operational"})
    assert (answer.status_code, list(body(answer)["fields"])) == (422, ["stauts"])


@pytest.mark.parametrize(
    "sent", [{}, {"component": {}}, {"component": {"status": "", "automation_email": "x"}}]
)
def test_a_change_of_nothing_is_none(sent: dict[str, Any], acme: Api) -> None:
    assert acme.open("PATCH", "/components/web", json=sent).status_code == 200


def test_a_name_that_is_long_is_cut(acme: Api) -> None:
    answer = acme.open("PATCH", "/components/web", json={"a" * 100_000: 1})
    assert answer.status_code == 422
    assert len(answer.data) < 1_000
