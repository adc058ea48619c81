"""The three calls that nearly every public CI script makes with curl, with and without a content type."""

import json
from typing import Any

import pytest

from tests.clients.conftest import Api, run

JSON = ("--header", "Content-Type: application/json")
# Without one, -d of curl calls the JSON a form.
content_types = pytest.mark.parametrize("content_type", [JSON, ()], ids=["as JSON", "without a type"])
Json = dict[str, Any]


@pytest.fixture
def component(api: Api, status_page: Json) -> Json:
    found: Json = api.send("POST", f"/pages/{status_page['id']}/components", {"name": "Website"})
    return found


def curl(api: Api, method: str, path: str, body: str, *options: str) -> Json:
    """What a script gets, or an AssertionError with what it is told instead."""
    command = ["curl", "-sS", "--fail-with-body", "-X", method, f"{api.url}/api/v1{path}"]
    command += ["-H", f"Authorization: OAuth {api.token}", *options, "-d", body]
    answer: Json = json.loads(run(command))
    return answer


@content_types
@pytest.mark.parametrize("suffix", ["", ".json"])
def test_a_ci_script_sets_the_status_of_a_component(
    api: Api, status_page: Json, component: Json, content_type: tuple[str, ...], suffix: str
) -> None:
    path = f"/pages/{status_page['id']}/components/{component['id']}"
    answer = curl(api, "PATCH", path + suffix, '{"component":{"status":"major_outage"}}', *content_type)
    assert (answer["id"], answer["status"]) == (component["id"], "major_outage")
    assert api.send("GET", path)["status"] == "major_outage"


@content_types
def test_a_ci_script_opens_an_incident(
    api: Api, status_page: Json, component: Json, content_type: tuple[str, ...]
) -> None:
    body = json.dumps(
        {
            "incident": {
                "name": "Tests fail & smoke rises = 100% + more",
                "status": "investigating",
                "body": "See the build’s log.",
                "component_ids": [component["id"]],
                "components": {component["id"]: "partial_outage"},
            }
        }
    )
    incident = curl(api, "POST", f"/pages/{status_page['id']}/incidents", body, *content_type)
    assert (incident["name"], incident["impact"]) == ("Tests fail & smoke rises = 100% + more", "major")
    assert incident["incident_updates"][0]["body"] == "See the build’s log."
    assert api.send("GET", f"/pages/{status_page['id']}/incidents/{incident['id']}") == incident


@content_types
def test_a_ci_script_resolves_an_incident(
    api: Api, status_page: Json, component: Json, content_type: tuple[str, ...]
) -> None:
    here = f"/pages/{status_page['id']}"
    given = {"name": "Tests fail", "components": {component["id"]: "major_outage"}}
    incident = api.send("POST", f"{here}/incidents", given)
    components = {component["id"]: "operational"}
    body = json.dumps({"incident": {"status": "resolved", "components": components}})
    answer = curl(api, "PATCH", f"{here}/incidents/{incident['id']}", body, *content_type)
    assert (answer["status"], answer["resolved_at"] is None) == ("resolved", False)
    assert api.send("GET", f"{here}/components/{component['id']}")["status"] == "operational"
    unresolved = api.send("GET", f"{here}/incidents/unresolved")
    assert incident["id"] not in [each["id"] for each in unresolved]
