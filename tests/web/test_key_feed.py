"""Seeing in time that keys end: a private feed, the summary, spk doctor and a metric."""

import re
from datetime import timedelta

from flask.testing import FlaskClient

from tests.people import Person


def feed_of(person: Person) -> str:
    """The path of the feed, as the page has it."""
    found = re.search(
        r'<code class="address">http://[^/]+([^<]+)</code>', person.browser().get("/user/security").text
    )
    assert found
    return found[1]


def test_the_feed_has_the_keys_that_end_within_two_weeks(ada: Person, client: FlaskClient) -> None:
    soon = ada.create_key("Soon", timedelta(days=3))
    ada.create_key("Later", timedelta(days=20))
    ada.create_key("Never")
    ada.revoke(ada.create_key("Revoked", timedelta(days=3)))
    answer = client.get(feed_of(ada))
    assert answer.mimetype == "application/atom+xml"
    assert re.findall("“([^”]+)” ends on", answer.text) == ["Soon"]
    assert soon[:12] in answer.text
    assert soon not in answer.text


def test_the_feed_is_of_one_person(ada: Person, eve: Person, client: FlaskClient) -> None:
    eve.create_key("Hers", timedelta(days=3))
    ada.create_key()
    assert "Hers" not in client.get(feed_of(ada)).text


def test_a_new_address_ends_the_old_one(ada: Person, client: FlaskClient) -> None:
    ada.create_key()
    before = feed_of(ada)
    ada.browser().submit("/user/security/api-keys/feed")
    assert client.get(before).status_code == 404
    assert client.get(feed_of(ada)).status_code == 200


def test_a_disabled_account_has_no_feed(ada: Person, client: FlaskClient) -> None:
    ada.create_key()
    path = feed_of(ada)
    ada.disable()
    assert client.get(path).status_code == 404


def test_a_made_up_address_has_no_feed(client: FlaskClient) -> None:
    for secret in ("", "x", "WzEsMF0", "WzEsMF0.x", "é" * 5000):
        assert client.get("/keys.atom", query_string={"secret": secret}).status_code == 404


def test_the_summary_and_the_row_say_that_a_key_ends_soon(ada: Person) -> None:
    ada.create_key("Soon", timedelta(days=3, minutes=1))
    page = ada.browser().get("/user/security").text
    assert "<strong>1 expires soon</strong>" in page
    assert "<strong>Expires in 3 days</strong>" in page


def test_the_last_hours_are_told_in_hours(ada: Person) -> None:
    ada.create_key("Soon", timedelta(hours=5, minutes=1))
    assert "Expires in 5 hours" in ada.browser().get("/user/security").text
