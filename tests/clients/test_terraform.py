"""What three Terraform providers send for a component and an incident, and what they read afterwards.

Terraform plans to change whatever it reads otherwise than it was sent, so each must come back as it went.
"""

from typing import Any

import pytest

from tests.clients.conftest import Api

Json = dict[str, Any]
NEVER_OURS = dict.fromkeys(
    ("scheduled_remind_prior", "scheduled_auto_in_progress", "scheduled_auto_completed"), False
)
COMPONENTS: dict[str, Json] = {
    "sbecker59 and yannh, who send what isn't set": {
        "name": "Website",
        "description": "",
        "status": "operational",
        "only_show_if_degraded": False,
        "showcase": True,
    },
    "sbecker59, with a date": {"name": "Website", "description": "Shop", "start_date": "2026-01-31"},
    "winebarrel, who leaves out what isn't set": {
        "name": "Website",
        "status": "partial_outage",
        "showcase": False,
    },
}


@pytest.fixture
def here(status_page: Json) -> str:
    return f"/pages/{status_page['id']}"


@pytest.mark.parametrize("body", COMPONENTS.values(), ids=COMPONENTS)
def test_a_component_is_read_as_it_was_sent(body: Json, here: str, api: Api) -> None:
    made = api.send("POST", f"{here}/components", {"component": body})
    address = f"{here}/components/{made['id']}"
    assert api.send("PATCH", address, {"component": body}) | {"updated_at": None} == made | {
        "updated_at": None
    }
    found = api.send("GET", address)
    assert {name: found[name] or "" for name in body} == {name: value or "" for name, value in body.items()}
    assert found["group_id"] is None
    assert api.send("DELETE", address) is None


def bodies(component: str) -> dict[str, Json]:
    maintenance = {"scheduled_for": "2099-01-15T10:00:00Z", "scheduled_until": "2099-01-15T11:00:00Z"}
    unset = {"status": "investigating", "impact_override": "none", "body": "", **NEVER_OURS}
    return {
        "sbecker59": {"name": "Slow", **unset, "components": {}},
        "sbecker59, with a component": {
            **unset,
            "name": "Slow",
            "component_ids": [component],
            "components": {component: "operational"},
        },
        "winebarrel": {"name": "Slow", "deliver_notifications": True},
        "winebarrel, a maintenance": {
            "name": "Move",
            "status": "scheduled",
            "body": "Soon.",
            "component_ids": [component],
            "deliver_notifications": True,
            "auto_transition_to_maintenance_state": True,
            "auto_transition_to_operational_state": True,
            **maintenance,
        },
    }


@pytest.mark.parametrize("provider", bodies("any"))
def test_an_incident_is_read_as_it_was_sent(provider: str, here: str, api: Api) -> None:
    component = api.send("POST", f"{here}/components", {"component": {"name": "Website"}})["id"]
    body = bodies(component)[provider]
    made = api.send("POST", f"{here}/incidents", {"incident": body})
    changed = api.send("PATCH", f"{here}/incidents/{made['id']}", {"incident": body})
    found = api.send("GET", f"{here}/incidents/{made['id']}")
    assert found["status"] == changed["status"] == body.get("status", "investigating")
    assert (found["name"], found["impact_override"]) == (body["name"], body.get("impact_override"))
    assert [each["id"] for each in found["components"]] == body.get("component_ids", [])
    assert {each["status"] for each in found["components"]} <= {"operational"}
    assert (found["scheduled_for"] or "")[:19] == body.get("scheduled_for", "")[:19]
    assert api.send("DELETE", f"{here}/incidents/{made['id']}")["id"] == made["id"]
    api.send("DELETE", f"{here}/components/{component}")


def test_what_was_deleted_by_hand_is_not_there_when_terraform_reads_it(here: str, api: Api) -> None:
    made = api.send("POST", f"{here}/components", {"component": {"name": "Website"}})
    api.send("DELETE", f"{here}/components/{made['id']}")
    with pytest.raises(OSError, match="404"):
        api.send("GET", f"{here}/components/{made['id']}")
