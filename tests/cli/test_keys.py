"""`spk key` and `spk events`: what programs set up and read."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from spk.db import now
from tests.cli.output import Spk, refusal
from tests.people import Person, bearer


def token_of(spk: Spk, *words: str) -> str:
    result = spk("key", "create", "ada@example.com", "CI", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.rstrip("\n")


def test_a_key_is_made_with_everything_that_limits_it(spk: Spk, ada: Person) -> None:
    slug = ada.create_page("Acme")
    words = ("--expires", "90d", "--scope", "gate:grafana", "--scope", "components:write")
    token = token_of(spk, *words, "--page", slug, "--address", "203.0.113.0/24", "--address", "10.0.0.1")
    key = ada.key(token)
    assert key.scopes == ("components:write", "gate:grafana")
    assert key.networks == ("203.0.113.0/24", "10.0.0.1")
    assert key.page_ids is not None
    assert key.expires_at is not None
    assert abs(key.expires_at - now() - timedelta(days=90)) < timedelta(minutes=1)


def test_hours_are_taken_too(spk: Spk, ada: Person) -> None:
    key = ada.key(token_of(spk, "--expires", "12h"))
    assert key.expires_at is not None
    assert abs(key.expires_at - now() - timedelta(hours=12)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--scope", "root"), "There is no scope “root”."),
        (("--scope", ""), "There is no scope “”."),
        (("--page", "nothing"), "You have no page “nothing”."),
        (("--address", "x"), "“x” is not an address like 203.0.113.7 or 2001:db8::/32."),
    ],
)
def test_a_limit_that_is_none_is_refused_and_no_key_made(
    words: tuple[str, ...], message: str, spk: Spk, ada: Person
) -> None:
    assert refusal(spk("key", "create", "ada@example.com", "CI", *words)) == message
    assert ada.keys() == []


@pytest.mark.parametrize("text", ["90", "0d", "-1d", "1w", "d", "123456d"])
def test_a_lifetime_that_is_none_is_wrong_use(text: str, spk: Spk, ada: Person) -> None:
    result = spk("key", "create", "ada@example.com", "CI", "--expires", text)
    assert (result.exit_code, result.stdout, ada.keys()) == (2, "", [])


def test_a_key_is_replaced(spk: Spk, ada: Person, client: FlaskClient) -> None:
    old = ada.create_key("Deploy")
    result = spk("key", "replace", old[:12])
    assert result.exit_code == 0
    new = result.stdout.rstrip("\n")
    assert client.get("/api/v1/whoami", headers=bearer(new)).status_code == 200
    assert client.get("/api/v1/whoami", headers=bearer(old)).status_code == 401
    assert ada.key(new).name == "Deploy"


def test_a_replacement_that_is_impossible_says_why(spk: Spk, ada: Person) -> None:
    old = ada.create_key("Deploy")
    ada.revoke(old)
    assert refusal(spk("key", "replace", old[:12])) == "“Deploy” no longer works. Create a new key instead."


def test_keys_are_listed_as_json_without_a_hash(spk: Spk, ada: Person) -> None:
    slug = ada.create_page("Acme")
    token = token_of(spk, "--expires", "1d", "--scope", "gate", "--page", slug)
    result = spk("key", "list", "--json")
    (found,) = json.loads(result.stdout)
    assert found["prefix"] == token[:12]
    assert (found["scopes"], found["pages"], found["addresses"]) == (["gate"], [slug], None)
    assert found["expires_at"] is not None
    assert ada.key(token).token_hash not in result.stdout


def test_events_are_listed_with_their_door(spk: Spk, app: Flask, ada: Person, eve: Person) -> None:
    token_of(spk)
    eve.create_key()
    lines = spk("events", "--user", "ada@example.com").stdout.splitlines()
    assert [line.split("\t")[1:3] + line.split("\t")[4:5] for line in lines] == [
        ["ada@example.com", "api_key:create", "command"]
    ]
    rows = [json.loads(line) for line in spk("events", "--json").stdout.splitlines()]
    assert {row["account"] for row in rows} == {"ada@example.com", "eve@example.com"}
