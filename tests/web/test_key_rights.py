"""More options of the form that creates a key, and what its row and dialog say of them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from spk.db import now
from tests.people import Person, bearer

TOKEN = re.compile(r"spk_[0-9A-Za-z]{46}")
TOMORROW = (now() + timedelta(days=1)).date()


def created(person: Person, **fields: str) -> str:
    """The token of a key that was made with the form."""
    answer = person.browser().create_key(htmx=False, **fields)
    assert answer.status_code == 201, answer.text
    found = TOKEN.search(answer.text)
    assert found
    return found[0]


def refusal(person: Person, **fields: str) -> str:
    """What the form says of a key that is not made."""
    answer = person.browser().create_key(htmx=False, **fields)
    assert answer.status_code == 422
    assert person.keys() == []
    found = re.search(r'class="error"[^>]*>([^<]+)', answer.text)
    assert found
    return found[1]


def test_the_form_of_the_article_makes_a_key_that_may_do_everything(ada: Person) -> None:
    key = ada.key(created(ada))
    assert (key.scopes, key.page_ids, key.networks, key.expires_at) == (None, None, None, None)


@pytest.mark.parametrize(
    ("fields", "scopes"),
    [
        ({"access": "everything"}, None),
        (
            {"access": "read"},
            (
                *("status_pages:read", "components:read", "incidents:read"),
                *("maintenances:read", "analytics:read"),
            ),
        ),
        ({"access": "report"}, ("components:write", "incidents:write", "maintenances:write")),
        ({"access": "choose", "scopes": "gate"}, ("gate",)),
        ({"access": "choose", "scopes": "gate:grafana"}, ("gate:grafana",)),
        ({"access": "choose", "audiences": "wiki, grafana"}, ("gate:grafana", "gate:wiki")),
    ],
)
def test_access_is_chosen_in_plain_words(
    fields: dict[str, str], scopes: tuple[str, ...] | None, ada: Person
) -> None:
    assert ada.key(created(ada, **fields)).scopes == scopes


def test_pages_and_addresses_are_chosen(ada: Person) -> None:
    slug = ada.create_page("Acme")
    key = ada.key(created(ada, pages=slug, addresses="203.0.113.9/24, ::ffff:10.0.0.1\r\n2001:DB8::/32"))
    assert key.page_ids is not None
    assert len(key.page_ids) == 1
    assert key.networks == ("203.0.113.0/24", "10.0.0.1", "2001:db8::/32")


def test_a_day_of_ones_own_ends_with_its_last_second_in_utc(ada: Person) -> None:
    key = ada.key(created(ada, lifetime="custom", expires_on=TOMORROW.isoformat()))
    assert key.expires_at == datetime(TOMORROW.year, TOMORROW.month, TOMORROW.day, 23, 59, 59, tzinfo=UTC)
    assert f"{TOMORROW:%-d %b %Y}, 23:59 UTC" in ada.browser().get("/user/security").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"access": "choose"}, "Choose what the key may do."),
        ({"access": "root"}, "Not a valid choice."),
        ({"access": "everything", "scopes": "gate"}, "Choose “Choose…” above"),
        ({"access": "read", "audiences": "wiki"}, "Choose “Choose…” above"),
        ({"access": "choose", "scopes": "keys:write"}, "There is no scope “keys:write”."),
        ({"access": "choose", "audiences": "Wiki"}, "An audience has"),
        ({"access": "choose", "audiences": "w " * 2000}, "Name 30 programs or fewer."),
        ({"pages": "nothing"}, "You have no page “nothing”."),
        ({"addresses": "example.com"}, "“example.com” is not an address"),
        ({"addresses": "fe80::1%eth0"}, "“fe80::1%eth0” is not an address"),
        ({"addresses": "10.0.0.1 " * 600}, "List 50 addresses or fewer."),
        ({"lifetime": "custom"}, "Enter a day like 2026-12-24."),
        ({"lifetime": "custom", "expires_on": "24.12.2026"}, "Enter a day like 2026-12-24."),
        ({"lifetime": "custom", "expires_on": "2020-01-01"}, "Choose a day in the future."),
        ({"lifetime": "custom", "expires_on": "9999-12-31"}, "Enter a day like 2026-12-24."),
        ({"lifetime": "", "expires_on": TOMORROW.isoformat()}, "Choose “On a day…” above"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(fields: dict[str, str], words: str, ada: Person) -> None:
    assert refusal(ada, **fields).replace("&#34;", '"').startswith(words)


def test_a_page_of_somebody_else_is_no_choice(ada: Person, eve: Person) -> None:
    slug = eve.create_page("Secret")
    assert refusal(ada, pages=slug) == "You have no page “secret”."
    assert "Secret" not in ada.browser().get("/user/security").text


def test_what_was_typed_is_kept_when_something_is_refused(ada: Person) -> None:
    page = ada.browser().create_key(access="choose", scopes="gate", addresses="10.0.0.1 nonsense").text
    assert re.search(r'<input[^>]*checked[^>]*value="gate"', page)
    assert "10.0.0.1 nonsense</textarea>" in page


def test_the_dialog_repeats_what_was_chosen_in_a_sentence(ada: Person) -> None:
    slug = ada.create_page("Acme")
    answer = ada.browser().create_key(
        access="report", pages=slug, lifetime="custom", expires_on=TOMORROW.isoformat()
    )
    end = f"{TOMORROW:%-d %b %Y}, 23:59 UTC"
    assert f"Report from CI, on Acme, from anywhere, until {end}." in answer.text


def test_the_row_says_what_limits_a_key(ada: Person) -> None:
    created(ada, access="read", addresses="203.0.113.7")
    assert "Read only · from 203.0.113.7" in ada.browser().get("/user/security").text


def test_a_plan_may_bound_how_long_keys_live(ada: Person) -> None:
    plan = ada.app.config["PLANS"]["pro"]
    ada.app.config["PLANS"]["pro"] = plan.model_copy(update={"longest_key_days": 40, "default_key_days": 20})
    try:
        page = ada.browser().get("/user/security").text
        assert "Never</option>" not in page
        assert '<option selected value="20">In 20 days</option>' in page
        late = (now() + timedelta(days=41)).date().isoformat()
        words = "Your plan allows keys for 40 days at most: choose an earlier end."
        assert refusal(ada, lifetime="custom", expires_on=late) == words
        last = (now() + timedelta(days=40)).date().isoformat()
        created(ada, lifetime="custom", expires_on=last)
    finally:
        ada.app.config["PLANS"]["pro"] = plan


def test_the_form_offers_the_addresses_that_keys_were_used_from(ada: Person, client: FlaskClient) -> None:
    client.get(
        "/api/v1/whoami",
        headers=bearer(ada.create_key()),
        environ_overrides={"REMOTE_ADDR": "203.0.113.7"},
    )
    assert "Your keys were last used from 203.0.113.7." in ada.browser().get("/user/security").text
