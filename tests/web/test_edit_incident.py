"""Correcting by hand what was said of an incident or a maintenance."""

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from tests.people import Api, Browser, Json, Person
from tests.web.page_text import errors, messages

INCIDENT = "/user/pages/acme/incidents/slow"
WINDOW = {"scheduled_for": "2099-01-15T10:00", "scheduled_until": "2099-01-15T11:00"}


@pytest.fixture
def acme(ada: Person) -> Api:
    return ada.page_api("Acme", "Web", "Db", time_zone="Europe/Berlin")


@pytest.fixture
def browser(ada: Person) -> Browser:
    return ada.browser()


@pytest.fixture
def incident(acme: Api) -> Json:
    return acme.post(
        "/incidents", name="Slow", slug="slow", body="We are loking.", components={"web": "major_outage"}
    )


@pytest.fixture
def maintenance(acme: Api) -> Json:
    window = {"scheduled_for": "2099-01-15T09:00:30Z", "scheduled_until": "2099-01-15T10:00:30Z"}
    return acme.post("/incidents", name="Upgrade", slug="slow", component_ids=["web"], **window)


def save(browser: Browser, **fields: str) -> TestResponse:
    return browser.submit(f"{INCIDENT}/edit", INCIDENT, htmx=False, **fields)


def values(browser: Browser, path: str) -> dict[str, str]:
    """What the fields of a form hold."""
    page = browser.get(path).text
    found = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    chosen = re.findall(r'<select[^>]* name="(\w+)".*?<option selected value="([^"]*)"', page, re.DOTALL)
    texts = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)
    return {**found, **dict(chosen), **{name: text.strip() for name, text in texts}}


@pytest.mark.usefixtures("incident")
def test_name_and_impact_are_changed(acme: Api, browser: Browser) -> None:
    assert {"name": "Slow", "impact_override": ""}.items() <= values(browser, f"{INCIDENT}/edit").items()
    answer = save(browser, name="Orders fail", impact_override="minor")
    assert (answer.status_code, answer.headers["Location"]) == (303, INCIDENT)
    assert messages(browser.get(INCIDENT)) == ["“Orders fail” was changed."]
    told = acme.get("/incidents/slow")
    assert (told["name"], told["impact"], len(told["incident_updates"])) == ("Orders fail", "minor", 1)


@pytest.mark.usefixtures("incident")
def test_an_impact_is_automatic_again(acme: Api, browser: Browser) -> None:
    save(browser, name="Slow", impact_override="minor")
    save(browser, name="Slow", impact_override="")
    assert acme.get("/incidents/slow")["impact"] == "critical"


@pytest.mark.usefixtures("incident")
def test_a_name_is_needed_and_what_was_typed_stays(acme: Api, browser: Browser) -> None:
    answer = save(browser, name="", impact_override="minor")
    assert (answer.status_code, errors(answer)) == (422, {"name": "Enter a name for this incident."})
    assert '<option selected value="minor">' in answer.text
    assert acme.get("/incidents/slow")["name"] == "Slow"


@pytest.mark.usefixtures("maintenance")
def test_name_window_and_components_of_a_maintenance_are_changed(acme: Api, browser: Browser) -> None:
    shown = values(browser, f"{INCIDENT}/edit")
    assert {"name": "Upgrade", **WINDOW}.items() <= shown.items()
    db = acme.get("/components/db")["id"]
    chosen = {"scheduled_for": "2099-01-16T10:00", "scheduled_until": "2099-01-16T12:00", "component_ids": db}
    save(browser, name="New disks", **chosen)
    told = acme.get("/incidents/slow")
    assert told["name"] == "New disks"
    assert told["scheduled_for"].startswith("2099-01-16T09:00:00")
    assert told["scheduled_until"].startswith("2099-01-16T11:00:00")
    assert [each["slug"] for each in told["components"]] == ["db"]


def test_times_that_are_left_as_shown_stay_to_the_second(
    acme: Api, browser: Browser, maintenance: Json
) -> None:
    save(browser, name="New disks", **WINDOW)
    told = acme.get("/incidents/slow")
    assert told["name"] == "New disks"
    assert told["scheduled_for"] == maintenance["scheduled_for"]
    assert told["scheduled_until"] == maintenance["scheduled_until"]


def test_the_name_of_a_maintenance_that_is_over_is_changed(
    acme: Api, browser: Browser, maintenance: Json
) -> None:
    began, ended = -timedelta(hours=2), -timedelta(hours=1)
    acme.move(maintenance["id"], scheduled_for=began, started_at=began, scheduled_until=ended, ends_at=ended)
    shown = values(browser, f"{INCIDENT}/edit")
    window = {name: shown[name] for name in WINDOW}
    answer = save(browser, name="New disks", **window)
    assert answer.status_code == 303
    assert acme.get("/incidents/slow")["status"] == "completed"


@pytest.mark.usefixtures("maintenance")
def test_a_window_that_ends_before_it_starts_is_refused(browser: Browser) -> None:
    window = {"scheduled_for": "2099-01-15T10:00", "scheduled_until": "2099-01-15T09:00"}
    answer = save(browser, name="Upgrade", **window)
    assert answer.status_code == 422
    assert errors(answer)


@pytest.mark.usefixtures("maintenance")
def test_without_the_feature_only_the_window_is_refused(ada: Person, acme: Api, browser: Browser) -> None:
    ada.set_plan("free")
    assert save(browser, name="New disks", **WINDOW).status_code == 303
    later = {**WINDOW, "scheduled_until": "2099-01-15T12:00"}
    assert save(browser, name="New disks", **later).status_code == 403


def test_text_and_time_of_an_update_are_corrected(acme: Api, browser: Browser, incident: Json) -> None:
    update = incident["incident_updates"][0]
    path = f"{INCIDENT}/updates/{update['id']}"
    assert path in browser.get(INCIDENT).text
    assert values(browser, path)["body"] == "We are loking."
    browser.submit(path, body="We are looking.", display_at="2026-01-15T10:00")
    assert messages(browser.get(INCIDENT)) == ["The update was corrected."]
    corrected = acme.get("/incidents/slow")["incident_updates"][0]
    assert (corrected["body"], corrected["display_at"][:16]) == ("We are looking.", "2026-01-15T09:00")


def test_a_time_that_is_left_as_shown_stays_to_the_millisecond(
    acme: Api, browser: Browser, incident: Json
) -> None:
    update = incident["incident_updates"][0]
    path = f"{INCIDENT}/updates/{update['id']}"
    browser.submit(path, body="We are looking.", display_at=values(browser, path)["display_at"])
    assert acme.get("/incidents/slow")["incident_updates"][0]["display_at"] == update["display_at"]


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2099-01-15T10:00", "This time is in the future. Choose an earlier one."),
        ("2026-03-29T02:30", "Clocks go forward that day: there is no 02:30. Choose another time."),
        ("2026-10-25T02:30", "Clocks go back that day: 02:30 comes twice. Choose which you mean."),
        ("", "Say when it was."),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_the_text_stays(
    browser: Browser, incident: Json, time: str, words: str
) -> None:
    path = f"{INCIDENT}/updates/{incident['incident_updates'][0]['id']}"
    answer = browser.submit(path, body="We are looking.", display_at=time)
    assert (answer.status_code, errors(answer)) == (422, {"display_at": words})
    assert "We are looking." in answer.text


def test_the_public_page_has_no_way_to_correct(acme: Api, browser: Browser, incident: Json) -> None:
    for path in ("/p/acme", f"/p/acme/incidents/{incident['id']}"):
        assert "Correct" not in browser.get(path).text


@pytest.mark.usefixtures("incident")
@pytest.mark.parametrize("update", ["unknown", "%00"])
def test_an_update_that_is_not_there_is_unknown(browser: Browser, update: str) -> None:
    assert browser.get(f"{INCIDENT}/updates/{update}").status_code == 404
    assert browser.submit(f"{INCIDENT}/updates/{update}", body="x").status_code == 404
