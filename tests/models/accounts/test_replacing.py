"""Replacing a key: both work until the old one ends."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from spk.db import now, reading, writing
from spk.models import Event, User
from spk.models.accounts.api_key_list import ApiKeyList
from spk.models.accounts.key_rights import LAST_DAY, end_of
from spk.models.accounts.owned_keys import ENDS, KeyLimitReached, NotReplaceable, OwnedKeys
from tests.people import Person, bearer


def owned(person: Person) -> OwnedKeys:
    user = User.find(person.email)
    assert user is not None
    return OwnedKeys(user)


def works(client: FlaskClient, token: str) -> bool:
    return client.get("/api/v1/whoami", headers=bearer(token)).status_code == 200


def test_the_new_key_has_the_name_and_rights_of_the_old_one(ada: Person) -> None:
    old = ada.create_key("Deploy", timedelta(days=30), scopes=("gate",), networks=("10.0.0.0/8",))
    ada.age(old, created_at=timedelta(days=10), expires_at=-timedelta(days=20))
    key = ada.key(ada.replace_key(old))
    assert (key.name, key.scopes, key.networks) == ("Deploy", ("gate",), ("10.0.0.0/8",))
    assert key.expires_at is not None
    assert abs(key.expires_at - key.created_at - timedelta(days=30)) < timedelta(minutes=1)


def test_the_old_key_ends_with_the_first_use_of_the_new_one(ada: Person, client: FlaskClient) -> None:
    old = ada.create_key()
    new = ada.replace_key(old)
    assert works(client, old)
    assert works(client, old)
    assert works(client, new)
    assert not works(client, old)
    assert ada.key(old).status == "Expired"


def test_a_refused_request_with_the_new_key_ends_nothing(ada: Person, client: FlaskClient) -> None:
    old = ada.create_key()
    new = ada.replace_key(old)
    assert client.get("/api/v1/pages/none", headers=bearer(new)).status_code == 404
    assert works(client, old)


@pytest.mark.parametrize("ends", [ends for ends, wait in ENDS.items() if wait])
def test_the_old_key_ends_after_a_time_whatever_is_used(ends: str, ada: Person, client: FlaskClient) -> None:
    old = ada.create_key()
    new = ada.replace_key(old, ends)
    assert works(client, new)
    assert works(client, old)
    wait = ENDS[ends]
    assert wait is not None
    end = ada.key(old).ends_at
    assert end is not None
    assert abs(end - now() - wait) < timedelta(minutes=1)
    ada.age(old, retires_at=timedelta(seconds=1))
    assert not works(client, old)


def test_a_key_never_lives_longer_because_it_is_replaced(ada: Person) -> None:
    old = ada.create_key(lifetime=timedelta(minutes=5))
    before = ada.key(old).ends_at
    ada.replace_key(old, "week")
    assert ada.key(old).ends_at == before


def test_answers_to_the_old_key_say_that_and_when_it_ends(ada: Person, client: FlaskClient) -> None:
    old = ada.create_key()
    new = ada.replace_key(old, "day")
    answer = client.get("/api/v1/whoami", headers=bearer(old))
    replaced_at = ada.key(old).replaced_at
    assert replaced_at is not None
    assert answer.headers["Deprecation"] == f"@{int(replaced_at.timestamp())}"
    assert answer.headers["Sunset"].endswith("GMT")
    assert answer.json is not None
    assert answer.json["key"]["replaced_by"] == new[:12]
    assert "Deprecation" not in client.get("/api/v1/whoami", headers=bearer(new)).headers


def test_the_refusal_of_a_replaced_key_names_the_other(ada: Person, client: FlaskClient) -> None:
    old = ada.create_key()
    new = ada.replace_key(old)
    assert works(client, new)
    assert new[:12] in client.get("/api/v1/whoami", headers=bearer(old)).text


def test_a_key_that_is_being_replaced_does_not_count(ada: Person) -> None:
    tokens = [ada.create_key() for _ in range(20)]
    ada.replace_key(tokens[0])
    with pytest.raises(KeyLimitReached):
        ada.create_key()
    ada.revoke(tokens[1])
    ada.create_key()


def test_a_key_whose_replacement_has_expired_counts_on_the_page_and_for_the_limit(ada: Person) -> None:
    new = ada.replace_key(ada.create_key(lifetime=timedelta(days=300)), "week")
    ada.age(new, expires_at=timedelta(seconds=1))
    with ada.app.app_context(), reading():
        assert ApiKeyList.of(owned(ada).user).counted == 1
    for _ in range(19):
        ada.create_key()
    with pytest.raises(KeyLimitReached):
        ada.create_key()


def test_a_key_whose_replacement_was_revoked_counts_and_is_replaced_again(
    ada: Person, client: FlaskClient
) -> None:
    old = ada.create_key()
    ada.revoke(ada.replace_key(old))
    assert works(client, old)
    new = ada.replace_key(old)
    assert works(client, new)
    assert not works(client, old)


def test_a_key_whose_replacement_was_revoked_is_what_it_was(ada: Person, client: FlaskClient) -> None:
    old = ada.create_key(lifetime=timedelta(days=300))
    before = ada.key(old).ends_at
    ada.revoke(ada.replace_key(old, "day"))
    key = ada.key(old)
    assert (key.ends_at, key.replaced_at, key.replaced_by) == (before, None, None)
    assert "Deprecation" not in client.get("/api/v1/whoami", headers=bearer(old)).headers
    assert ada.key(ada.replace_key(old)).expires_at is not None


def test_a_key_that_has_ended_by_another_servers_clock_does_not_come_back(
    ada: Person, client: FlaskClient
) -> None:
    old = ada.create_key()
    new = ada.replace_key(old)
    assert works(client, new)
    ada.age(old, retires_at=-timedelta(seconds=30))  # as a server says whose clock is ahead
    ada.revoke(new)
    assert ada.key(old).ends_at is not None


def test_a_key_for_ever_is_replaced_by_a_key_for_ever_again(ada: Person) -> None:
    old = ada.create_key()
    ada.revoke(ada.replace_key(old, "day"))
    assert ada.key(ada.replace_key(old, "week")).ends_at is None


def test_a_key_that_ends_after_thousands_of_years_is_replaced(ada: Person) -> None:
    old = ada.create_key(lifetime=end_of(LAST_DAY) - now())
    ada.age(old, created_at=timedelta(days=500))
    assert ada.key(ada.replace_key(old)).ends_at is not None


def test_nobody_gets_more_keys_by_replacing_again_and_again(ada: Person) -> None:
    old = ada.create_key()
    new = ada.replace_key(old, "week")
    with pytest.raises(NotReplaceable, match="already"):
        ada.replace_key(old, "week")
    with pytest.raises(NotReplaceable, match="still works"):
        ada.replace_key(new, "week")
    ada.revoke(old)
    ada.replace_key(new, "week")


def test_what_has_ended_is_not_replaced(ada: Person) -> None:
    old = ada.create_key()
    ada.revoke(old)
    with pytest.raises(NotReplaceable, match="no longer works"):
        ada.replace_key(old)


def test_a_successor_of_one_person_ends_no_key_of_another(
    app: Flask, ada: Person, eve: Person, client: FlaskClient
) -> None:
    hers = eve.create_key()
    assert works(client, ada.replace_key(ada.create_key()))
    assert works(client, hers)


def test_a_name_is_changed_and_nothing_else(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key("Old")
    before = {name: value for name, value in vars(ada.key(token)).items() if name[0] != "_"}
    with ada.app.app_context(), writing():
        key = owned(ada).find(token[:12])
        assert key is not None
        key.rename("  New   name ")
    after = {name: value for name, value in vars(ada.key(token)).items() if name[0] != "_"}
    assert after == before | {"name": "New name"}
    assert works(client, token)
    with ada.app.app_context(), reading():
        assert Event.recent(owned(ada).user)[0].action == "api_key:rename"
