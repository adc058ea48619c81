"""The groups of components on a person's own page, and as everybody sees them."""

import re

import pytest
from werkzeug.test import TestResponse

from tests.people import Api, Browser, Person
from tests.web.page_text import errors, messages, text


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page with Web, and Db and Mail in the group Europe."""
    acme = ada.page_api("Acme", "Web", "Db", "Mail")
    acme.post("/component-groups", name="Europe", description="Frankfurt", components=["db", "mail"])
    return acme


@pytest.fixture
def browser(ada: Person) -> Browser:
    return ada.browser()


def identifier(acme: Api, slug: str) -> str:
    return str(acme.get(f"/components/{slug}")["id"])


def members(acme: Api, group: str = "europe") -> set[str]:
    names = {component["id"]: component["name"] for component in acme.all("/components")}
    return {names[each] for each in acme.get(f"/component-groups/{group}")["components"]}


def order(acme: Api) -> list[str]:
    """The names on the public page, as they come."""
    page = acme.client.get("/p/acme").text
    return re.findall(r"<strong[^>]*>([^<]+)</strong>", page[page.index("components-title") :])


def test_a_group_is_made_of_what_is_ticked(acme: Api, browser: Browser) -> None:
    answer = browser.submit("/user/pages/acme/new-group", name="Asia", component_ids=identifier(acme, "web"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/user/pages/acme")
    assert messages(browser.get("/user/pages/acme")) == ["“Asia” was added."]
    assert members(acme, "asia") == {"Web"}


def test_its_page_shows_what_is_set_and_how_scripts_name_it(acme: Api, browser: Browser) -> None:
    page = browser.get("/user/pages/acme/groups/europe")
    assert f"In scripts, use europe or {acme.get('/component-groups/europe')['id']} ." in text(page)
    assert 'value="Frankfurt"' in page.text
    ticked = {found for tag in re.findall("<input [^>]*checked[^>]*>", page.text) for found in values(tag)}
    assert ticked == {identifier(acme, "db"), identifier(acme, "mail")}


def values(tag: str) -> list[str]:
    return re.findall('value="([^"]+)"', tag)


def test_what_is_no_longer_ticked_leaves_it(acme: Api, browser: Browser) -> None:
    fields = {"name": "EU", "description": "", "component_ids": identifier(acme, "mail")}
    browser.submit("/user/pages/acme/groups/europe", htmx=False, **fields)
    assert members(acme) == {"Mail"}
    assert acme.get("/component-groups/europe")["name"] == "EU"


@pytest.mark.parametrize("place", ["new-group", "groups/europe"])
def test_what_does_not_fit_is_sent_back(place: str, acme: Api, browser: Browser) -> None:
    before = acme.all("/component-groups")
    answer = browser.submit(f"/user/pages/acme/{place}", name="", description="x" * 2001)
    assert answer.status_code == 422
    assert errors(answer) == {
        "group-name": "Enter a name for this group.",
        "group-description": "Use 2,000 characters or fewer. This has 2,001.",
    }
    assert "x" * 2001 in answer.text
    assert acme.all("/component-groups") == before


def test_a_component_that_is_not_on_the_page_enters_no_group(
    acme: Api, browser: Browser, ada: Person
) -> None:
    other = ada.page_api("Other", "Shop").get("/components/shop")["id"]
    answer = browser.submit("/user/pages/acme/new-group", name="Asia", component_ids=other)
    assert answer.status_code == 422
    assert len(acme.all("/component-groups")) == 1


def test_a_component_is_put_into_a_group_on_its_own_page(acme: Api, browser: Browser) -> None:
    group = acme.get("/component-groups/europe")["id"]
    browser.submit("/user/pages/acme/components/web", name="Web", group_id=group)
    assert members(acme) == {"Web", "Db", "Mail"}
    browser.submit("/user/pages/acme/components/web", name="Web", group_id="")
    assert members(acme) == {"Db", "Mail"}


def test_a_component_whose_form_had_no_group_stays_where_it_is(acme: Api, browser: Browser) -> None:
    browser.submit("/user/pages/acme/components/db", name="Database")
    assert members(acme) == {"Database", "Mail"}


def test_what_a_script_did_meanwhile_is_not_undone_by_an_open_form(acme: Api, browser: Browser) -> None:
    shown = " ".join(acme.get("/component-groups/europe")["components"])
    db, mail, web = (identifier(acme, slug) for slug in ("db", "mail", "web"))
    acme.patch("/components/web", group_id="europe")
    acme.patch("/components/mail", group_id=None)
    token = re.findall('name="csrf_token" value="([^"]+)"', browser.get("/user/plan").text)[0]
    data = {"csrf_token": token, "name": "EU", "shown": shown, "component_ids": [db, mail]}
    assert browser.client.post("/user/pages/acme/groups/europe", data=data).status_code == 303
    assert acme.get("/component-groups/europe")["components"] == [web, db]


def test_a_group_chosen_meanwhile_is_not_undone_by_an_open_form(acme: Api, browser: Browser) -> None:
    acme.patch("/components/web", group_id="europe")
    browser.submit("/user/pages/acme/components/web", name="Shop", group_id="", shown_group="")
    assert members(acme) == {"Shop", "Db", "Mail"}


def test_deleting_asks_first_and_leaves_the_components(acme: Api, browser: Browser) -> None:
    page = text(browser.get("/user/pages/acme/groups/europe/delete"))
    assert "Delete “Europe”? Its components stay on the page, outside any group." in page
    assert browser.submit("/user/pages/acme/groups/europe/delete").status_code == 303
    assert messages(browser.get("/user/pages/acme")) == ["“Europe” was deleted."]
    assert order(acme) == ["Web", "Db", "Mail"]


@pytest.mark.parametrize("key", ["nothing", "EUROPE", "%00"])
def test_a_group_that_is_not_on_the_page_is_unknown(key: str, acme: Api, browser: Browser) -> None:
    for path in (f"/user/pages/acme/groups/{key}", f"/user/pages/acme/groups/{key}/delete"):
        for answer in (browser.get(path), browser.submit(path, name="Asia")):
            assert answer.status_code == 404
            assert "That group isn’t on this page." in answer.text


def test_an_empty_group_is_shown_to_its_owner_alone(acme: Api, browser: Browser) -> None:
    acme.post("/component-groups", name="Asia")
    assert "Groups without components aren’t shown: Asia" in text(browser.get("/user/pages/acme"))
    assert "Asia" not in acme.client.get("/p/acme").text


# Their order


@pytest.mark.parametrize(
    ("moved", "places", "after"),
    [
        ("web", 1, ["Europe", "Db", "Mail", "Web"]),
        ("europe", -1, ["Europe", "Db", "Mail", "Web"]),
        ("mail", -1, ["Web", "Europe", "Mail", "Db"]),
        ("mail", -2, ["Web", "Europe", "Mail", "Db"]),
        ("db", -1, ["Web", "Europe", "Db", "Mail"]),
    ],
    ids=["past a group", "a group", "within a group", "no further", "not out of it"],
)
def test_groups_and_components_are_moved_among_their_siblings(
    moved: str, places: int, after: list[str], acme: Api, browser: Browser
) -> None:
    assert move(browser, moved, places).status_code == 303
    assert order(acme) == after


def test_an_empty_group_has_no_place_to_be_moved_from(acme: Api, browser: Browser) -> None:
    acme.post("/component-groups", name="Asia")
    assert move(browser, "asia", -1).status_code == 303
    assert order(acme) == ["Web", "Europe", "Db", "Mail"]


def move(browser: Browser, key: str, places: int) -> TestResponse:
    return browser.submit("/user/pages/acme/order", move=f"{key}:{places}")


# As everybody sees them


def group_on_page(acme: Api) -> str:
    found = re.search(
        r"<details id=\"(?:bad-)?group.*?</summary>", acme.client.get("/p/acme").text, re.DOTALL
    )
    assert found
    return found[0]


def test_a_group_is_folded_while_all_is_well_in_it(acme: Api) -> None:
    assert " open>" not in group_on_page(acme)
    acme.patch("/components/web", status="major_outage")
    assert " open>" not in group_on_page(acme)
    acme.patch("/components/db", status="partial_outage")
    assert " open>" in group_on_page(acme)
    assert "Partial outage" in group_on_page(acme)


def test_a_component_shown_only_while_something_is_wrong_is_hidden_in_a_group_too(acme: Api) -> None:
    for slug in ("db", "mail"):
        acme.patch(f"/components/{slug}", only_show_if_degraded=True)
    assert order(acme) == ["Web"]
    acme.patch("/components/mail", status="partial_outage")
    assert order(acme) == ["Web", "Europe", "Mail"]
