"""The incidents and maintenance of a person's own page."""

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from spk.db import now
from tests.people import Api, Browser, Json, Person
from tests.web.page_text import errors, messages, text

TIMES = {"scheduled_for": "2099-01-15T10:00", "scheduled_until": "2099-01-15T11:00"}
NO_PLAN = "Planning maintenance isn’t included in this plan."
YEARS = "Use a time between the years 1970 and 2999."


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada's page in Berlin's time, with the components Web and Db."""
    return ada.page_api("Acme", "Web", "Db", time_zone="Europe/Berlin")


def send(browser: Browser, path: str, fields: dict[str, str]) -> TestResponse:
    return browser.submit(path, htmx=False, **fields)


def report(acme: Api, browser: Browser, **fields: str) -> TestResponse:
    """Send the form for an incident with all the fields it has; `web` and `db` are those of components."""
    ids = {component["slug"]: component["id"] for component in acme.all("/components")}
    filled = {"name": "Slow", "body": "We look.", "impact_override": "", "web": "", "db": "", **fields}
    named = {f"component_{ids[name]}" if name in ids else name: value for name, value in filled.items()}
    return send(browser, "/user/pages/acme/new-incident", named)


def plan(browser: Browser, **fields: str) -> TestResponse:
    return send(browser, "/user/pages/acme/new-maintenance", {"name": "Upgrade", **TIMES, **fields})


def statuses(acme: Api) -> dict[str, str]:
    return {component["slug"]: component["status"] for component in acme.all("/components")}


def told(incident: Json) -> list[tuple[str, str]]:
    return [(update["status"], update["body"]) for update in incident["incident_updates"]]


# Opening one


def test_an_incident_is_opened_and_everybody_sees_it(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    answer = report(acme, browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    assert messages(browser.get("/user/pages/acme")) == ["“Slow” is open. Everybody can see it now."]
    made = acme.get("/incidents/slow")
    assert told(made) == [("investigating", "We look.")]
    assert (made["impact"], made["components"]) == ("none", [])
    assert "Open incidents Slow Investigating We look." in text(browser.get("/p/acme"))


def test_an_incident_sets_the_components_it_names_and_no_other(acme: Api, ada: Person) -> None:
    report(acme, ada.browser(), web="partial_outage")
    made = acme.get("/incidents/slow")
    assert [component["name"] for component in made["components"]] == ["Web"]
    assert made["impact"] == "major"
    assert statuses(acme) == {"web": "partial_outage", "db": "operational"}


def test_an_operational_component_may_be_named_too(acme: Api, ada: Person) -> None:
    report(acme, ada.browser(), web="operational")
    assert [component["name"] for component in acme.get("/incidents/slow")["components"]] == ["Web"]


@pytest.mark.parametrize("impact", ["none", "maintenance", "minor", "major", "critical"])
def test_an_impact_that_was_chosen_stands_above_the_components_(impact: str, acme: Api, ada: Person) -> None:
    report(acme, ada.browser(), web="degraded_performance", impact_override=impact)
    assert acme.get("/incidents/slow")["impact"] == impact


def test_the_form_asks_about_each_component_and_assumes_nothing(acme: Api, ada: Person) -> None:
    page = ada.browser().get("/user/pages/acme/new-incident")
    assert re.findall(r'<label for="component_\w+">(\w+)</label>', page.text) == ["Web", "Db"]
    assert "selected" not in page.text.replace('selected value=""', "")


def test_a_page_without_components_can_tell_of_an_incident(ben: Person) -> None:
    ben.create_page()
    browser = ben.browser()
    fields = {"name": "Slow", "body": "", "impact_override": "minor"}
    assert send(browser, "/user/pages/acme/new-incident", fields).status_code == 303
    assert "Partially Degraded Service" in browser.get("/p/acme").text


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, {"name": "Enter a name for this incident."}),
        ({"name": "x" * 256}, {"name": "Use 255 characters or fewer. This name has 256."}),
        ({"body": "x" * 25_001}, {"body": "Use 25,000 characters or fewer. This has 25,001."}),
        ({"impact_override": "huge"}, {"impact_override": "Not a valid choice."}),
    ],
    ids=["no name", "a long name", "too much", "an unknown impact"],
)
def test_an_incident_that_does_not_fit_is_sent_back(
    fields: dict[str, str], wrong: dict[str, str], acme: Api, ada: Person
) -> None:
    answer = report(acme, ada.browser(), **fields)
    assert answer.status_code == 422
    assert errors(answer) == wrong
    assert acme.all("/incidents") == []


def test_an_unknown_status_of_a_component_is_sent_back(acme: Api, ada: Person) -> None:
    assert report(acme, ada.browser(), web="down").status_code == 422
    assert acme.all("/incidents") == []


def test_what_a_form_says_of_a_component_that_is_gone_is_left_out(acme: Api, ada: Person) -> None:
    fields = {"name": "Slow", "body": "", "impact_override": "", "component_gone": "major_outage"}
    fields |= {f"component_{component['id']}": "" for component in acme.all("/components")}
    assert send(ada.browser(), "/user/pages/acme/new-incident", fields).status_code == 303


def test_a_component_that_was_added_since_the_form_was_opened_is_not_affected(acme: Api, ada: Person) -> None:
    fields = {"name": "Slow", "body": "We look.", "impact_override": ""}
    fields |= {f"component_{component['id']}": "" for component in acme.all("/components")}
    acme.post("/components", name="Mail")
    assert send(ada.browser(), "/user/pages/acme/new-incident", fields).status_code == 303


# Telling more


def test_an_update_is_told_with_the_newest_first(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    acme.post("/incidents", name="Slow", body="We look.")
    fields = {"status": "identified", "body": "A full disk.\r\nWe clean up."}
    answer = send(browser, "/user/pages/acme/incidents/slow", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    assert messages(browser.get("/user/pages/acme")) == ["“Slow” was updated."]
    assert told(acme.get("/incidents/slow")) == [
        ("identified", "A full disk.\nWe clean up."),
        ("investigating", "We look."),
    ]
    assert "Updates Identified A full disk. We clean up." in text(
        browser.get("/user/pages/acme/incidents/slow")
    )


@pytest.mark.parametrize(
    ("restore", "after"),
    [
        ({"restore": "y"}, {"web": "operational", "db": "partial_outage"}),
        ({}, {"web": "major_outage", "db": "partial_outage"}),
    ],
    ids=["ticked", "unticked"],
)
def test_resolving_restores_its_components_where_that_is_ticked(
    restore: dict[str, str], after: dict[str, str], acme: Api, ada: Person
) -> None:
    acme.patch("/components/db", status="partial_outage")
    acme.post("/incidents", name="Slow", components={"web": "major_outage"})
    fields = {"status": "resolved", "body": "All is well.", **restore}
    assert send(ada.browser(), "/user/pages/acme/incidents/slow", fields).status_code == 303
    assert acme.get("/incidents/slow")["status"] == "resolved"
    assert statuses(acme) == after


@pytest.mark.parametrize("status", ["investigating", "identified", "monitoring"])
def test_before_it_is_resolved_nothing_is_restored(status: str, acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow", components={"web": "major_outage"})
    fields = {"status": status, "body": "", "restore": "y"}
    send(ada.browser(), "/user/pages/acme/incidents/slow", fields)
    assert statuses(acme)["web"] == "major_outage"


def test_restoring_is_offered_where_there_is_something_to_restore(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="With", component_ids=["web"])
    acme.post("/incidents", name="Without")
    acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["web"])
    browser = ada.browser()
    offered = [
        bool(re.search(r'<input checked [^>]*name="restore"', browser.get(f"{path}/{slug}").text))
        for path in ("/user/pages/acme/incidents",)
        for slug in ("with", "without", "upgrade")
    ]
    assert offered == [True, False, False]


def test_the_form_offers_the_words_of_an_incident_with_the_present_one_chosen(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow", status="monitoring")
    assert options(ada, "slow") == (["investigating", "identified", "monitoring", "resolved"], "monitoring")


def test_the_form_offers_the_words_of_a_maintenance_with_the_present_one_chosen(
    acme: Api, ada: Person
) -> None:
    upgrade = acme.post("/incidents", name="Upgrade", scheduled_for="2099-01-15T09:00Z")
    acme.move(upgrade["id"], scheduled_for=-timedelta(minutes=1))
    assert options(ada, "upgrade") == (["scheduled", "in_progress", "verifying", "completed"], "in_progress")


def options(ada: Person, slug: str) -> tuple[list[str], str]:
    page = ada.browser().get(f"/user/pages/acme/incidents/{slug}").text
    [chosen] = re.findall(r'<option selected value="(\w+)"', page)
    return re.findall(r'<option (?:selected )?value="(\w+)"', page), chosen


@pytest.mark.parametrize("status", ["", "completed", "down"])
def test_a_status_that_is_not_offered_is_sent_back(status: str, acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow")
    fields = {"status": status, "body": "Typed."}
    answer = send(ada.browser(), "/user/pages/acme/incidents/slow", fields)
    assert answer.status_code == 422
    assert errors(answer) == {"status": "Not a valid choice."}
    assert len(acme.get("/incidents/slow")["incident_updates"]) == 1


def test_a_resolved_incident_is_reopened(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow", status="resolved")
    fields = {"status": "investigating", "body": "It is back."}
    send(ada.browser(), "/user/pages/acme/incidents/slow", fields)
    assert acme.get("/incidents/slow")["resolved_at"] is None
    assert "Open incidents Slow Investigating It is back." in text(ada.browser().get("/p/acme"))


def test_open_incidents_are_listed_for_their_owner(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow")
    acme.post("/incidents", name="Over", status="resolved")
    page = text(ada.browser().get("/user/pages/acme"))
    assert re.search(r"Open incidents Slow Investigating · (now|\d+ seconds? ago) Update Slow", page)
    assert "Over" not in page


# Planning maintenance


def test_maintenance_is_planned_in_the_page_s_time_zone(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    answer = plan(browser, body="No writes.", component_ids=acme.get("/components/web")["id"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    page = browser.get("/user/pages/acme")
    assert messages(page) == ["“Upgrade” is planned. It starts and ends by itself."]
    assert "Upgrade Scheduled · 15 Jan 2099, 10:00 – 11:00 CET" in text(page)
    made = acme.get("/incidents/upgrade")
    assert made["scheduled_for"] == "2099-01-15T09:00:00.000+00:00"
    assert made["scheduled_until"] == "2099-01-15T10:00:00.000+00:00"
    assert [component["name"] for component in made["components"]] == ["Web"]
    assert told(made) == [("scheduled", "No writes.")]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2099-07-15T10:00", "2099-07-15T11:00", "15 Jul 2099, 10:00 – 11:00 CEST"),
        ("2099-07-15T10:00:30", "2099-07-15 11:00", "15 Jul 2099, 10:00 – 11:00 CEST"),
        (
            "2099-03-29T01:30",
            "2099-03-29T03:30",
            "29 Mar 2099, 01:30 CET – 29 Mar 2099, 03:30 CEST",
        ),
        ("2099-12-31T23:30", "2100-01-01T00:30", "31 Dec 2099, 23:30 CET – 1 Jan 2100, 00:30 CET"),
    ],
    ids=["summer", "seconds", "spring forward", "two years"],
)
def test_a_window_is_read_as_it_is_then_told(
    start: str, end: str, words: str, acme: Api, ada: Person, browser: Browser
) -> None:
    assert plan(ada.browser(), scheduled_for=start, scheduled_until=end).status_code == 303
    assert f"Upgrade Scheduled · {words}" in text(browser.get("/p/acme/incidents/upgrade"))


@pytest.mark.parametrize("time", ["2099-03-29T02:00", "2099-03-29T02:30", "2099-03-29T02:59"])
def test_a_time_that_clocks_skip_is_no_time(time: str, acme: Api, ada: Person) -> None:
    words = f"Clocks go forward that day: there is no {time[-5:]}. Choose another time."
    answer = plan(ada.browser(), scheduled_for=time, scheduled_until="2099-03-29T03:30")
    assert (answer.status_code, errors(answer)) == (422, {"scheduled_for": words})
    answer = plan(ada.browser(), scheduled_for="2099-03-29T01:00", scheduled_until=time)
    assert (answer.status_code, errors(answer)) == (422, {"scheduled_until": words})


def test_a_time_that_clocks_repeat_is_chosen(acme: Api, ada: Person) -> None:
    times = {"scheduled_for": "2099-10-25T02:30", "scheduled_until": "2099-10-25T02:30"}
    answer = plan(ada.browser(), **times)
    assert answer.status_code == 422
    words = "Clocks go back that day: 02:30 comes twice. Choose which you mean."
    assert errors(answer) == dict.fromkeys(times, words)
    assert (
        re.findall(r"<option[^>]*>(The [^<]+)<", answer.text)
        == [
            "The first, 02:30 CEST",
            "The second, 02:30 CET",
        ]
        * 2
    )
    assert plan(ada.browser(), which_start="0", which_end="1", **times).status_code == 303
    made = acme.get("/incidents/upgrade")
    assert made["scheduled_for"] == "2099-10-25T00:30:00.000+00:00"
    assert made["scheduled_until"] == "2099-10-25T01:30:00.000+00:00"


@pytest.mark.parametrize("which", ["", "2", "x", "-1"])
def test_a_choice_that_there_is_not_is_none(which: str, acme: Api, ada: Person) -> None:
    times = {"scheduled_for": "2099-10-25T02:30", "scheduled_until": "2099-10-25T04:00"}
    assert list(errors(plan(ada.browser(), which_start=which, **times))) == ["scheduled_for"]


def test_where_no_time_is_repeated_nothing_is_asked(acme: Api, ada: Person) -> None:
    assert "Which of the two" not in ada.browser().get("/user/pages/acme/new-maintenance").text
    assert plan(ada.browser(), which_start="1", which_end="0").status_code == 303


def test_a_window_that_is_over_already_is_not_planned(acme: Api, ada: Person) -> None:
    answer = plan(ada.browser(), scheduled_for="2020-07-15T10:00", scheduled_until="2020-07-15T11:00")
    assert answer.status_code == 422
    assert errors(answer) == {"scheduled_until": "This time is in the past. Choose a later one."}


def test_the_form_suggests_the_next_full_hour_of_the_page(acme: Api, ada: Person) -> None:
    page = ada.browser().get("/user/pages/acme/new-maintenance")
    found = dict(re.findall(r'name="(scheduled_\w+)"[^>]* value="([^"]+)"', page.text))
    start, end = (
        datetime.fromisoformat(found[name]).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        for name in ("scheduled_for", "scheduled_until")
    )
    assert start.minute == 0
    assert -timedelta(minutes=1) < start - now() <= timedelta(hours=1)
    assert end - start == timedelta(hours=1)
    assert "In Europe/Berlin." in text(page)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, {"name": "Enter a name for this maintenance."}),
        (
            {"scheduled_until": "2099-01-15T09:59"},
            {"scheduled_until": "A maintenance ends after it starts: choose a later time."},
        ),
        ({"scheduled_for": ""}, {"scheduled_for": "Say when it starts."}),
        ({"scheduled_until": ""}, {"scheduled_until": "Say when it ends."}),
        ({"scheduled_for": "tomorrow"}, {"scheduled_for": "Say when it starts."}),
        ({"scheduled_for": "2099-02-30T10:00"}, {"scheduled_for": "Say when it starts."}),
        ({"scheduled_for": "0001-01-01T00:00"}, {"scheduled_for": YEARS}),
        ({"scheduled_until": "9999-12-31T23:59"}, {"scheduled_until": YEARS}),
        ({"body": "x" * 25_001}, {"body": "Use 25,000 characters or fewer. This has 25,001."}),
    ],
    ids=["no name", "backwards", "no start", "no end", "words", "30 February", "year 1", "year 9999", "much"],
)
def test_a_plan_that_does_not_fit_is_sent_back(
    fields: dict[str, str], wrong: dict[str, str], acme: Api, ada: Person
) -> None:
    answer = plan(ada.browser(), **fields)
    assert answer.status_code == 422
    assert errors(answer) == wrong
    for name, value in {"name": "Upgrade", **TIMES, **fields}.items():
        assert f'value="{value}"' in answer.text or name == "body"
    assert acme.all("/incidents") == []


def test_a_plan_for_an_unknown_component_is_sent_back(acme: Api, ada: Person) -> None:
    assert plan(ada.browser(), component_ids="unknown").status_code == 422
    assert acme.all("/incidents") == []


def test_without_the_feature_no_maintenance_is_planned(ben: Person, browser: Browser) -> None:
    ben.create_page()
    answer = plan(ben.browser())
    assert answer.status_code == 403
    assert NO_PLAN in answer.text
    assert "Upgrade" not in browser.get("/p/acme").text


def test_without_the_feature_there_is_no_form_for_it(ben: Person) -> None:
    ben.create_page()
    assert ben.browser().get("/user/pages/acme/new-maintenance").status_code == 403


def test_without_the_feature_no_maintenance_is_opened_again(acme: Api, ada: Person) -> None:
    plan(ada.browser())
    acme.patch("/incidents/upgrade", status="completed")
    ada.set_plan("free")
    fields = {"status": "in_progress", "shown_status": "completed", "body": ""}
    assert send(ada.browser(), "/user/pages/acme/incidents/upgrade", fields).status_code == 403


def test_without_the_feature_what_runs_may_be_completed(acme: Api, ada: Person, browser: Browser) -> None:
    plan(ada.browser())
    acme.patch("/incidents/upgrade", status="in_progress")
    ada.set_plan("free")
    fields = {"status": "completed", "shown_status": "in_progress", "body": ""}
    assert send(ada.browser(), "/user/pages/acme/incidents/upgrade", fields).status_code == 303
    assert "Upgrade Completed" in text(browser.get("/p/acme/incidents/upgrade"))


def test_a_status_left_as_it_was_shown_is_not_said_again(acme: Api, ada: Person) -> None:
    plan(ada.browser())
    made, hour = acme.patch("/incidents/upgrade", status="in_progress"), timedelta(hours=1)
    acme.move(made["id"], scheduled_for=-2 * hour, scheduled_until=-hour, ends_at=-hour)
    fields = {"status": "in_progress", "shown_status": "in_progress", "body": "Nearly done."}
    assert send(ada.browser(), "/user/pages/acme/incidents/upgrade", fields).status_code == 303
    assert acme.get("/incidents/upgrade")["status"] == "completed"


def test_an_update_that_says_nothing_new_is_sent_back(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow")
    fields = {"status": "investigating", "shown_status": "investigating", "body": ""}
    answer = send(ada.browser(), "/user/pages/acme/incidents/slow", fields)
    assert errors(answer) == {"body": "Say what is new, or choose another status."}
    assert len(acme.get("/incidents/slow")["incident_updates"]) == 1


def test_restoring_leaves_what_another_open_incident_is_about(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow", components={"web": "partial_outage", "db": "partial_outage"})
    acme.post("/incidents", name="Full", component_ids=["db"])
    fields = {"status": "resolved", "shown_status": "investigating", "body": "", "restore": "y"}
    send(ada.browser(), "/user/pages/acme/incidents/slow", fields)
    assert statuses(acme) == {"web": "operational", "db": "partial_outage"}


def test_without_the_feature_the_page_says_so(ben: Person) -> None:
    ben.create_page()
    page = text(ben.browser().get("/user/pages/acme"))
    assert "Planning maintenance isn’t included in your plan. See all plans" in page
    assert "Plan maintenance" not in page


def test_a_maintenance_is_begun_and_ended_by_hand(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    plan(browser, component_ids=acme.get("/components/web")["id"])
    for status, web in (("in_progress", "under_maintenance"), ("completed", "operational")):
        fields = {"status": status, "body": ""}
        assert send(browser, "/user/pages/acme/incidents/upgrade", fields).status_code == 303
        assert statuses(acme)["web"] == web
    assert acme.get("/incidents/upgrade")["status"] == "completed"
    assert "None is planned." in browser.get("/user/pages/acme").text


def test_a_maintenance_begun_by_mistake_is_planned_again_and_no_history(
    acme: Api, ada: Person, browser: Browser
) -> None:
    owner = ada.browser()
    plan(owner)
    for status in ("in_progress", "scheduled"):
        send(owner, "/user/pages/acme/incidents/upgrade", {"status": status, "body": ""})
    assert acme.get("/incidents/upgrade")["status"] == "scheduled"
    assert "Upgrade" not in browser.get("/p/acme/history").text


# Deleting


def test_deleting_asks_first(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Slow")
    page = text(ada.browser().get("/user/pages/acme/incidents/slow/delete"))
    assert "Delete “Slow”? Its updates will be deleted with it. This can’t be undone." in page
    assert len(acme.all("/incidents")) == 1


def test_deleting_takes_the_incident_and_leaves_its_components(
    acme: Api, ada: Person, browser: Browser
) -> None:
    owner = ada.browser()
    acme.post("/incidents", name="Slow", components={"web": "major_outage"})
    answer = owner.submit("/user/pages/acme/incidents/slow/delete")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    assert messages(owner.get("/user/pages/acme")) == ["“Slow” was deleted."]
    assert acme.all("/incidents") == []
    assert statuses(acme)["web"] == "major_outage"
    assert "Slow" not in browser.get("/p/acme/history").text


# Finding


@pytest.mark.parametrize("rest", ["", "/delete"])
@pytest.mark.parametrize("key", ["unknown", "SLOW", "%00", "lost"])
def test_an_incident_that_is_not_on_the_page_is_unknown(key: str, rest: str, acme: Api, ada: Person) -> None:
    ada.page_api("Umbrella").post("/incidents", name="Lost")
    path, browser = f"/user/pages/acme/incidents/{key}{rest}", ada.browser()
    answers = [browser.get(path), send(browser, path, {"status": "resolved", "body": ""})]
    assert {answer.status_code for answer in answers} == {404}
    assert all("That incident isn’t on this page." in answer.text for answer in answers)


@pytest.mark.parametrize("name", ["東京", "🙂", "a/b?c#d", "<b>Slow</b>", "unresolved", "W" * 255])
def test_an_incident_of_any_name_can_be_reached(name: str, acme: Api, ada: Person) -> None:
    browser = ada.browser()
    assert report(acme, browser, name=name).status_code == 303
    found = re.search(r'href="(/user/pages/acme/incidents/[a-z0-9-]+)"', browser.get("/user/pages/acme").text)
    assert found
    page = browser.get(found[1])
    assert page.status_code == 200
    assert html.escape(name) in page.text


def test_what_was_typed_is_kept_where_the_plan_was_lowered_meanwhile(ada: Person) -> None:
    browser, api = ada.browser(), ada.page_api()
    incident = api.post("/incidents", name="Upgrade", scheduled_for="2999-01-01T00:00:00Z")
    ada.set_plan("free")
    path = f"/user/pages/acme/incidents/{incident['slug']}"
    answer = browser.submit(path, body="A long <text> that nobody wants to write twice", status="in_progress")
    assert answer.status_code == 403
    assert "A long &lt;text&gt; that nobody wants to write twice</textarea>" in answer.text
