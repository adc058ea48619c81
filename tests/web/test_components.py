"""The components of a person's own page."""

import html
import re

import pytest
from werkzeug.test import TestResponse

from tests.people import Api, Browser, Person
from tests.web.page_text import errors, messages, text

NAME_MISSING = "Enter a name for this component."
WORDS = {
    "operational": ("All Systems Operational", "operational"),
    "degraded_performance": ("Partially Degraded Service", "degraded performance"),
    "partial_outage": ("Partial System Outage", "partial outage"),
    "major_outage": ("Major Service Outage", "major outage"),
    "under_maintenance": ("Service Under Maintenance", "under maintenance"),
}


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page, with the component Web alone."""
    return ada.page_api("Acme", "Web")


def overall(answer: TestResponse) -> str:
    """The words of the whole page, as its owner sees them."""
    found = re.search(r'<span id="overall".*?</span>', answer.text, re.DOTALL)
    assert found
    return " ".join(re.sub("<[^>]+>", " ", found[0]).split())


def save(browser: Browser, status: str, *, htmx: bool = False) -> TestResponse:
    """Save a status of Web, which the page showed otherwise."""
    return browser.submit("/user/pages/acme/statuses", htmx=htmx, status_web=status)


def names(acme: Api) -> list[str]:
    return [component["name"] for component in acme.all("/components")]


# Adding


def test_an_empty_page_says_what_components_are_and_opens_the_form(ada: Person) -> None:
    ada.create_page()
    page = ada.browser().get("/user/pages/acme")
    assert "No components yet" in page.text
    assert "<details open>" in page.text


def test_a_component_is_added_at_the_end(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    answer = browser.submit("/user/pages/acme/components", name=" The  API ", description="For scripts.")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    page = browser.get("/user/pages/acme")
    assert messages(page) == ["“The API” was added."]
    assert "<details>" in page.text
    assert names(acme) == ["Web", "The API"]
    assert "The API For scripts. Operational" in text(browser.get("/p/acme"))


def test_a_component_needs_no_description(acme: Api, ada: Person) -> None:
    ada.browser().submit("/user/pages/acme/components", name="Mail", description=" ")
    assert acme.get("/components/mail")["description"] is None


def test_two_components_may_have_one_name(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    assert browser.submit("/user/pages/acme/components", name="Web").status_code == 303
    assert names(acme) == ["Web", "Web"]
    assert len(set(re.findall(r'name="status_[^"]+"', owner_page(ada)))) == 2


def owner_page(ada: Person) -> str:
    return ada.browser().get("/user/pages/acme").text


@pytest.mark.parametrize("name", ["東京", "🙂", "a/b?c#d", "<b>Web</b>", "new", "status", "W" * 255])
def test_a_component_of_any_name_can_be_reached(name: str, ada: Person) -> None:
    ada.create_page()
    browser = ada.browser()
    browser.submit("/user/pages/acme/components", name=name)
    found = re.search(r'href="(/user/pages/acme/components/[a-z0-9-]+)"', owner_page(ada))
    assert found
    page = browser.get(found[1])
    assert page.status_code == 200
    assert html.escape(name) in page.text
    assert browser.submit(found[1], name="Other").status_code == 303


@pytest.mark.parametrize(
    ("name", "description", "wrong"),
    [
        ("", "", {"name": NAME_MISSING}),
        ("  ", "Typed.", {"name": NAME_MISSING}),
        ("x" * 256, "", {"name": "Use 255 characters or fewer. This name has 256."}),
        ("Web", "x" * 2001, {"description": "Use 2,000 characters or fewer. This has 2,001."}),
    ],
    ids=["no name", "spaces", "a long name", "a long description"],
)
@pytest.mark.parametrize("place", ["", "/web"], ids=["added", "changed"])
def test_what_does_not_fit_is_sent_back(
    place: str, name: str, description: str, wrong: dict[str, str], acme: Api, ada: Person
) -> None:
    before = acme.all("/components")
    answer = ada.browser().submit(f"/user/pages/acme/components{place}", name=name, description=description)
    assert answer.status_code == 422
    assert errors(answer) == wrong
    assert acme.all("/components") == before


def test_a_form_that_is_sent_back_is_open(acme: Api, ada: Person) -> None:
    answer = ada.browser().submit("/user/pages/acme/components", name="")
    assert "<details open>" in answer.text


# Its status


@pytest.mark.parametrize("status", WORDS)
def test_without_scripts_a_status_is_saved_and_told_on_the_page(status: str, acme: Api, ada: Person) -> None:
    browser = ada.browser()
    acme.patch("/components/web", status="partial_outage")
    answer = save(browser, status)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    page = browser.get("/user/pages/acme")
    assert messages(page) == [f"“Web” is now {WORDS[status][1]}."]
    assert f'<option value="{status}" selected>' in page.text
    assert acme.get("/components/web")["status"] == status


@pytest.mark.parametrize("status", WORDS)
def test_htmx_gets_the_components_with_a_message_and_the_words_of_the_whole(
    status: str, acme: Api, ada: Person
) -> None:
    browser = ada.browser()
    acme.patch("/components/web", status="partial_outage")
    answer = save(browser, status, htmx=True)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<section id="components"')
    assert messages(answer) == [f"“Web” is now {WORDS[status][1]}."]
    assert f'<option value="{status}" selected>' in answer.text
    assert '<hx-partial hx-target="#overall" hx-swap="outerHTML">' in answer.text
    assert overall(answer) == WORDS[status][0]
    assert acme.get("/components/web")["status"] == status


def test_what_htmx_was_told_is_not_told_again_on_the_next_page(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    save(browser, "major_outage", htmx=True)
    assert messages(browser.get("/user/pages/acme")) == []


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("status", ["", "down", "Operational", "scheduled", "x" * 5000])
def test_a_status_that_is_not_offered_is_refused(status: str, htmx: bool, acme: Api, ada: Person) -> None:
    answer = save(ada.browser(), status, htmx=htmx)
    assert answer.status_code == 422
    assert "Choose one of the statuses in the list." in answer.text
    assert answer.headers.get("HX-Retarget") == ("#component-status" if htmx else None)
    assert acme.get("/components/web")["status"] == "operational"


def test_a_component_under_maintenance_says_so_and_keeps_its_own_status(acme: Api, ada: Person) -> None:
    acme.post("/incidents", name="Upgrade", status="in_progress", component_ids=["web"])
    page = ada.browser().get("/user/pages/acme")
    assert "Under maintenance now" in page.text
    assert '<option value="operational" selected>' in page.text
    assert overall(page) == "Service Under Maintenance"


# What it is called


def test_its_page_shows_what_is_set_and_how_scripts_name_it(acme: Api, ada: Person) -> None:
    made = acme.patch("/components/web", description="All of it.", only_show_if_degraded=True)
    page = ada.browser().get("/user/pages/acme/components/web")
    assert f"In scripts, use web or {made['id']} ." in text(page)
    assert 'value="Web"' in page.text
    assert 'value="All of it."' in page.text
    assert re.search(r'<input [^>]*checked[^>]*name="only_show_if_degraded"', page.text)


def test_a_component_is_changed(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    fields = {"name": "Shop", "description": "All of it.", "only_show_if_degraded": "y"}
    answer = browser.submit("/user/pages/acme/components/web", htmx=False, **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    assert messages(browser.get("/user/pages/acme")) == ["“Shop” was changed."]
    changed = acme.get("/components/web")
    assert (changed["name"], changed["description"], changed["only_show_if_degraded"]) == (
        "Shop",
        "All of it.",
        True,
    )


def test_an_unticked_box_shows_the_component_again(acme: Api, ada: Person) -> None:
    acme.patch("/components/web", only_show_if_degraded=True)
    ada.browser().submit("/user/pages/acme/components/web", name="Web")
    assert acme.get("/components/web")["only_show_if_degraded"] is False


def test_changing_what_it_is_called_leaves_how_it_is(acme: Api, ada: Person) -> None:
    acme.patch("/components/web", status="major_outage")
    ada.browser().submit("/user/pages/acme/components/web", name="Shop")
    assert acme.get("/components/web")["status"] == "major_outage"


# Deleting


def test_deleting_asks_first(acme: Api, ada: Person) -> None:
    page = text(ada.browser().get("/user/pages/acme/components/web/delete"))
    assert "Delete “Web”? Past incidents stay, but no longer name it. This can’t be undone." in page
    assert names(acme) == ["Web"]


def test_deleting_takes_the_component_and_leaves_its_incidents(acme: Api, ada: Person) -> None:
    browser = ada.browser()
    acme.post("/incidents", name="Slow", body="We look.", components={"web": "major_outage"})
    answer = browser.submit("/user/pages/acme/components/web/delete")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    assert messages(browser.get("/user/pages/acme")) == ["“Web” was deleted."]
    assert names(acme) == []
    page = text(browser.get("/p/acme"))
    assert "Slow Investigating We look." in page
    assert "Web" not in page


# Finding


@pytest.mark.parametrize("rest", ["", "/delete"])
@pytest.mark.parametrize("key", ["unknown", "WEB", "%00", "mail"])
def test_a_component_that_is_not_on_the_page_is_unknown(key: str, rest: str, acme: Api, ada: Person) -> None:
    ada.page_api("Umbrella").post("/components", name="Mail")
    path, browser = f"/user/pages/acme/components/{key}{rest}", ada.browser()
    answers = [browser.get(path), browser.submit(path, name="Taken over")]
    fields = {f"status_{key}": "major_outage"}
    answers.append(browser.submit("/user/pages/acme/statuses", htmx=False, **fields))
    assert {answer.status_code for answer in answers} == {404}
    assert all("That component isn’t on this page." in answer.text for answer in answers)


@pytest.mark.parametrize("place", ["components", "statuses", "order"])
def test_an_address_that_only_takes_forms_says_so(place: str, acme: Api, ada: Person) -> None:
    answer = ada.browser().get(f"/user/pages/acme/{place}")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


# Several statuses at once


@pytest.fixture
def three(ada: Person) -> Api:
    return ada.page_api("Acme", "Web", "Db", "Mail")


def test_statuses_are_saved_together(three: Api, ada: Person) -> None:
    answer = save_all(ada.browser(), three, web="major_outage", db="partial_outage", mail="operational")
    assert messages(answer) == ["2 statuses were changed."]
    assert statuses(three) == {"web": "major_outage", "db": "partial_outage", "mail": "operational"}


def test_a_status_left_as_it_was_shown_is_not_said_again(three: Api, ada: Person) -> None:
    browser = ada.browser()
    three.patch("/components/db", status="major_outage")  # since the page was opened
    save_all(browser, three, web="partial_outage", db="operational", mail="operational")
    assert statuses(three) == {"web": "partial_outage", "db": "major_outage", "mail": "operational"}


def test_nothing_chosen_changes_nothing(three: Api, ada: Person) -> None:
    before = three.get()["updated_at"]
    answer = save_all(ada.browser(), three, web="operational")
    assert messages(answer) == ["No status was changed."]
    assert three.get()["updated_at"] == before


def test_a_component_that_is_gone_keeps_no_other_from_being_saved(three: Api, ada: Person) -> None:
    gone = three.get("/components/db")["id"]
    three.delete("/components/db")
    fields = {f"status_{gone}": "major_outage", "status_web": "partial_outage"}
    answer = ada.browser().submit("/user/pages/acme/statuses", htmx=True, **fields)
    assert messages(answer) == ["“Web” is now partial outage. What is no longer on this page was left out."]
    assert statuses(three)["web"] == "partial_outage"


def test_one_wrong_status_refuses_them_all(three: Api, ada: Person) -> None:
    assert save_all(ada.browser(), three, web="major_outage", db="down").status_code == 422
    assert set(statuses(three).values()) == {"operational"}


def save_all(browser: Browser, acme: Api, **chosen: str) -> TestResponse:
    """Save statuses by slug, on a page that showed all as operational."""
    ids = {component["slug"]: component["id"] for component in acme.all("/components")}
    fields = {f"status_{ids[slug]}": status for slug, status in chosen.items()}
    fields |= {f"shown_{identifier}": "operational" for identifier in ids.values()}
    return browser.submit("/user/pages/acme/statuses", htmx=True, **fields)


def statuses(acme: Api) -> dict[str, str]:
    return {component["slug"]: component["status"] for component in acme.all("/components")}


# Their order


@pytest.mark.parametrize("htmx", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize(
    ("component", "places", "after"),
    [
        ("db", -1, ["Db", "Web", "Mail"]),
        ("db", 1, ["Web", "Mail", "Db"]),
        ("web", -1, ["Web", "Db", "Mail"]),
        ("mail", 1, ["Web", "Db", "Mail"]),
        ("mail", -2, ["Mail", "Web", "Db"]),
        ("web", 999, ["Db", "Mail", "Web"]),
    ],
)
def test_a_component_is_moved_by_some_places(
    three: Api, ada: Person, component: str, places: int, after: list[str], htmx: bool
) -> None:
    answer = move(ada, component, places, htmx=htmx)
    assert answer.status_code == (200 if htmx else 303)
    assert names(three) == after


def test_components_of_one_position_are_moved_too(three: Api, ada: Person) -> None:
    for component in ("web", "db", "mail"):
        three.patch(f"/components/{component}", position=1)
    move(ada, "mail", -1)
    assert names(three) == ["Web", "Mail", "Db"]


def test_what_is_not_moved_is_not_said_to_be(three: Api, ada: Person) -> None:
    for key, places in (("web", -1), ("mail", 1), ("db", 0)):
        name = three.get(f"/components/{key}")["name"]
        assert messages(move(ada, key, places, htmx=True)) == [f"“{name}” stays where it is."]


@pytest.mark.parametrize("wrong", ["", "db", "db:", "db:left", "db:1000", "db:1:1", ":1", "db:--1"])
def test_there_is_nowhere_else_to_move_it(three: Api, ada: Person, wrong: str) -> None:
    assert ada.browser().submit("/user/pages/acme/order", move=wrong).status_code == 422
    assert names(three) == ["Web", "Db", "Mail"]


def move(ada: Person, key: str, places: int, *, htmx: bool = False) -> TestResponse:
    return ada.browser().submit("/user/pages/acme/order", htmx=htmx, move=f"{key}:{places}")
