"""The status page that everybody sees, and what stands at the front door."""

import html
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, update
from werkzeug.test import TestResponse

from spk.db import db, now, writing
from spk.models import Component, Incident, StatusPage, User
from spk.models.status_pages.identifier import new_id
from spk.models.status_pages.schedule import NO_END
from spk.web import filters
from tests.people import Api, Json, Person, body
from tests.shared_app import forget_copies
from tests.statements import statements

MARKUP = "<script>alert(1)</script>"


def text(answer: TestResponse | str) -> str:
    """What people read of it, with single spaces."""
    page = answer if isinstance(answer, str) else answer.text
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


def section(answer: TestResponse, title: str) -> str:
    """The words of one part of the page: open or maintenance."""
    found = re.search(
        rf'<section aria-labelledby="{title}-title">(.*?)</section>\s*(?=<section|</div>)',
        answer.text,
        re.DOTALL,
    )
    return text(found[1]) if found else ""


def components(answer: TestResponse) -> list[str]:
    """Each component with its description and its status."""
    listed = re.search(r'<ul class="components.*?</ul>', answer.text, re.DOTALL)
    lines = re.findall(r"<li.*?</span>", listed[0], re.DOTALL) if listed else []
    return [text(line) for line in lines]


def banner(answer: TestResponse) -> str:
    found = re.search(r'<div class="banner \w+" role="status">.*?<p>([^<]+)</p>', answer.text, re.DOTALL)
    assert found
    return found[1]


def days(answer: TestResponse) -> list[str]:
    """The headings of the history."""
    return re.findall(r'<section class="day">\s*<h\d>([^<]+)</h\d>', answer.text)


def day(answer: TestResponse, heading: str) -> str:
    """What the history tells of a day."""
    found = re.search(rf"<h\d>{heading}</h\d>(.*?)</section>", answer.text, re.DOTALL)
    assert found, f"there is no {heading} in {days(answer)}"
    return text(found[1])


def written(day: date) -> str:
    return f"{day:%-d %B %Y}"


def past(acme: Api, name: str, started: datetime) -> Json:
    """An incident that began then and took a minute."""
    incident = acme.post("/incidents", name=name, status="resolved")
    acme.move(incident["id"], started_at=started - now(), ends_at=started - now() + timedelta(minutes=1))
    return incident


def ago(days: int, hour: int = 12, minute: int = 0) -> datetime:
    """A time of day in UTC, so many days ago."""
    return datetime.combine(now().date() - timedelta(days=days), time(hour, minute), UTC)


# The front door


def test_a_new_spk_leads_to_its_setup(client: FlaskClient, app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(delete(User))
    assert client.get("/").headers["Location"] == "/setup"


def test_without_a_page_the_door_says_where_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert re.search(r'<a[^>]* href="/login">Sign in</a>', answer.text)


def test_without_a_page_who_is_signed_in_is_led_to_making_one(ada: Person) -> None:
    answer = ada.browser().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/user/pages")


def test_the_first_page_of_the_first_account_stands_at_the_front_door(
    client: FlaskClient, ada: Person, ben: Person
) -> None:
    ben.create_page("A stranger’s")
    ada.create_page("Oldest")
    ada.create_page("Younger")
    assert '<h1 class="unseen">Oldest</h1>' in client.get("/").text


def test_the_front_door_is_the_same_for_whoever_is_signed_in(ada: Person, ben: Person) -> None:
    ada.create_page("Oldest")
    ben.create_page("Younger")
    assert '<h1 class="unseen">Oldest</h1>' in ben.browser().get("/").text


@pytest.mark.parametrize("path", ["/", "/p/acme", "/p/acme/history"])
def test_of_whoever_has_no_session_a_public_page_asks_nothing(
    path: str, ada: Person, client: FlaskClient
) -> None:
    ada.create_page()
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


def test_the_history_does_not_ask_who_reads_it(ada: Person) -> None:
    ada.create_page()
    answer = ada.browser().get("/p/acme/history")
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/p/acme"])
def test_a_page_with_its_owner_s_bar_is_kept_by_nobody(path: str, acme: Api, ada: Person) -> None:
    answer = ada.browser().get(path)
    assert "Cookie" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_each_page_has_an_address_of_its_own(client: FlaskClient, ada: Person) -> None:
    for name in ("Acme", "Umbrella"):
        ada.create_page(name)
    assert [text(client.get(f"/p/{slug}")).count("Umbrella") > 0 for slug in ("acme", "umbrella")] == [
        False,
        True,
    ]


@pytest.mark.parametrize("slug", ["unknown", "Acme", "acme-", "%00", "acme%20", "ä", "../acme", "a" * 5000])
@pytest.mark.parametrize("rest", ["", "/history", "/incidents/unknown"])
def test_an_address_without_a_page_says_so_in_a_page(
    slug: str, rest: str, client: FlaskClient, ada: Person
) -> None:
    ada.create_page()
    answer = client.get(f"/p/{slug}{rest}")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Go to the front page" in answer.text


# How it is


STATUS_WORDS = [
    ("operational", "All Systems Operational", "Operational"),
    ("degraded_performance", "Partially Degraded Service", "Degraded performance"),
    ("partial_outage", "Partial System Outage", "Partial outage"),
    ("major_outage", "Major Service Outage", "Major outage"),
    ("under_maintenance", "Service Under Maintenance", "Under maintenance"),
]


@pytest.mark.parametrize(("status", "overall", "words"), STATUS_WORDS, ids=[row[0] for row in STATUS_WORDS])
def test_a_component_s_status_is_told_of_it_and_of_everything(
    status: str, overall: str, words: str, acme: Api, client: FlaskClient
) -> None:
    acme.patch("/components/web", status=status)
    page = client.get("/p/acme")
    assert banner(page) == overall
    assert f"<title>{overall} · Acme</title>" in page.text
    assert components(page) == [f"Web {words}", "Db Operational"]


@pytest.mark.parametrize(
    ("impact", "overall"),
    [
        ("none", "Incident in Progress"),
        ("maintenance", "Service Under Maintenance"),
        ("minor", "Partially Degraded Service"),
        ("major", "Partial System Outage"),
        ("critical", "Major Service Outage"),
    ],
)
def test_an_open_incident_s_impact_is_told_of_everything(
    impact: str, overall: str, acme: Api, client: FlaskClient
) -> None:
    acme.post("/incidents", name="Slow", impact_override=impact)
    assert banner(client.get("/p/acme")) == overall


def test_the_worst_of_all_is_told_of_everything(acme: Api, client: FlaskClient) -> None:
    acme.patch("/components/web", status="degraded_performance")
    acme.patch("/components/db", status="partial_outage")
    acme.post("/incidents", name="Slow", impact_override="minor")
    assert banner(client.get("/p/acme")) == "Partial System Outage"


def test_a_page_without_components_says_that_nothing_is_reported(client: FlaskClient, ada: Person) -> None:
    ada.create_page()
    page = client.get("/p/acme")
    assert banner(page) == "Nothing Reported"
    assert "This page has no components yet" in text(page)
    assert "Nothing Reported" in client.get("/p/acme/badge.svg").text
    assert body(client.get("/api/v2/status.json"))["status"]["indicator"] == "none"  # as clients know it
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page.text) == ["The last two weeks"]


def test_components_stand_in_their_order(acme: Api, client: FlaskClient) -> None:
    acme.patch("/components/web", position=9)
    assert components(client.get("/p/acme")) == ["Db Operational", "Web Operational"]


def test_a_component_to_show_only_if_degraded_is_hidden_until_it_is(acme: Api, client: FlaskClient) -> None:
    acme.patch("/components/web", only_show_if_degraded=True)
    assert components(client.get("/p/acme")) == ["Db Operational"]
    acme.patch("/components/web", status="partial_outage")
    assert "Web Partial outage" in components(client.get("/p/acme"))


def test_a_running_maintenance_shows_what_it_would_else_hide(acme: Api, client: FlaskClient) -> None:
    acme.patch("/components/web", only_show_if_degraded=True)
    acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["web"])
    assert "Web Under maintenance" in components(client.get("/p/acme"))


def test_an_open_incident_is_told_with_the_newest_first(acme: Api, client: FlaskClient) -> None:
    incident = acme.post("/incidents", name="Slow", body="We look.", components={"web": "partial_outage"})
    acme.patch(f"/incidents/{incident['id']}", status="identified", body="A full disk.")
    told = section(client.get("/p/acme"), "open")
    assert told.startswith("Open incidents Slow Affects Web Identified A full disk.")
    assert "Investigating We look." in told


def test_the_newest_open_incident_comes_first(acme: Api, client: FlaskClient) -> None:
    for name in ("Older", "Newer"):
        acme.post("/incidents", name=name)
    told = section(client.get("/p/acme"), "open")
    assert told.index("Newer") < told.index("Older")


def test_a_resolved_incident_is_told_in_the_history_only(acme: Api, client: FlaskClient) -> None:
    incident = acme.post("/incidents", name="Slow", body="We look.")
    acme.patch(f"/incidents/{incident['id']}", status="resolved", body="All is well.")
    page = client.get("/p/acme")
    assert section(page, "open") == ""
    told = day(page, written(now().date()))
    assert told.index("Resolved All is well.") < told.index("Investigating We look.")


def test_of_an_open_incident_the_history_says_how_it_stands_and_no_more(
    acme: Api, client: FlaskClient
) -> None:
    acme.post("/incidents", name="Slow", body="We look.")
    assert day(client.get("/p/acme"), written(now().date())) == "Slow Investigating"


# Maintenance


WINDOWS = [
    ("Europe/Berlin", "2099-01-15T09:00Z", "2099-01-15T10:00Z", "15 Jan 2099, 10:00 – 11:00 CET"),
    (
        "Europe/Berlin",
        "2099-01-15T22:30Z",
        "2099-01-15T23:30Z",
        "15 Jan 2099, 23:30 CET – 16 Jan 2099, 00:30 CET",
    ),
    (
        "Europe/Berlin",
        "2099-03-29T00:30Z",
        "2099-03-29T01:30Z",
        "29 Mar 2099, 01:30 CET – 29 Mar 2099, 03:30 CEST",
    ),
    (
        "Europe/Berlin",
        "2099-10-25T00:30Z",
        "2099-10-25T01:30Z",
        "25 Oct 2099, 02:30 CEST – 25 Oct 2099, 02:30 CET",
    ),
    ("Asia/Tokyo", "2099-01-15T23:30Z", "2099-01-16T00:30Z", "16 Jan 2099, 08:30 – 09:30 JST"),
    ("UTC", "2099-12-31T23:00Z", "2100-01-01T01:00Z", "31 Dec 2099, 23:00 UTC – 1 Jan 2100, 01:00 UTC"),
]


@pytest.mark.parametrize(
    ("zone", "start", "end", "words"),
    WINDOWS,
    ids=["one day", "two days", "spring forward", "fall back", "a day ahead", "two years"],
)
def test_a_window_is_told_in_the_page_s_time_zone(
    zone: str, start: str, end: str, words: str, ada: Person, client: FlaskClient
) -> None:
    ada.create_page(time_zone=zone)
    acme = ada.api("/api/v1/pages/acme")
    acme.post("/incidents", name="Upgrade", scheduled_for=start, scheduled_until=end)
    page = client.get("/p/acme")
    assert f"Upgrade {words} " in section(page, "maintenance")
    assert f"Times are in {zone}." in text(page)


def test_maintenance_that_runs_is_told_before_what_is_planned(acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Running", status="in_progress", body="We begin.", component_ids=["web"])
    acme.post("/incidents", name="Planned", scheduled_for="2099-01-15T09:00Z", body="No writes.")
    told = section(client.get("/p/acme"), "maintenance")
    assert told.startswith("Maintenance Running")
    assert told.index("Affects Web") < told.index("In progress We begin.") < told.index("Planned")
    assert "Scheduled No writes." in told


def test_what_is_planned_next_is_told_first(acme: Api, client: FlaskClient) -> None:
    for name, year in (("Second", 2098), ("Third", 2099), ("First", 2097)):
        acme.post("/incidents", name=name, scheduled_for=f"{year}-01-15T09:00Z")
    told = section(client.get("/p/acme"), "maintenance")
    assert told.index("First") < told.index("Second") < told.index("Third")


def test_a_planned_maintenance_changes_nothing_before_it_starts(acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Upgrade", scheduled_for="2099-01-15T09:00Z", component_ids=["web"])
    page = client.get("/p/acme")
    assert banner(page) == "All Systems Operational"
    assert "Web Operational" in components(page)
    assert days(page) == [span(13, 0)]


def test_a_maintenance_starts_and_ends_by_the_clock(acme: Api, client: FlaskClient) -> None:
    upgrade = acme.post(
        "/incidents", name="Upgrade", scheduled_for="2099-01-15T09:00Z", component_ids=["web"]
    )
    hour = timedelta(hours=1)
    acme.move(upgrade["id"], scheduled_for=-hour, started_at=-hour, scheduled_until=hour, ends_at=hour)
    page = client.get("/p/acme")
    assert banner(page) == "Service Under Maintenance"
    assert "Web Under maintenance" in components(page)
    acme.move(upgrade["id"], scheduled_until=-hour / 2, ends_at=-hour / 2)
    page = client.get("/p/acme")
    assert banner(page) == "All Systems Operational"
    assert "Web Operational" in components(page)
    assert section(page, "maintenance") == ""


# The last two weeks


def span(first: int, last: int) -> str:
    """How days in a row are written, each given as days ago."""
    today = now().date()
    return filters.days(today - timedelta(days=first), today - timedelta(days=last))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-11-11", "2026-11-11", "11 November 2026"),
        ("2026-11-02", "2026-11-11", "2 – 11 November 2026"),
        ("2026-10-30", "2026-11-11", "30 October – 11 November 2026"),
    ],
    ids=["one day", "one month", "two months"],
)
def test_days_in_a_row_are_written_short(first: str, last: str, words: str) -> None:
    assert filters.days(date.fromisoformat(first), date.fromisoformat(last)) == words


def test_days_on_which_nothing_happened_stand_together(acme: Api, client: FlaskClient) -> None:
    past(acme, "Slow", ago(5))
    past(acme, "Down", ago(8))
    past(acme, "Down again", ago(8, hour=13))
    page = client.get("/p/acme")
    assert days(page) == [span(4, 0), span(5, 5), span(7, 6), span(8, 8), span(13, 9)]
    assert day(page, span(4, 0)) == "No incidents reported."


def test_of_a_day_the_latest_incident_comes_first(acme: Api, client: FlaskClient) -> None:
    past(acme, "Evening", ago(5, hour=20))
    past(acme, "Morning", ago(5, hour=8))
    told = day(client.get("/p/acme"), span(5, 5))
    assert told.index("Evening") < told.index("Morning")


@pytest.mark.parametrize(
    ("zone", "hour", "minute", "days_ago"),
    [
        ("UTC", 23, 30, 5),
        ("Asia/Tokyo", 23, 30, 4),
        ("Asia/Tokyo", 14, 59, 5),
        ("America/Los_Angeles", 3, 0, 6),
        ("America/Los_Angeles", 12, 0, 5),
    ],
)
@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/history"])
def test_an_incident_is_on_the_day_that_the_page_s_time_zone_has(
    path: str, zone: str, hour: int, minute: int, days_ago: int, ada: Person, client: FlaskClient
) -> None:
    ada.create_page(time_zone=zone)
    past(ada.api("/api/v1/pages/acme"), "Slow", ago(5, hour, minute))
    assert "Slow" in day(client.get(path), span(days_ago, days_ago))


def test_the_history_ends_after_fourteen_days_and_goes_on_elsewhere(acme: Api, client: FlaskClient) -> None:
    past(acme, "Recent", ago(13))
    past(acme, "Long ago", ago(15))
    page, whole = client.get("/p/acme"), client.get("/p/acme/history")
    assert "Recent" in page.text
    assert "Long ago" not in page.text
    assert 'href="/p/acme/history">All history</a>' in page.text
    assert [name in whole.text for name in ("Recent", "Long ago")] == [True, True]


def test_past_maintenance_is_in_the_history(acme: Api, client: FlaskClient) -> None:
    upgrade = acme.post("/incidents", name="Upgrade", status="in_progress")
    acme.patch(f"/incidents/{upgrade['id']}", status="completed", body="It is done.")
    page = client.get("/p/acme")
    assert section(page, "maintenance") == ""
    assert "Completed It is done." in day(page, written(now().date()))


# The last ninety days of a component


CELL = r'(<[ib]>|<a class="(\w+)")'


def bars(answer: TestResponse) -> list[tuple[str, dict[str, int]]]:
    """Of each component the words for its days, and how many days there are of each level."""
    found = re.findall(r'<div class="bars"[^>]*aria-label="([^"]+)">(.*?)</div>', answer.text, re.DOTALL)
    cells = {"<i>": "unknown", "<b>": "none"}
    return [
        (words, Counter(cells.get(cell, level) for cell, level in re.findall(CELL, days)))
        for words, days in found
    ]


def born(app: Flask, days_ago: int) -> None:
    """Let all components be so many days old, with the status that they have."""
    with app.app_context(), writing():
        since = now() - timedelta(days=days_ago)
        db.session.execute(update(Component).values(created_at=since, status_since=since))


def test_days_before_there_was_a_component_are_no_good_ones(acme: Api, client: FlaskClient) -> None:
    words, days = bars(client.get("/p/acme"))[0]
    assert words == "Web was operational on 1 of the last 1 day"
    assert days == {"unknown": 89, "none": 1}


def test_each_day_shows_the_worst_that_was(acme: Api, client: FlaskClient, app: Flask) -> None:
    acme.patch("/components/web", status="partial_outage")
    born(app, 3)
    acme.patch("/components/web", status="degraded_performance")
    web, db = bars(client.get("/p/acme"))
    assert web == ("Web was operational on 0 of the last 4 days", {"unknown": 86, "major": 4})
    assert db == ("Db was operational on 4 of the last 4 days", {"unknown": 86, "none": 4})


def test_there_are_ninety_days_and_no_more(acme: Api, client: FlaskClient, app: Flask) -> None:
    acme.patch("/components/web", status="major_outage")
    born(app, 400)
    web, db = bars(client.get("/p/acme"))
    assert web == ("Web was operational on 0 of the last 90 days", {"critical": 90})
    assert db == ("Db was operational on 90 of the last 90 days", {"none": 90})


# What others wrote


def test_what_others_wrote_is_text_and_never_markup(ada: Person, client: FlaskClient) -> None:
    slug = ada.create_page(f"Page {MARKUP}", description=f"About {MARKUP}")
    acme = ada.api(f"/api/v1/pages/{slug}")
    web = acme.post("/components", name=f"Part {MARKUP}", description=f"Of {MARKUP}")
    for name, more in (("open", {}), ("over", {"status": "resolved"}), ("planned", {"status": "scheduled"})):
        fields = {"name": f"{name} {MARKUP}", "body": f"{name} told {MARKUP}", "component_ids": [web["id"]]}
        incident = acme.post("/incidents", **fields, **more)
        page = client.get(f"/p/{slug}/incidents/{incident['id']}")
        assert MARKUP not in page.text
        assert f"{name} told {MARKUP}" in text_of_markup(page)
    for path in (f"/p/{slug}", f"/p/{slug}/history"):
        page = client.get(path)
        assert page.status_code == 200
        assert MARKUP not in page.text
        assert f"over {MARKUP}" in text_of_markup(page)
    words = text_of_markup(client.get(f"/p/{slug}"))
    for told in ("Page", "About", "Part", "Of", "open", "open told", "over told", "planned", "planned told"):
        assert f"{told} {MARKUP}" in words


def text_of_markup(answer: TestResponse) -> str:
    return html.unescape(answer.text)


def test_line_breaks_are_kept(ada: Person, client: FlaskClient) -> None:
    ada.create_page(description="One.\nTwo.")
    acme = ada.api("/api/v1/pages/acme")
    acme.post("/components", name="Web", description="Three.\nFour.")
    acme.post("/incidents", name="Slow", body="Five.\n\nSix.")
    page = client.get("/p/acme").text
    for words in ("One.\nTwo.", "Three.\nFour."):
        assert re.search(rf'<p class="[^"]*\bbody\b[^>]*>{words}</p>', page), words
    assert '<strong>Investigating</strong> <p dir="auto">Five.</p>\n<p dir="auto">Six.</p>' in page


def test_nobody_reads_who_keeps_the_page_or_what_scripts_noted(acme: Api, client: FlaskClient) -> None:
    incident = acme.post("/incidents", name="Slow", metadata={"ticket": "SECRET-1"})
    for path in ("/p/acme", f"/p/acme/incidents/{incident['id']}", "/p/acme/history", "/p/acme/history.atom"):
        page = client.get(path)
        assert page.status_code == 200
        assert "ada@example.com" not in page.text
        assert "SECRET-1" not in page.text


# How it is renewed, and how it bears up


@pytest.mark.parametrize("path", ["/", "/p/acme"])
def test_htmx_gets_the_part_that_is_renewed(path: str, acme: Api, client: FlaskClient) -> None:
    fragment = client.get(path, headers={"HX-Request": "true"}).text.strip()
    assert re.match(r'<title>[^<]+</title><div id="status">', fragment)
    assert fragment.endswith("</div>")
    assert "<html" not in fragment
    assert "HX-Request" in client.get(path).headers["Vary"]
    whole = client.get(path).text
    for part in fragment.partition("</title>"):
        assert part in whole


def test_whoever_keeps_a_page_asks_each_time_whether_it_is_the_same(acme: Api, client: FlaskClient) -> None:
    assert client.get("/p/acme").headers["Cache-Control"] == "public, no-cache"


def add_incidents(app: Flask, first: int, last: int) -> None:
    """Incidents of every kind, spread over a hundred days."""
    with app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page
        db.session.execute(insert(Incident), [a_row(page, number) for number in range(first, last)])
    forget_copies(app)


def a_row(page: StatusPage, number: int) -> Json:
    started, later = now() - timedelta(days=number % 100, minutes=1), now() + timedelta(days=1)
    kinds: list[Json] = [
        {"status": "investigating", "scheduled_for": None, "scheduled_until": None, "ends_at": NO_END},
        {"status": "resolved", "scheduled_for": None, "scheduled_until": None, "ends_at": started},
        {"status": "in_progress", "scheduled_for": started, "scheduled_until": later, "ends_at": later},
        {"status": "scheduled", "scheduled_for": later, "scheduled_until": later, "ends_at": later},
    ]
    kind = kinds[number % 4]
    return kind | {
        "id": new_id(),
        "page_id": page.id,
        "name": f"Incident {number}",
        "slug": f"incident-{number}",
        "worst_impact": "minor",
        "details": {},
        "created_at": started,
        "updated_at": started,
        "started_at": kind["scheduled_for"] or started,
    }


@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/history", "/p/acme/history.atom"])
def test_a_hundred_times_more_incidents_take_no_more_queries(path: str, ada: Person, app: Flask) -> None:
    ada.create_page()
    add_incidents(app, 0, 10)
    with statements() as few:
        assert app.test_client().get(path).status_code == 200
    add_incidents(app, 10, 990)
    with statements() as many:
        assert app.test_client().get(path).status_code == 200
    assert few
    assert len(many) == len(few)


def test_more_components_take_no_more_queries(acme: Api, client: FlaskClient) -> None:
    with statements() as few:
        client.get("/p/acme")
    for number in range(20):
        acme.post("/components", name=f"Part {number}", status="partial_outage")
        acme.patch(f"/components/part-{number}", status="degraded_performance")
    with statements() as many:
        assert "Part 19" in client.get("/p/acme").text
    assert few
    assert len(many) == len(few)


def test_no_day_is_called_quiet_because_the_days_after_it_were_not(
    ada: Person, app: Flask, client: FlaskClient
) -> None:
    ada.create_page()
    with app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page
        rows = [a_row(page, number) for number in (*range(0, 10_100, 100), 4)]  # all today, and one before
        db.session.execute(insert(Incident), rows)
    answer = client.get("/p/acme")
    assert len(days(answer)) == 1
    assert "No incidents reported." not in answer.text


# One incident


def test_an_open_incident_has_a_page(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow", body="We look.", components={"web": "partial_outage"})
    page = client.get(f"/p/acme/incidents/{made['id']}")
    assert "<title>Slow · Acme</title>" in page.text
    assert re.search(
        r"Slow Investigating · started \d+ \w+ \d{4}, \d\d:\d\d UTC Affects Web Investigating We look.",
        text(page),
    )
    assert ", resolved " not in page.text


def test_a_resolved_incident_says_since_when(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow", body="We look.")
    acme.patch(f"/incidents/{made['id']}", status="resolved", body="All is well.")
    acme.move(made["id"], started_at=ago(5, 9) - now(), ends_at=ago(5, 10, 30) - now())
    told = text(client.get(f"/p/acme/incidents/{made['id']}"))
    when = f"{ago(5):%-d %b %Y}"
    assert f"Resolved · started {when}, 09:00 UTC , resolved {when}, 10:30 UTC" in told
    assert told.index("Resolved All is well.") < told.index("Investigating We look.")


def test_a_maintenance_says_its_window(acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Upgrade", scheduled_for="2099-01-15T09:00Z", duration_minutes=90)
    told = text(client.get("/p/acme/incidents/upgrade"))
    assert "Upgrade Scheduled · 15 Jan 2099, 09:00 – 10:30 UTC" in told


def test_a_maintenance_that_ran_out_is_completed(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Upgrade", scheduled_for="2099-01-15T09:00Z")
    acme.move(made["id"], scheduled_for=-timedelta(hours=2), ends_at=-timedelta(hours=1))
    assert "Upgrade Completed ·" in text(client.get("/p/acme/incidents/upgrade"))


@pytest.mark.parametrize("key", ["id", "slug"])
def test_an_incident_of_another_page_is_as_unknown_as_none(
    key: str, acme: Api, client: FlaskClient, ada: Person
) -> None:
    made = acme.post("/incidents", name="Slow")
    ada.create_page("Umbrella")
    assert client.get(f"/p/acme/incidents/{made[key]}").status_code == 200
    answer = client.get(f"/p/umbrella/incidents/{made[key]}")
    assert answer.status_code == 404
    assert "There is no such incident on this page." in answer.text


def test_a_deleted_incident_is_gone(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow")
    acme.delete(f"/incidents/{made['id']}", 200)
    assert client.get(f"/p/acme/incidents/{made['id']}").status_code == 404
    assert "Slow" not in client.get("/p/acme").text


# All history


def test_a_history_without_anything_says_so(client: FlaskClient, ada: Person) -> None:
    ada.create_page()
    page = client.get("/p/acme/history")
    assert "Nothing has happened yet." in page.text
    assert pager(page) == []


def pager(answer: TestResponse) -> list[tuple[str, str]]:
    return re.findall(r'<a class="button" href="([^"]+)">(Newer|Older)</a>', answer.text)


def test_the_history_is_told_in_pages(ada: Person, app: Flask, client: FlaskClient) -> None:
    ada.create_page()
    add_incidents(app, 0, 160)  # 40 of which have not begun
    first, second, third = (client.get(f"/p/acme/history?page={number}") for number in (1, 2, 3))
    assert pager(first) == [("/p/acme/history?page=2", "Older")]
    assert pager(second) == [("/p/acme/history?page=1", "Newer"), ("/p/acme/history?page=3", "Older")]
    assert pager(third) == [("/p/acme/history?page=2", "Newer")]
    names = [re.findall(r">Incident (\d+)<", page.text) for page in (first, second, third)]
    assert [len(each) for each in names] == [50, 50, 20]
    assert len({name for each in names for name in each}) == 120


def test_past_the_end_of_the_history_there_is_a_way_back(acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Slow")
    page = client.get("/p/acme/history?page=2")
    assert "Nothing happened before that." in page.text
    assert pager(page) == [("/p/acme/history?page=1", "Newer")]


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "1.5", "1e3", "%00", "1&page=2", "9" * 5000])
def test_a_page_of_the_history_that_is_no_number_is_the_first(
    number: str, acme: Api, client: FlaskClient
) -> None:
    acme.post("/incidents", name="Slow")
    answer = client.get(f"/p/acme/history?page={number}")
    assert answer.status_code == 200
    assert "Slow" in answer.text


@pytest.mark.parametrize("number", ["999999999999", "9" * 20])
def test_a_page_of_the_history_far_past_the_end_is_empty(number: str, acme: Api, client: FlaskClient) -> None:
    answer = client.get(f"/p/acme/history?page={number}")
    assert answer.status_code == 404
    assert "Nothing happened before that." in answer.text


def test_what_is_planned_is_no_history(acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Upgrade", scheduled_for="2099-01-15T09:00Z")
    assert "Upgrade" not in client.get("/p/acme/history").text


def test_all_is_never_well_beside_an_open_incident(acme: Api, ada: Person, client: FlaskClient) -> None:
    for number in range(6):
        acme.post("/incidents", name=f"Slow {number}")
    for page in (
        client.get("/p/acme"),
        client.get("/p/acme/badge.svg"),
        ada.browser().get("/user/pages/acme"),
    ):
        assert "All Systems Operational" not in page.text
        assert "Incident in Progress" in page.text
    assert banner(client.get("/p/acme")) == "Incident in Progress"
    assert client.get("/p/acme").text.count('class="icon open"') == 1 + 6 + 6  # banner, cards, history
    acme.post("/components", name="Api", status="partial_outage")
    assert banner(client.get("/p/acme")) == "Partial System Outage"


def test_all_is_well_again_once_the_last_is_resolved(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow")
    acme.patch(f"/incidents/{made['id']}", status="resolved")
    assert banner(client.get("/p/acme")) == "All Systems Operational"


@pytest.mark.parametrize("path", ["/", "/p/acme"])
def test_its_owner_is_led_to_manage_the_page(acme: Api, ada: Person, path: str) -> None:
    page = ada.browser().get(path).text
    bar = text(page.partition('<nav class="owner"')[2].partition("</nav>")[0])
    assert bar.endswith("This page is yours. Manage Open an incident")
    assert 'href="/user/pages/acme/new-incident"' in page


@pytest.mark.parametrize("path", ["/", "/p/acme"])
def test_nobody_else_is(acme: Api, eve: Person, client: FlaskClient, path: str) -> None:
    assert 'class="owner"' not in client.get(path).text
    assert 'class="owner"' not in eve.browser().get(path).text


def test_a_page_that_refreshes_itself_keeps_no_session_alive(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    with statements() as asked:
        browser.get("/p/acme", htmx=True)
    assert [each for each in asked if "browser_sessions" in each] == []


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "Lasted less than a minute"),
        (timedelta(minutes=1), "Lasted 1 minute"),
        (timedelta(hours=1, minutes=5, seconds=59), "Lasted 1 hour and 5 minutes"),
        (timedelta(days=2, hours=3), "Lasted 2 days and 3 hours"),
    ],
)
@pytest.mark.parametrize("path", ["/p/acme", "/p/acme/history"])
def test_the_history_tells_how_long_it_lasted_and_what_was_affected(
    acme: Api, client: FlaskClient, path: str, length: timedelta, words: str
) -> None:
    made = acme.post("/incidents", name="Slow", status="resolved", component_ids=["web"])
    began = -timedelta(days=3)
    acme.move(made["id"], started_at=began, ends_at=began + length)
    told = text(client.get(path).text.partition('<article class="past')[2])
    assert "Affects Web" in told
    assert words in told


def test_no_incident_in_the_history_is_green(acme: Api, client: FlaskClient) -> None:
    past(acme, "Slow", ago(5))
    assert '<article class="past open">' in client.get("/p/acme/history").text
    assert '<svg class="icon open"' in client.get("/p/acme/history").text


def test_the_ways_to_subscribe_are_addresses_to_copy(acme: Api, client: FlaskClient) -> None:
    page = html.unescape(client.get("/p/acme/subscribe").text)
    base = "http://127.0.0.1:8000/p/acme"
    for words in (
        f"{base}/history.atom</code>",
        f"{base}/history.rss</code>",
        f"/feed subscribe {base}/history.atom</code>",
        f"{base}/api/v2/summary.json</code>",
        f'<a href="{base}"><img src="{base}/badge.svg" alt="Status of Acme"></a></code>',
    ):
        assert words in page
    assert 'href="/p/acme/subscribe">Subscribe</a>' in client.get("/p/acme").text


def test_a_name_full_of_markup_stays_text_in_what_is_copied(ada: Person, client: FlaskClient) -> None:
    slug = ada.create_page(f'Page "{MARKUP}')
    page = client.get(f"/p/{slug}/subscribe").text
    assert MARKUP not in page
    assert "alt=&#34;Status of Page &amp;#34;&amp;lt;script" in page
