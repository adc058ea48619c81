"""What a page asks the database, and when."""

import pytest
from flask import Flask, before_render_template, template_rendered

from tests.people import Browser, Person, token_in
from tests.statements import statements


@pytest.fixture
def values(ada: Person) -> dict[str, str]:
    """What stands in addresses, of things that are there."""
    api = ada.page_api()
    api.post("/components", name="Web")
    incident = api.post("/incidents", name="Down", body="We are looking.", component_ids=["web"])
    api.post("/incidents", name="Upgrade", scheduled_for="2999-01-01T00:00:00Z")
    api.post("/incidents", name="Deploy", status="in_progress", component_ids=["web"])
    prefix = ada.create_key("CI")[:12]
    api.post("/component-groups", name="Europe", components=["web"])
    things = {
        "component": "web",
        "group": "europe",
        "incident": incident["id"],
        "update": incident["incident_updates"][0]["id"],
    }
    return {"page": "acme", "slug": "acme", "prefix": prefix, **things}


def addresses(app: Flask, values: dict[str, str]) -> list[str]:
    """Every page that is read by GET."""
    found = []
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint in ("public", "account", "user") and "GET" in (rule.methods or ()):
            _domain, path = rule.build({name: values[name] for name in rule.arguments}) or ("", "")
            found.append(path)
    return sorted(set(found))


@pytest.mark.parametrize("htmx", [False, True], ids=["whole", "htmx"])
def test_no_page_asks_the_database_while_it_is_rendered(
    app: Flask, ada: Person, values: dict[str, str], htmx: bool
) -> None:
    browser = ada.browser()
    asked: list[tuple[str, str]] = []
    rendered: list[str] = []
    with statements() as sent:
        before: dict[str, int] = {}

        def begin(_app: Flask, **_rest: object) -> None:
            before["rendering"] = len(sent)

        def end(_app: Flask, **_rest: object) -> None:
            rendered.append(path)
            asked.extend((path, statement) for statement in sent[before["rendering"] :])

        with before_render_template.connected_to(begin, app), template_rendered.connected_to(end, app):
            for path in addresses(app, values):
                assert browser.get(path, htmx=htmx).status_code in (200, 204, 302, 404), path
    assert {"/user/security", "/user/pages", "/user/pages/acme", "/p/acme", "/help/api-keys"} <= set(rendered)
    assert asked == []


def test_an_answer_to_a_form_asks_nothing_while_it_is_rendered(app: Flask, ada: Person) -> None:
    browser = ada.browser()
    with statements() as sent:
        begun: list[int] = []

        def begin(_app: Flask, **_rest: object) -> None:
            begun.append(len(sent))

        with before_render_template.connected_to(begin, app):
            token_in(browser.create_key().text)
        assert len(sent) == begun[-1]


def cost(browser: Browser, path: str) -> int:
    with statements() as sent:
        assert browser.get(path).status_code == 200
    return len(sent)


def test_fifty_pages_take_no_more_queries_than_one(ada: Person) -> None:
    ada.set_plan("business")
    browser = ada.browser()
    ada.page_api("Page 0").post("/components", name="Web")
    one = cost(browser, "/user/pages")
    for number in range(1, 50):
        slug = ada.create_page(f"Page {number}")
        if number < 5:
            ada.api(f"/api/v1/pages/{slug}").post("/components", name="Web")
    assert cost(browser, "/user/pages") == one


def test_twenty_keys_take_no_more_queries_than_one(ada: Person) -> None:
    browser = ada.browser()
    ada.create_key()
    one = cost(browser, "/user/security")
    for number in range(19):
        ada.create_key(f"key {number}")
    assert cost(browser, "/user/security") == one
