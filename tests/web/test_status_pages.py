"""A person's own status pages: making them, what they are called, and who may touch them."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

import spk
from spk.db import db, reading, writing
from spk.models.status_pages.incident_update import IncidentUpdate
from spk.models.status_pages.status_page_fields import NewPage
from tests.people import Api, Browser, Person
from tests.web.page_text import messages, text

NOT_YOURS = "That page isn’t in your account."
NO_PAGES = "Status pages aren’t included in this plan."
PLAIN = "Use plain text only; this name contains characters that can’t be shown."
SLUG_WORDS = "Use lower-case letters, digits and single hyphens, up to 80 characters."
ZONE_WORDS = "Use the name of a time zone, like Europe/Berlin or UTC."
FIELDS: NewPage = {
    "name": "Umbrella",
    "slug": "umbrella",
    "description": "How it is.",
    "time_zone": "Asia/Tokyo",
}
SETTINGS = {name: str(value) for name, value in FIELDS.items()}

UPDATE = "abcdefghijkl"  # the id of the one there is

# Every form below a page, and what changes something when its owner sends it.
POSTS: dict[str, dict[str, str]] = {
    "/user/pages/acme/settings": SETTINGS,
    "/user/pages/acme/delete": {},
    "/user/pages/acme/components": {"name": "Mail"},
    "/user/pages/acme/components/web": {"name": "Shop"},
    "/user/pages/acme/components/web/delete": {},
    "/user/pages/acme/statuses": {"status_WEB": "major_outage"},
    "/user/pages/acme/order": {"move": "WEB:1"},
    "/user/pages/acme/new-group": {"name": "Asia", "component_ids": "WEB"},
    "/user/pages/acme/groups/europe": {"name": "Asia"},
    "/user/pages/acme/groups/europe/delete": {},
    "/user/pages/acme/new-incident": {"name": "Down", "impact_override": "", "component_WEB": ""},
    "/user/pages/acme/new-maintenance": {
        "name": "Upgrade",
        "scheduled_for": "2099-01-15T10:00",
        "scheduled_until": "2099-01-15T11:00",
    },
    "/user/pages/acme/incidents/slow": {"status": "identified", "body": "A full disk."},
    "/user/pages/acme/incidents/slow/delete": {},
    "/user/pages/acme/incidents/slow/edit": {"name": "Orders fail", "impact_override": ""},
    f"/user/pages/acme/incidents/slow/updates/{UPDATE}": {
        "body": "A disk.",
        "display_at": "2026-01-15T10:00",
    },
}
GETS = (
    "/user/pages/acme",
    "/user/pages/acme/settings",
    "/user/pages/acme/delete",
    "/user/pages/acme/components/web",
    "/user/pages/acme/components/web/delete",
    "/user/pages/acme/new-group",
    "/user/pages/acme/groups/europe",
    "/user/pages/acme/groups/europe/delete",
    "/user/pages/acme/new-incident",
    "/user/pages/acme/new-maintenance",
    "/user/pages/acme/incidents/slow",
    "/user/pages/acme/incidents/slow/delete",
    "/user/pages/acme/incidents/slow/edit",
    f"/user/pages/acme/incidents/slow/updates/{UPDATE}",
)
PLACES = {
    "<page>": "acme",
    "<component>": "web",
    "<group>": "europe",
    "<incident>": "slow",
    "<update>": UPDATE,
}


@pytest.fixture(scope="module")
def plans_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one plan more, which has nothing."""
    plans = (Path(spk.__file__).parent / "plans.toml").read_text()
    file = tmp_path_factory.mktemp("plans") / "plans.toml"
    file.write_text(f'{plans}\n[bare]\ntitle = "Bare"\n')
    return file


@pytest.fixture
def environ(environ: dict[str, str], plans_file: Path) -> dict[str, str]:
    return {**environ, "SPK_PLANS_FILE": str(plans_file)}


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada's page, with the component Web, the group Europe and the incident Slow."""
    acme = ada.page_api("Acme", "Web")
    acme.post("/component-groups", name="Europe")
    acme.post("/incidents", name="Slow", component_ids=["web"])
    with ada.app.app_context(), writing():
        db.session.execute(update(IncidentUpdate).values(id=UPDATE))
    return acme


def rows(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is kept of status pages."""
    names = ["status_pages", "component_groups", "components"]
    names += ["incidents", "incident_updates", "incident_components"]
    with app.app_context(), reading():
        return {
            name: [tuple(row) for row in db.session.execute(select(db.metadata.tables[name]))]
            for name in names
        }


def send(
    browser: Browser, path: str, fields: dict[str, str], *, web: str = "", htmx: bool = False
) -> TestResponse:
    """Send a form; `web` is the id of the component, of which fields speak as WEB."""
    filled = {name.replace("WEB", web): value.replace("WEB", web) for name, value in fields.items()}
    return browser.submit(path, htmx=htmx, **filled)


def web_id(acme: Api) -> str:
    found = acme.get("/components/web")["id"]
    assert isinstance(found, str)
    return found


def errors(answer: TestResponse) -> dict[str, str]:
    """The words under each field, where the field says that they are its own."""
    found = dict(re.findall(r'<p class="error" id="([^"]+)-error">([^<]+)</p>', answer.text))
    for field in found:
        tag = re.search(rf'<\w+ [^>]*\bid="{field}"[^>]*>', answer.text)
        assert tag
        assert 'aria-invalid="true"' in tag[0]
        assert f"{field}-error" in tag[0]
    return {field: html.unescape(words) for field, words in found.items()}


class Controls(HTMLParser):
    """What a browser would send of a page's forms: pairs of a name and a value."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._select = self._textarea = ""
        self._options: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "input" and (found.get("type") != "checkbox" or "checked" in found):
            self.sent.append((found["name"], found.get("value", "")))
        elif tag == "select":
            self._select, self._options = found["name"], []
        elif tag == "option" and self._select:
            place = 0 if "selected" in found else len(self._options)
            self._options.insert(place, found["value"])
        elif tag == "textarea":
            self._textarea = found["name"]

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.sent.append((self._textarea, data.lstrip("\r\n")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self.sent += [(self._select, option) for option in self._options[:1]]
            self._select = ""


# Whose they are


def test_the_tables_here_name_every_address(app: Flask) -> None:
    found: dict[str, set[str]] = {"GET": set(), "POST": set()}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/user/pages/"):
            path = rule.rule
            for place, name in PLACES.items():
                path = path.replace(place, name)
            found["POST" if "POST" in (rule.methods or ()) else "GET"].add(path)
    assert found == {"GET": set(GETS), "POST": set(POSTS)}


@pytest.mark.parametrize("path", GETS)
def test_its_owner_opens_every_page(path: str, acme: Api, ada: Person) -> None:
    assert ada.browser().get(path).status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_its_owner_changes_something_with_every_form(path: str, acme: Api, ada: Person, app: Flask) -> None:
    before = rows(app)
    assert send(ada.browser(), path, POSTS[path], web=web_id(acme)).status_code == 303
    assert rows(app) != before


@pytest.mark.parametrize("htmx", [False, True], ids=["", "htmx"])
@pytest.mark.parametrize("names", ["slugs", "ids"])
def test_a_stranger_finds_nothing_and_changes_nothing(
    names: str, htmx: bool, acme: Api, eve: Person, app: Flask
) -> None:
    page, web, slow = acme.get()["id"], web_id(acme), acme.get("/incidents/slow")["id"]
    eve.create_page("Umbrella")
    browser, before = eve.browser(), rows(app)

    def place(path: str) -> str:
        if names == "slugs":
            return path
        return path.replace("acme", page).replace("/web", f"/{web}").replace("/slow", f"/{slow}")

    answers = [browser.get(place(path), htmx=htmx) for path in GETS]
    answers += [send(browser, place(path), fields, web=web, htmx=htmx) for path, fields in POSTS.items()]
    assert {answer.status_code for answer in answers} == {404}
    assert all(NOT_YOURS in answer.text for answer in answers)
    assert rows(app) == before


def test_a_stranger_s_list_has_only_her_own(acme: Api, eve: Person) -> None:
    eve.create_page("Umbrella")
    page = eve.browser().get("/user/pages").text
    assert set(re.findall(r'href="/user/pages/([^"#]+)', page)) == {"umbrella"}


@pytest.mark.parametrize("path", ["/user/pages", *POSTS])
def test_a_form_without_its_csrf_token_changes_nothing(path: str, acme: Api, ada: Person, app: Flask) -> None:
    browser, before = ada.browser(), rows(app)
    fields = POSTS.get(path, {"name": "Umbrella"})
    assert browser.client.post(path, data=fields).status_code == 400
    assert browser.client.post(path, data={**fields, "csrf_token": "guessed"}).status_code == 400
    assert rows(app) == before


def test_who_is_signed_out_changes_nothing(acme: Api, browser: Browser, app: Flask) -> None:
    before = rows(app)
    for path in ("/user/pages", *GETS):
        assert browser.get(path).headers["Location"] == f"/login?next={path}"
    for path, fields in POSTS.items():
        answer = browser.submit(path, page="/login", htmx=False, **fields)
        assert answer.headers["Location"] == "/login?next=/user/security"
    assert rows(app) == before


@pytest.mark.parametrize("path", ["unknown", "%00", "ACME", "acme%20", "a" * 5000])
def test_a_page_that_is_not_there_is_unknown(path: str, acme: Api, ada: Person) -> None:
    assert ada.browser().get(f"/user/pages/{path}").status_code == 404


# What the plan allows


def test_without_the_feature_every_address_is_forbidden(acme: Api, ada: Person, app: Flask) -> None:
    ada.set_plan("bare")
    browser, before = ada.browser(), rows(app)
    answers = [browser.get(path) for path in GETS]
    answers += [send(browser, path, fields, web="web") for path, fields in POSTS.items()]
    answers.append(browser.submit("/user/pages", name="Umbrella"))
    assert {answer.status_code for answer in answers} == {403}
    assert all(NO_PAGES in answer.text for answer in answers)
    assert rows(app) == before


def test_without_the_feature_the_list_says_so(ada: Person) -> None:
    ada.set_plan("bare")
    page = ada.browser().get("/user/pages")
    assert page.status_code == 200
    assert "Status pages aren’t included in your plan. See all plans" in text(page)
    assert "Create page" not in page.text


def test_a_page_stays_public_when_the_plan_no_longer_has_it(acme: Api, ada: Person, browser: Browser) -> None:
    ada.set_plan("bare")
    assert browser.get("/p/acme").status_code == 200
    assert "Acme" in ada.browser().get("/user/pages").text


def test_at_the_limit_the_form_gives_way_to_words(ben: Person) -> None:
    ben.create_page("First")
    page = ben.browser().get("/user/pages")
    assert "Your plan allows 1 status page. Delete one you no longer need" in text(page)
    assert "Create page" not in page.text


def test_past_the_limit_no_page_is_made(ben: Person, app: Flask) -> None:
    ben.create_page("First")
    before = rows(app)
    answer = ben.browser().submit("/user/pages", name="Second")
    assert answer.status_code == 409
    assert messages(answer) == [
        "Your plan allows 1 status page. Delete one you no longer need, then create a new page."
    ]
    assert rows(app) == before


def test_deleting_makes_room_for_another(ben: Person) -> None:
    ben.create_page("First")
    browser = ben.browser()
    browser.submit("/user/pages/first/delete")
    assert browser.submit("/user/pages", name="Second").status_code == 303


# Making one


def test_an_empty_list_says_what_a_page_is_for(ada: Person) -> None:
    page = text(ada.browser().get("/user/pages"))
    assert "A status page tells everybody how your service is doing" in page
    assert "Create your first page" in page


def test_creating_leads_to_the_new_page(ada: Person) -> None:
    browser = ada.browser()
    answer = browser.submit("/user/pages", name="  Acme   Cloud ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme-cloud")
    page = browser.get("/user/pages/acme-cloud")
    assert messages(page) == ["“Acme Cloud” was created. Now add its components."]
    assert browser.get("/p/acme-cloud").status_code == 200


def test_a_message_is_shown_once(ada: Person) -> None:
    browser = ada.browser()
    browser.submit("/user/pages", name="Acme")
    assert messages(browser.get("/user/pages/acme"))
    assert messages(browser.get("/user/pages/acme")) == []


def test_the_list_has_each_page_with_how_it_is(acme: Api, ada: Person) -> None:
    acme.patch("/components/web", status="major_outage")
    ada.create_page("Umbrella")
    page = text(ada.browser().get("/user/pages"))
    assert "Acme http://127.0.0.1:8000/p/acme Major Service Outage" in page
    assert "Umbrella http://127.0.0.1:8000/p/umbrella Nothing Reported" in page


def test_two_pages_of_one_name_have_two_addresses(ada: Person, eve: Person) -> None:
    data_dirs = [
        person.browser().submit("/user/pages", name="Acme").headers["Location"] for person in (ada, ada, eve)
    ]
    assert len(set(data_dirs)) == 3
    assert all(place.startswith("/user/pages/acme") for place in data_dirs)


@pytest.mark.parametrize("name", ["東京", "Überwachung", "🙂", "---", "a/b?c#d", "<b>Acme</b>", "W" * 120])
def test_a_page_of_any_name_can_be_reached(name: str, ada: Person) -> None:
    browser = ada.browser()
    place = browser.submit("/user/pages", name=name).headers["Location"]
    assert re.fullmatch(r"/user/pages/[a-z0-9-]+", place)
    assert html.escape(name, quote=False) in browser.get(place).text
    assert browser.get(place.replace("/user/pages", "/p")).status_code == 200


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Enter a name for this page."),
        ("   ", "Enter a name for this page."),
        ("x" * 121, "Use 120 characters or fewer. This name has 121."),
        ("a\u202eb", PLAIN),
        ("a\x00b", PLAIN),
    ],
    ids=["none", "spaces", "long", "bidi", "nul"],
)
@pytest.mark.parametrize("path", ["/user/pages", "/user/pages/acme/settings"])
def test_a_name_that_does_not_fit_is_sent_back(
    path: str, name: str, words: str, acme: Api, ada: Person, app: Flask
) -> None:
    before = rows(app)
    answer = send(ada.browser(), path, {**SETTINGS, "name": name})
    assert answer.status_code == 422
    assert errors(answer) == {"name": words}
    assert rows(app) == before


def test_creating_without_a_name_field_is_sent_back(ada: Person) -> None:
    assert errors(ada.browser().submit("/user/pages")) == {"name": "Enter a name for this page."}


# What it is called


def test_the_settings_show_what_is_set(ada: Person) -> None:
    ada.create_page(**FIELDS)
    sent = Controls(ada.browser().get("/user/pages/umbrella/settings")).sent
    assert set(SETTINGS.items()) <= set(sent)


def test_the_settings_are_changed(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    answer = send(browser, "/user/pages/acme/settings", SETTINGS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/umbrella")
    assert messages(browser.get("/user/pages/umbrella")) == ["The settings are saved."]
    page = text(browser.get("/p/umbrella"))
    for words in ("Umbrella", "How it is.", "Times are in Asia/Tokyo."):
        assert words in page
    assert browser.get("/p/acme").headers["Location"] == "/p/umbrella"


def test_the_settings_may_stay_as_they_are(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    before = acme.get()
    sent = dict(Controls(browser.get("/user/pages/acme/settings")).sent)
    sent.pop("csrf_token")
    assert send(browser, "/user/pages/acme/settings", sent).status_code == 303
    assert acme.get() == before | {"updated_at": acme.get()["updated_at"]}


def test_a_description_may_be_taken_away(ada: Person) -> None:
    ada.create_page(**FIELDS)
    send(ada.browser(), "/user/pages/umbrella/settings", {**SETTINGS, "description": ""})
    assert ada.api("/api/v1/pages/umbrella").get()["description"] is None


def test_the_lines_of_a_description_are_kept_as_a_browser_sends_them(acme: Api, ada: Person) -> None:
    fields = {**SETTINGS, "slug": "acme", "description": "One.\r\nTwo.\r\n"}
    send(ada.browser(), "/user/pages/acme/settings", fields)
    assert acme.get()["description"] == "One.\nTwo."


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slug", "", SLUG_WORDS),
        ("slug", "Umbrella", SLUG_WORDS),
        ("slug", "a--b", SLUG_WORDS),
        ("slug", "-a", SLUG_WORDS),
        ("slug", "a/b", SLUG_WORDS),
        ("slug", "a\x00", SLUG_WORDS),
        ("slug", "a" * 81, SLUG_WORDS),
        ("slug", "taken", "“taken” is taken. Choose another slug."),
        ("description", "x" * 2001, "Use 2,000 characters or fewer. This has 2,001."),
        (
            "description",
            "a\x00b",
            "Use plain text only; this contains characters that can’t be shown.",
        ),
        ("time_zone", "", ZONE_WORDS),
        ("time_zone", "Mars/Olympus", ZONE_WORDS),
        ("time_zone", "../../etc/passwd", ZONE_WORDS),
        ("time_zone", "/etc/localtime", ZONE_WORDS),
        ("time_zone", "a\x00b", ZONE_WORDS),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_setting_that_does_not_fit_is_sent_back(
    field: str, value: str, words: str, acme: Api, ada: Person, eve: Person, app: Flask
) -> None:
    eve.create_page("Taken")
    before = rows(app)
    answer = send(ada.browser(), "/user/pages/acme/settings", {**SETTINGS, field: value})
    assert answer.status_code == 422
    assert errors(answer) == {field: words}
    assert rows(app) == before


# Deleting one


def test_deleting_asks_first(acme: Api, ada: Person, app: Flask) -> None:
    before = rows(app)
    page = text(ada.browser().get("/user/pages/acme/delete"))
    assert "Delete “Acme”?" in page
    assert "Its components, incidents and history will be deleted with it" in page
    assert "This can’t be undone." in page
    assert rows(app) == before


def test_deleting_takes_all_that_is_on_the_page_and_nothing_else(acme: Api, ada: Person, app: Flask) -> None:
    umbrella = ada.page_api("Umbrella")
    umbrella.post("/components", name="Mail")
    umbrella.post("/component-groups", name="Europe")
    umbrella.post("/incidents", name="Lost", component_ids=["mail"])
    browser = ada.browser()
    answer = browser.submit("/user/pages/acme/delete")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages")
    assert messages(browser.get("/user/pages")) == ["“Acme” was deleted."]
    assert {name: len(left) for name, left in rows(app).items()} == dict.fromkeys(rows(app), 1)
    assert browser.get("/p/acme").status_code == 404
    assert browser.get("/p/umbrella").status_code == 200


# What was typed


LONG = "x" * 25_001
REFUSED: list[tuple[str, str, dict[str, str]]] = [
    ("create a page", "/user/pages", {"name": "x" * 121}),
    (
        "settings",
        "/user/pages/acme/settings",
        {"name": 'A "name"', "slug": "No Slug", "description": "A line.\r\nAnother.", "time_zone": "Mars"},
    ),
    ("add a component", "/user/pages/acme/components", {"name": "x" * 256, "description": "Typed."}),
    (
        "change a component",
        "/user/pages/acme/components/web",
        {"name": "x" * 256, "description": "<Typed>", "only_show_if_degraded": "y"},
    ),
    (
        "open an incident",
        "/user/pages/acme/new-incident",
        {
            "name": "x" * 256,
            "body": "Typed & sent.",
            "impact_override": "major",
            "component_WEB": "partial_outage",
        },
    ),
    ("update an incident", "/user/pages/acme/incidents/slow", {"status": "monitoring", "body": LONG}),
    (
        "plan maintenance",
        "/user/pages/acme/new-maintenance",
        {
            "name": "x" * 256,
            "body": "Typed.",
            "scheduled_for": "2099-01-15T10:00",
            "scheduled_until": "rubbish",
            "component_ids": "WEB",
        },
    ),
]


@pytest.mark.parametrize(("path", "fields"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_form_that_is_sent_back_keeps_what_was_typed(
    path: str, fields: dict[str, str], acme: Api, ada: Person, app: Flask
) -> None:
    web, before = web_id(acme), rows(app)
    answer = send(ada.browser(), path, fields, web=web)
    assert answer.status_code == 422
    assert errors(answer)
    typed = {
        (name.replace("WEB", web), value.replace("WEB", web).replace("\r\n", "\n"))
        for name, value in fields.items()
    }
    assert typed <= set(Controls(answer).sent)
    assert rows(app) == before


@pytest.mark.parametrize(
    ("path", "fields", "box"),
    [
        ("/user/pages/acme/components/web", {"name": ""}, "only_show_if_degraded"),
        ("/user/pages/acme/incidents/slow", {"status": "resolved", "body": LONG}, "restore"),
    ],
)
def test_a_box_that_was_unticked_stays_so(
    path: str, fields: dict[str, str], box: str, acme: Api, ada: Person
) -> None:
    acme.patch("/components/web", only_show_if_degraded=True)
    browser = ada.browser()
    assert box in dict(Controls(browser.get(path)).sent)
    answer = send(browser, path, fields)
    assert answer.status_code == 422
    assert box not in dict(Controls(answer).sent)
