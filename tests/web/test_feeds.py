"""What other programs show of a page: RSS, Atom, and a badge."""

import html
import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from spk import create_app
from spk.db import db, now, writing
from spk.models import Incident, StatusPage
from tests.people import Api, Person
from tests.shared_app import forget_copies

ATOM = "{http://www.w3.org/2005/Atom}"
SVG = "{http://www.w3.org/2000/svg}"
SMUGGLED = "a ]]> & <script>alert(\"1\")</script> 'b'"
NAMES = ("history.rss", "history.atom", "badge.svg")
PLACES = [f"{root}/{name}" for root in ("", "/p/acme") for name in NAMES]
every_place = pytest.mark.parametrize("path", PLACES)


def parsed(answer: TestResponse) -> ET.Element:
    assert answer.status_code == 200
    return ET.fromstring(answer.data)


def told(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    assert found is not None, f"there is no {path}"
    return found


def items(feed: ET.Element) -> list[tuple[str, str, str, str]]:
    """Title, link, id and words of each item of a feed of either kind."""
    if feed.tag == "rss":
        return [
            (told(item, "title"), told(item, "link"), told(item, "guid"), told(item, "description"))
            for item in feed.iter("item")
        ]
    return [
        (
            told(entry, f"{ATOM}title"),
            entry.find(f"{ATOM}link").attrib["href"],  # type: ignore[union-attr]  # each entry has one
            told(entry, f"{ATOM}id"),
            told(entry, f"{ATOM}summary"),
        )
        for entry in feed.iter(f"{ATOM}entry")
    ]


feeds = pytest.mark.parametrize(
    "path", [path for path in PLACES if "history" in path], ids=lambda path: path.lstrip("/")
)


# Feeds


@feeds
def test_a_feed_names_its_page_and_links_to_it(path: str, ada: Person, client: FlaskClient) -> None:
    ada.create_page("Acme", description="How Acme is doing.")
    feed = parsed(client.get(path))
    kind, home = path.rpartition(".")[2], "http://127.0.0.1:8000/p/acme"
    if kind == "rss":
        links = [feed.find("channel/link")]
        assert told(feed, "channel/title") == "Acme"
        assert told(feed, "channel/description") == "How Acme is doing."
        assert [link.text for link in links if link is not None] == [home]
        atom_links = feed.findall(f"channel/{ATOM}link")
    else:
        assert told(feed, f"{ATOM}title") == "Acme"
        assert told(feed, f"{ATOM}subtitle") == "How Acme is doing."
        atom_links = feed.findall(f"{ATOM}link")
        assert [link.attrib["href"] for link in atom_links if link.attrib["rel"] == "alternate"] == [home]
    itself = [link.attrib["href"] for link in atom_links if link.attrib["rel"] == "self"]
    assert itself == [f"{home}/history.{kind}"]


@feeds
def test_a_feed_without_incidents_is_a_feed(path: str, ada: Person, client: FlaskClient) -> None:
    ada.create_page()
    assert items(parsed(client.get(path))) == []


@feeds
def test_a_feed_tells_each_incident_with_its_updates(path: str, acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow", body="We look.")
    acme.patch(f"/incidents/{made['id']}", status="resolved", body="All\nis *well*.")
    [(title, link, identifier, words)] = items(parsed(client.get(path)))
    address = f"http://127.0.0.1:8000/p/acme/incidents/{made['id']}"
    assert (title, link, identifier) == ("Slow", address, f"urn:spk:{made['id']}")
    when = r"<small>\d+ \w+ \d{4}, \d\d:\d\d UTC</small><br>"
    assert re.fullmatch(
        rf'<p>{when}<strong>Resolved</strong></p>\n<p dir="auto">All<br>\nis <em>well</em>\.</p>\n\n'
        rf'<p>{when}<strong>Investigating</strong></p>\n<p dir="auto">We look\.</p>\n',
        words,
    )


@feeds
def test_a_feed_has_the_newest_first(path: str, acme: Api, client: FlaskClient) -> None:
    for name in ("First", "Second", "Third"):
        acme.post("/incidents", name=name)
    assert [item[0] for item in items(parsed(client.get(path)))] == ["Third", "Second", "First"]


@feeds
def test_a_feed_has_the_25_with_the_last_news(path: str, acme: Api, client: FlaskClient) -> None:
    old = acme.post("/incidents", name="Old outage")["id"]
    for number in range(26):
        acme.post("/incidents", name=f"Deploy {number}", status="resolved")
    acme.patch(f"/incidents/{old}", status="resolved")
    titles = [item[0] for item in items(parsed(client.get(path)))]
    assert (len(titles), titles[0], titles[-1]) == (25, "Old outage", "Deploy 2")


@feeds
def test_a_feed_always_has_what_is_open(path: str, acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Old outage")
    for number in range(26):
        acme.post("/incidents", name=f"Deploy {number}", status="resolved")
    titles = [item[0] for item in items(parsed(client.get(path)))]
    assert (len(titles), titles[-1]) == (26, "Old outage")


@feeds
def test_what_the_clock_begins_and_ends_is_news(path: str, acme: Api, client: FlaskClient) -> None:
    fields = {"scheduled_for": "2099-01-15T23:30Z", "duration_minutes": 60}
    window = acme.post("/incidents", name="Upgrade", **fields)["id"]
    for number in range(26):
        acme.post("/incidents", name=f"Deploy {number}", status="resolved")
    before = client.get(path).headers["ETag"]
    over = -timedelta(seconds=1)
    acme.move(window, scheduled_for=over * 2, started_at=over * 2, scheduled_until=over, ends_at=over)
    acme.move(window, updated_at=-timedelta(days=9))
    with acme.client.application.app_context(), writing():
        deploys = Incident.name.startswith("Deploy")
        db.session.execute(
            update(Incident)
            .where(deploys)
            .values(dict.fromkeys(("updated_at", "ends_at"), now() - timedelta(hours=1)))
        )
    forget_copies(acme.client.application)
    answer = client.get(path)
    assert items(parsed(answer))[0][0] == "Upgrade"
    assert answer.headers["ETag"] != before


def test_atom_is_what_rfc_4287_asks_for(acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Slow")
    page = acme.get()
    feed = parsed(client.get("/p/acme/history.atom"))
    assert told(feed, f"{ATOM}author/{ATOM}name") == "Acme"
    assert told(feed, f"{ATOM}id") == f"urn:spk:{page['id']}"
    acme.patch("", slug="umbrella")
    assert told(parsed(client.get("/p/umbrella/history.atom")), f"{ATOM}id") == f"urn:spk:{page['id']}"


@feeds
def test_a_feed_announces_maintenance_with_its_window(path: str, ada: Person, client: FlaskClient) -> None:
    ada.create_page(time_zone="Asia/Tokyo")
    fields = {"scheduled_for": "2099-01-15T23:30Z", "duration_minutes": 60, "body": "No writes."}
    ada.api("/api/v1/pages/acme").post("/incidents", name="Upgrade", **fields)
    [(title, _, _, words)] = items(parsed(client.get(path)))
    assert title == "Upgrade"
    assert words.startswith("<p>Scheduled for 16 Jan 2099, 08:30 – 09:30 JST</p>\n<p>")
    assert '<strong>Scheduled</strong></p>\n<p dir="auto">No writes.</p>' in words


@feeds
def test_a_feed_carries_what_others_wrote_as_text(path: str, ada: Person, client: FlaskClient) -> None:
    slug = ada.create_page(f"Page {SMUGGLED}", description=f"About {SMUGGLED}", slug="acme")
    ada.api(f"/api/v1/pages/{slug}").post("/incidents", name=f"Slow {SMUGGLED}", body=f"Told {SMUGGLED}")
    answer = client.get(path)
    feed = parsed(answer)
    [(title, _, _, words)] = items(feed)
    assert title == f"Slow {SMUGGLED}"
    assert "<script" not in words  # a reader shows these words as HTML
    assert f"Told {SMUGGLED}" in html.unescape(words)
    assert {f"Page {SMUGGLED}", f"About {SMUGGLED}"} <= {each.text for each in feed.iter()}
    assert "<script" not in answer.text


@pytest.mark.parametrize("body", ["\t", "emoji 👩‍👩‍👧", "עברית", "\ufeff", "\u2028", "\U0001f6a7", "a\u0301"])
@pytest.mark.parametrize("path", ["/history.rss", "/history.atom"])
def test_a_feed_carries_whatever_may_be_written(path: str, body: str, acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Slow", body=f"x{body}y")
    assert len(items(parsed(client.get(path)))) == 1


def test_times_in_an_rss_feed_are_those_of_the_incident(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow")
    acme.move(made["id"], created_at=-timedelta(days=3))
    moved = acme.get(f"/incidents/{made['id']}")["created_at"]
    published = parsedate_to_datetime(told(parsed(client.get("/history.rss")), "channel/item/pubDate"))
    assert published.isoformat() == re.sub(r"\.\d+", "", moved)


def test_times_in_an_atom_feed_are_those_of_the_incident_and_its_last_update(
    acme: Api, client: FlaskClient
) -> None:
    made = acme.post("/incidents", name="Slow")
    acme.move(made["id"], created_at=-timedelta(days=3), updated_at=-timedelta(days=1))
    moved = acme.get(f"/incidents/{made['id']}")
    entry = parsed(client.get("/history.atom")).find(f"{ATOM}entry")
    assert entry is not None
    times = [told(entry, f"{ATOM}{name}") for name in ("published", "updated")]
    assert [datetime.fromisoformat(time).replace(microsecond=0) for time in times] == [
        datetime.fromisoformat(moved[name]).replace(microsecond=0) for name in ("created_at", "updated_at")
    ]


@feeds
def test_a_feed_without_incidents_is_as_old_as_its_page(
    path: str, ada: Person, app: Flask, client: FlaskClient
) -> None:
    """Else its ETag would change with each request, and it would be sent whole each time."""
    ada.create_page()
    long_ago = now() - timedelta(days=9)
    with app.app_context(), writing():
        db.session.execute(update(StatusPage).values(created_at=long_ago, updated_at=long_ago))
    feed = parsed(client.get(path))
    if feed.tag == "rss":
        updated = parsedate_to_datetime(told(feed, "channel/lastBuildDate"))
    else:
        updated = datetime.fromisoformat(told(feed, f"{ATOM}updated"))
    assert updated.replace(microsecond=0) == long_ago.replace(microsecond=0)


@feeds
def test_a_feed_links_to_where_spk_is_reached(path: str, ada: Person, environ: dict[str, str]) -> None:
    ada.create_page()
    ada.api("/api/v1/pages/acme").post("/incidents", name="Slow")
    app = create_app({**environ, "SPK_BASE_URL": "https://status.example.com"})
    answer = app.test_client().get(path, base_url="http://127.0.0.1:8000")  # as a proxy asks
    assert "http://127.0.0.1" not in answer.text
    assert items(parsed(answer))[0][1].startswith("https://status.example.com/p/acme/incidents/")


def test_the_page_says_where_its_feeds_are(ada: Person, client: FlaskClient) -> None:
    ada.create_page()
    found = re.findall(
        r'<link rel="alternate" type="([^"]+)" title="Acme" href="([^"]+)">', client.get("/p/acme").text
    )
    assert {kind: client.get(path).mimetype for kind, path in found} == {
        "application/atom+xml": "application/atom+xml",
        "application/rss+xml": "application/rss+xml",
    }


# The badge


INDICATORS = {
    "none": "Incident in Progress",
    "maintenance": "Service Under Maintenance",
    "minor": "Partially Degraded Service",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}


@pytest.mark.parametrize("path", ["/badge.svg", "/p/acme/badge.svg"])
@pytest.mark.parametrize(("impact", "words"), INDICATORS.items(), ids=INDICATORS)
def test_the_badge_says_how_it_is(path: str, impact: str, words: str, acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Slow", impact_override=impact)
    badge = parsed(client.get(path))
    assert badge.tag == f"{SVG}svg"
    assert (badge.attrib["role"], badge.attrib["aria-label"]) == ("img", f"Acme: {words}")
    assert told(badge, f"{SVG}title") == f"Acme: {words}"
    assert told(badge, f"{SVG}text") == words


def test_the_badge_has_a_colour_for_each_state(acme: Api, client: FlaskClient) -> None:
    colours = set()
    for impact in INDICATORS:
        made = acme.post("/incidents", name="Slow", impact_override=impact)
        box = parsed(client.get("/badge.svg")).find(f"{SVG}rect")
        assert box is not None
        colours.add(box.attrib["fill"])
        acme.delete(f"/incidents/{made['id']}", 200)
    assert len(colours) == len(INDICATORS)


def test_a_badge_carries_a_name_full_of_markup_as_text(ada: Person, client: FlaskClient) -> None:
    name = f"Page {SMUGGLED}"
    slug = ada.create_page(name)
    answer = client.get(f"/p/{slug}/badge.svg")
    assert parsed(answer).attrib["aria-label"] == f"{name}: Nothing Reported"
    assert "<script" not in answer.text


# How they are given


CONTENT_TYPES = {
    "history.rss": "application/rss+xml; charset=utf-8",
    "history.atom": "application/atom+xml; charset=utf-8",
    "badge.svg": "image/svg+xml; charset=utf-8",
}


@every_place
def test_each_has_its_content_type(path: str, acme: Api, client: FlaskClient) -> None:
    assert client.get(path).headers["Content-Type"] == CONTENT_TYPES[path.rpartition("/")[2]]


@every_place
def test_other_sites_may_show_it_and_keep_it_for_a_moment(path: str, acme: Api, client: FlaskClient) -> None:
    headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Cache-Control"] == "public, max-age=15"
    assert "Set-Cookie" not in headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@every_place
def test_what_has_not_changed_is_not_sent_again(path: str, acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow", impact_override="minor")
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    acme.patch(f"/incidents/{made['id']}", impact_override="critical", body="It is worse.")
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


@every_place
def test_a_head_gets_the_headers_and_no_more(path: str, acme: Api, client: FlaskClient) -> None:
    acme.post("/incidents", name="Slow")
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


@every_place
def test_without_a_page_there_is_nothing(path: str, client: FlaskClient) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize("name", NAMES)
def test_the_default_is_the_page_at_the_front_door(name: str, ada: Person, client: FlaskClient) -> None:
    slug = ada.create_page("Oldest")
    ada.api(f"/api/v1/pages/{slug}").post("/incidents", name="Slow")
    ada.create_page("Younger")
    assert client.get(f"/{name}").data == client.get(f"/p/oldest/{name}").data


# The icon of a tab


def test_the_icon_of_the_tab_shows_the_state(acme: Api, client: FlaskClient) -> None:
    pictures = set()
    for impact in INDICATORS:
        made = acme.post("/incidents", name="Slow", impact_override=impact)
        page = client.get("/p/acme").text
        address = re.findall(r'<link rel="icon" href="([^"]+)"', page)
        pictures.add(client.get(address[0]).text)
        acme.delete(f"/incidents/{made['id']}", 200)
    assert len(pictures) == len(INDICATORS)
    assert all(element.tag.startswith(SVG) for element in ET.fromstring(pictures.pop()).iter())


def test_a_link_to_the_page_tells_how_it_is(acme: Api, client: FlaskClient) -> None:
    acme.patch("", description='All "systems" & <more>')
    acme.patch("/components/web", status="major_outage")
    page = client.get("/p/acme").text
    assert '<meta property="og:title" content="Major Service Outage">' in page
    assert 'content="All &#34;systems&#34; &amp; &lt;more&gt;"' in page
    assert '<meta property="og:url" content="http://127.0.0.1:8000/p/acme">' in page
