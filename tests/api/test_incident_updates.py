"""Correcting an update of an incident."""

from datetime import datetime, timedelta

import pytest

from spk.db import now
from tests.people import Api, Json, Person


@pytest.fixture
def acme(ada: Person) -> Api:
    return ada.page_api("Acme", "Web")


@pytest.fixture
def incident(acme: Api) -> Json:
    acme.post("/incidents", name="Slow", slug="slow", body="We are loking.")
    return acme.patch("/incidents/slow", status="identified", body="A full disk.")


def correct(acme: Api, incident: Json, number: int, status: int = 200, **fields: object) -> Json:
    """Correct the update of this number, the newest being 0."""
    update = incident["incident_updates"][number]["id"]
    return acme.patch(f"/incidents/slow/incident_updates/{update}", status, incident_update=fields)


def bodies(acme: Api) -> list[str]:
    return [update["body"] for update in acme.get("/incidents/slow")["incident_updates"]]


def test_what_was_said_is_corrected_and_nothing_else(acme: Api, incident: Json) -> None:
    before = incident["incident_updates"][1]
    answer = correct(acme, incident, 1, body="We are looking.")
    assert answer == before | {"body": "We are looking.", "updated_at": answer["updated_at"]}
    assert answer["updated_at"] > before["updated_at"]
    assert bodies(acme) == ["A full disk.", "We are looking."]
    assert acme.get("/incidents/slow")["status"] == "identified"


def test_when_it_was_said_is_corrected_and_puts_it_in_its_place(acme: Api, incident: Json) -> None:
    earlier = now() - timedelta(hours=1)
    answer = correct(acme, incident, 0, display_at=earlier.isoformat())
    assert datetime.fromisoformat(answer["display_at"]) == earlier.replace(
        microsecond=earlier.microsecond // 1000 * 1000
    )
    assert answer["created_at"] == answer["display_at"]
    assert bodies(acme) == ["We are loking.", "A full disk."]


def test_incident_and_page_say_that_they_have_changed(acme: Api, incident: Json) -> None:
    page = acme.get("")["updated_at"]
    correct(acme, incident, 1, body="We are looking.")
    assert acme.get("/incidents/slow")["updated_at"] > incident["updated_at"]
    assert acme.get("")["updated_at"] > page


def test_a_time_to_come_is_refused(acme: Api, incident: Json) -> None:
    later = (now() + timedelta(minutes=1)).isoformat()
    answer = correct(acme, incident, 0, 422, display_at=later)
    assert answer["fields"] == {"display_at": ["This time is in the future. Choose an earlier one."]}
    assert bodies(acme) == ["A full disk.", "We are loking."]


@pytest.mark.parametrize("display_at", ["yesterday", "0001-01-01T00:00Z", 7e30, "9999-12-31T23:59-12:00"])
def test_what_is_no_time_is_refused(acme: Api, incident: Json, display_at: object) -> None:
    assert list(correct(acme, incident, 0, 422, display_at=display_at)["fields"]) == ["display_at"]


def test_a_text_that_is_too_long_is_refused(acme: Api, incident: Json) -> None:
    assert list(correct(acme, incident, 0, 422, body="W" * 25_001)["fields"]) == ["body"]


def test_what_clients_send_besides_is_taken(acme: Api, incident: Json) -> None:
    assert correct(acme, incident, 0, body="A disk.", wants_twitter_update=False)["body"] == "A disk."


def test_a_form_is_taken_and_put_too(acme: Api, incident: Json) -> None:
    update = incident["incident_updates"][0]["id"]
    path = f"/incidents/slow/incident_updates/{update}"
    assert acme.open("PUT", path, data={"incident_update[body]": "A disk."}).status_code == 200
    assert bodies(acme)[0] == "A disk."


@pytest.mark.parametrize("update", ["unknown", "%00", "slow"])
def test_an_update_that_is_not_there_is_unknown(acme: Api, incident: Json, update: str) -> None:
    acme.patch(f"/incidents/slow/incident_updates/{update}", 404, incident_update={"body": "A disk."})


def test_the_update_of_another_incident_is_unknown(acme: Api, incident: Json) -> None:
    acme.post("/incidents", name="Other", slug="other", body="Something else.")
    update = incident["incident_updates"][0]["id"]
    acme.patch(f"/incidents/other/incident_updates/{update}", 404, incident_update={"body": "A disk."})
    assert bodies(acme)[0] == "A full disk."


def test_a_stranger_finds_none(acme: Api, incident: Json, eve: Person) -> None:
    update = incident["incident_updates"][0]["id"]
    path = f"/pages/acme/incidents/slow/incident_updates/{update}"
    eve.api().patch(path, 404, incident_update={"body": "A disk."})


def test_what_the_clock_said_is_corrected_under_its_id(acme: Api) -> None:
    made = acme.post(
        "/incidents", name="Upgrade", slug="slow", scheduled_for="2099-01-15T09:00Z", component_ids=["web"]
    )
    hour = timedelta(hours=1)
    acme.move(made["id"], scheduled_for=-hour, started_at=-hour, scheduled_until=hour, ends_at=hour)
    begun = acme.get("/incidents/slow")
    assert begun["incident_updates"][0]["body"] == "It started as planned."
    answer = correct(acme, begun, 0, body="It started.")
    assert answer["id"] == begun["incident_updates"][0]["id"]
    assert bodies(acme)[0] == "It started."
    assert len(bodies(acme)) == len(begun["incident_updates"])


def test_a_key_for_incidents_corrects_no_maintenance(ada: Person, acme: Api) -> None:
    made = acme.post(
        "/incidents", name="Upgrade", slug="slow", body="Soon.", scheduled_for="2099-01-15T09:00Z"
    )
    acme.token = ada.create_key(scopes=("incidents:read", "incidents:write"))
    correct(acme, made, 0, 403, body="Later.")
