"""Reports of tokens that were found in the open."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from spk.db import reading
from spk.models import ApiKey, Event, User
from spk.models.accounts.token import checksum
from tests.people import Person, bearer


def report(client: FlaskClient, *tokens: object, address: str = "203.0.113.7") -> TestResponse:
    return client.post(
        "/api/v1/credentials/revoke",
        json={"credentials": list(tokens)},
        environ_overrides={"REMOTE_ADDR": address},
    )


def test_a_reported_token_is_refused_at_once_and_says_why(ada: Person, client: FlaskClient) -> None:
    token, other = ada.create_key(), ada.create_key()
    assert report(client, "nonsense", token).status_code == 202
    answer = client.get("/api/v1/whoami", headers=bearer(token))
    assert answer.status_code == 401
    assert "reported as leaked" in answer.text
    assert client.get("/api/v1/whoami", headers=bearer(other)).status_code == 200


def test_the_owner_sees_that_it_was_reported_and_from_where(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key("Deploy")
    report(client, token)
    browser = ada.browser()
    assert "Reported as leaked from 203.0.113.7, " in browser.get("/user/security").text
    assert "As leaked, from 203.0.113.7" in browser.get(f"/user/security/api-keys/{token[:12]}").text
    with ada.app.app_context(), reading():
        user = User.find(ada.email)
        assert user is not None
        event = Event.recent(user)[0]
        assert (event.action, event.subject) == ("api_key:leak", token[:12])
        assert (event.door, event.address) == ("api", "203.0.113.7")


def test_an_address_of_any_length_reports(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert report(client, token, address=f"[{'2001:db8:' * 7}1%eth0]:50001").status_code == 202
    found = ada.key(token)
    assert (found.status, len(found.leaked_from or "")) == ("Revoked", 45)


def test_the_answer_is_the_same_whatever_the_tokens_are(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    wrong = token[:12] + ada.create_key()[12:]
    answers = [report(client, *tokens) for tokens in ([token], [token], [wrong], ["x" * 9000], [""], [])]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, "{}")}


def test_a_made_up_token_beside_the_real_one_blinds_no_report(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    random = token[4:12] + "0" * 32
    decoy = f"spk_{random}{checksum(random)}"
    report(client, token, decoy)
    assert ada.key(token).status == "Revoked"


def test_a_prefix_is_not_enough(ada: Person, client: FlaskClient) -> None:
    token, other = ada.create_key(), ada.create_key()
    report(client, token[:12], token[:-1], token[:12] + other[12:])
    assert client.get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_a_revoked_key_keeps_its_day_and_its_reason(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.revoke(token)
    before = ada.key(token).revoked_at
    report(client, token)
    assert (ada.key(token).revoked_at, ada.key(token).leaked_from) == (before, None)


@pytest.mark.parametrize(
    "body", [{"credentials": ["x"] * 1001}, {"credentials": [1]}, {"credentials": "x"}, {}]
)
def test_a_report_that_is_none_says_so(body: object, client: FlaskClient) -> None:
    answer = client.post("/api/v1/credentials/revoke", json=body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["fields"]


def test_a_thousand_tokens_are_taken_at_once(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert report(client, *(["spk_" + "0" * 46] * 999), token).status_code == 202
    assert ada.key(token).status == "Revoked"


def test_an_address_that_reports_too_much_is_told_to_wait(client: FlaskClient) -> None:
    statuses = [report(client, "x").status_code for _ in range(61)]
    assert statuses == [202] * 60 + [429]
    assert report(client, "x", address="203.0.113.8").status_code == 202


def test_a_session_plays_no_part(ada: Person) -> None:
    """Only a token ends its key, so no form of another site does."""
    token = ada.create_key()
    answer = ada.browser().client.post("/api/v1/credentials/revoke", json={"credentials": [token[:12]]})
    assert "Set-Cookie" not in answer.headers
    assert ada.key(token).status == "Active"


def test_a_reported_key_is_nobodys_to_bring_back(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    report(client, token)
    with ada.app.app_context(), reading():
        key = ApiKey.find(token[:12])
        assert key is not None
        assert not key.is_active
