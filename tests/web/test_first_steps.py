"""The list that leads a new account to a component that a script reports, and then goes away."""

import html
import re
from datetime import timedelta

import pytest

from tests.people import Person

STEPS = ("Create a status page", "Add a component", "Create an API key", "Change the component from a script")


def first_steps(page: str) -> str:
    found = re.search(r'<section id="first-steps".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def steps(person: Person, path: str = "/user/security") -> list[tuple[str, str]]:
    """The class of each step and the first words of it."""
    found = re.findall(r'<li(?: class="(\w+)")?>(.*?)(?=<li|</ol>)', _list(person, path), re.DOTALL)
    return [(kind, next(step for step in STEPS if step in words)) for kind, words in found]


def _list(person: Person, path: str) -> str:
    return first_steps(person.browser().get(path).text)


def test_a_new_account_begins_with_a_page(ada: Person) -> None:
    assert steps(ada) == [("next", STEPS[0]), *(("", step) for step in STEPS[1:])]
    assert '<a href="/user/pages">Create a status page</a>' in _list(ada, "/user/security")


def test_each_step_leads_to_the_next(ada: Person) -> None:
    ada.create_page()
    assert [kind for kind, _ in steps(ada, "/user/pages")] == ["ticked", "next", "", ""]
    assert '<a href="/user/pages/acme#components">Add a component</a>' in _list(ada, "/user/pages")
    ada.browser().submit("/user/pages/acme/components", name="Web")
    assert [kind for kind, _ in steps(ada, "/user/pages/acme")] == ["ticked", "ticked", "next", ""]
    assert '<a href="/user/security#api-keys">Create an API key</a>' in _list(ada, "/user/pages/acme")
    ada.create_key()
    assert [kind for kind, _ in steps(ada)] == ["ticked", "ticked", "ticked", "next"]


def test_the_last_step_has_a_call_for_ones_own_component_and_its_state(ada: Person) -> None:
    ada.page_api("Acme", "Web")
    last = html.unescape(_list(ada, "/user/security"))
    assert "/api/v1/pages/acme/components/web</code>" in last
    assert """{"component": {"status": "degraded_performance"}}""" in last
    assert "Waiting for the first request with this key…" in last
    assert "Operational" in last


def test_an_open_page_tells_that_a_script_has_reported(ada: Person) -> None:
    acme, browser = ada.page_api("Acme", "Web"), ada.browser()
    acme.get("/components/web")
    told = browser.get("/user/first-steps", htmx=True).text
    assert "First request received." in told
    assert "Operational" in told
    acme.patch("/components/web", status="degraded_performance")
    told = browser.get("/user/first-steps", htmx=True).text
    assert "You’re set up" in told
    assert "Degraded performance" in told
    assert "operational" in html.unescape(told).partition("-d '")[2].partition("'")[0]  # sets it back


@pytest.mark.parametrize("path", ["/user/security", "/user/pages", "/user/pages/acme"])
def test_once_a_script_has_called_the_list_is_gone(path: str, ada: Person) -> None:
    acme = ada.page_api("Acme", "Web")
    assert _list(ada, path)
    acme.get("/components/web")
    assert _list(ada, path) == ""


def test_a_list_that_is_gone_stays_so_with_another_key_and_without_any(ada: Person) -> None:
    acme = ada.page_api("Acme", "Web")
    acme.get("/components/web")
    ada.create_key("Another")
    assert _list(ada, "/user/security") == ""
    ada.revoke(acme.token)
    assert _list(ada, "/user/security") == ""


def test_a_change_by_hand_is_no_script(ada: Person) -> None:
    ada.page_api("Acme", "Web")
    ada.browser().submit("/user/pages/acme/statuses", status_web="major_outage")
    assert _list(ada, "/user/security")


def test_whoever_began_with_the_key_is_led_to_a_page(ada: Person) -> None:
    ada.api().get("/whoami")
    assert [kind for kind, _ in steps(ada)] == ["next", "", "ticked", ""]
    ada.create_page()
    assert [kind for kind, _ in steps(ada)] == ["ticked", "next", "ticked", ""]


@pytest.mark.parametrize("htmx", [True, False])
def test_an_open_page_leads_nobody_away_who_was_signed_out(ada: Person, htmx: bool) -> None:
    browser = ada.browser()
    browser.submit("/logout")
    answer = browser.get("/user/first-steps", htmx=htmx)
    assert (answer.status_code, "HX-Redirect" in answer.headers) == (204 if htmx else 302, False)


def test_whoever_has_been_here_for_longer_is_not_led(ada: Person) -> None:
    ada.joined(timedelta(days=13))
    assert _list(ada, "/user/security")
    ada.joined(timedelta(days=15))
    assert _list(ada, "/user/security") == ""
    assert ada.browser().get("/user/first-steps", htmx=True).status_code == 204


def test_a_plan_without_api_access_ends_with_the_component(ben: Person) -> None:
    assert [step for _, step in steps(ben)] == list(STEPS[:2])
    ben.create_page()
    ben.browser().submit("/user/pages/acme/components", name="Web")
    assert _list(ben, "/user/security") == ""


def test_a_key_that_can_no_longer_be_used_is_none(ada: Person) -> None:
    ada.create_page()
    ada.browser().submit("/user/pages/acme/components", name="Web")
    ada.revoke(ada.create_key())
    assert [kind for kind, _ in steps(ada)] == ["ticked", "ticked", "next", ""]


def test_an_open_page_asks_only_while_the_key_is_new(ada: Person) -> None:
    ada.create_page()
    assert "hx-trigger" not in _list(ada, "/user/security")
    token = ada.create_key()
    assert 'hx-trigger="every 3s"' in _list(ada, "/user/security")
    ada.age(token, created_at=timedelta(minutes=11))
    assert "hx-trigger" not in _list(ada, "/user/security")


def test_after_creating_a_key_the_list_is_a_step_further(ada: Person) -> None:
    ada.create_page()
    ada.browser().submit("/user/pages/acme/components", name="Web")
    created = ada.browser().submit("/user/security/api-keys", htmx=True, name="CI").text
    assert '<hx-partial hx-target="#first-steps"' in created
    assert "/api/v1/pages/acme/components/web" in first_steps(created)
