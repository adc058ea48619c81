"""A key’s details: what it may do, how it was used, and its new name or successor."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from spk.db import db, reading, writing
from spk.models import ApiKeyDay, User
from spk.models.accounts import use_counter
from spk.models.accounts.key_use import REFUSALS, KeyUse, Uses
from spk.models.accounts.owned_keys import OwnedKeys
from spk.models.accounts.use_counter import write_uses
from tests.locks import write_lock
from tests.people import Person, bearer


def details(person: Person, token: str) -> str:
    return person.browser().get(f"/user/security/api-keys/{token[:12]}").text


def ask(client: FlaskClient, token: str, path: str = "/api/v1/whoami") -> int:
    headers = {**bearer(token), "User-Agent": "curl/8.5.0"}
    return client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": "203.0.113.7"}).status_code


def use_of(person: Person, token: str) -> KeyUse:
    with person.app.app_context():
        write_uses(everything=True)
        with reading():
            user = User.find(person.email)
            assert user is not None
            key = OwnedKeys(user).find(token[:12])
            assert key is not None
            return KeyUse.of(key)


def test_the_page_says_from_where_and_with_what_a_key_was_last_used(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ask(client, token)
    assert re.search(r"UTC from 203\.0\.113\.7 with curl/8\.5\.0", details(ada, token))
    revoke = ada.browser().get(f"/user/security/api-keys/{token[:12]}/revoke").text
    assert re.search(r"This key was used [^.]+ from 203\.0\.113\.7, curl\.", revoke)


def test_successes_and_refusals_are_counted_by_day(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    for path in ["/api/v1/whoami"] * 3 + ["/api/v1/pages/none"] * 2:
        ask(client, token, path)
    use = use_of(ada, token)
    assert len(use.days) == 30
    assert (use.days[-1].successes, use.days[-1].refusals) == (3, 2)
    assert '3 successful</span> · <span class="bad">2 refused' in details(ada, token)


def test_a_refusal_says_why(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key(scopes=("gate",))
    assert ask(client, token, "/api/v1/pages?search=secret") == 403
    page = details(ada, token)
    assert re.search(r"403 insufficient_scope</strong> <code>/api/v1/pages</code> from 203\.0\.113\.7", page)
    assert "secret" not in page


def test_a_missing_feature_is_told_apart_from_a_missing_scope(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ada.set_plan("free")
    ask(client, token)
    assert "403 plan_required" in details(ada, token)


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/api/v1/pages/a%00b", "/api/v1/pages/a�b"), ("/api/v1/pages/{token}", "/api/v1/pages/{prefix}…")],
)
def test_a_path_is_kept_without_what_no_database_takes_and_without_tokens(
    path: str, shown: str, ada: Person, client: FlaskClient
) -> None:
    token = ada.create_key()
    ask(client, token, path.format(token=token))
    (refusal,) = use_of(ada, token).refusals
    assert refusal.path == shown.format(prefix=token[:12])


def test_what_was_done_with_a_key_is_listed(ada: Person) -> None:
    api = ada.api()
    api.post("/pages", name="Acme")
    page = ada.browser().get(f"/user/security?key={api.token[:12]}").text.split('id="activity"')[1]
    assert "Created the status page “Acme”" in page
    assert f"by the key “CI” {api.token[:12]}…" in page


def test_the_last_twenty_refusals_are_kept(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    for number in range(30):
        ask(client, token, f"/api/v1/pages/none{number}")
    for number in range(30, 35):
        use_of(ada, token)
        ask(client, token, f"/api/v1/pages/none{number}")
    use = use_of(ada, token)
    newest = [f"/api/v1/pages/none{number}" for number in range(34, 34 - REFUSALS, -1)]
    assert [each.path for each in use.refusals] == newest
    assert use.days[-1].refusals == 35


def test_a_revoked_key_that_is_still_tried_says_so(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ask(client, token, "/api/v1/pages/none")
    ada.revoke(token)
    for _ in range(14):
        ask(client, token)
    use_of(ada, token)
    key = ada.key(token)
    assert (key.tries, key.tried_from) == (14, "203.0.113.7")
    assert "Still tried 14 times, last now from 203.0.113.7" in ada.browser().get("/user/security").text


def test_a_wrong_secret_with_a_known_prefix_counts_for_nobody(ada: Person, client: FlaskClient) -> None:
    token, other = ada.create_key(), ada.create_key()
    wrong = token[:12] + other[12:]
    ask(client, wrong)
    assert use_of(ada, token).refusal_count == 0


def test_uses_are_written_seldom(app: Flask, ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ask(client, token)
    with app.app_context():
        write_uses()
        for _ in range(3):
            ask(client, token)
        write_uses()
        with reading():
            user = User.find(ada.email)
            assert user is not None
            key = OwnedKeys(user).find(token[:12])
            assert key is not None
            assert KeyUse.of(key).success_count == 1
    assert use_of(ada, token).success_count == 4


def test_what_can_not_be_written_is_kept(app: Flask, ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ask(client, token)
    with app.app_context():
        counter = use_counter.key_uses()
        for _ in range(2):
            for key_id, uses in counter.take(everything=True).items():
                counter.put_back(key_id, uses)
    assert use_of(ada, token).success_count == 1


@pytest.mark.only_sqlite("PostgreSQL locks rows, and nobody else has these")
def test_uses_that_a_busy_database_did_not_take_are_written_later(
    app: Flask, ada: Person, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    token = ada.create_key()
    ask(client, token)
    with write_lock(app), app.app_context():
        write_uses()
    assert "could not write how keys were used" in caplog.text
    assert use_of(ada, token).success_count == 1


def test_what_is_wrong_with_the_uses_of_a_key_loses_those_of_no_other(
    app: Flask, ada: Person, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, right = ada.key(ada.create_key()), ada.create_key()
    with app.app_context():
        use_counter.key_uses().put_back(wrong.id, Uses(tries=1))  # of which there would be a last one
    ask(client, right)
    assert use_of(ada, right).success_count == 1
    assert "lost how a key was used" in caplog.text


def test_a_busy_database_keeps_nobody_from_an_answer(app: Flask, ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ask(client, token)
    with write_lock(app):
        assert ask(client, token) == 200


def test_old_days_are_deleted(app: Flask, ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    ask(client, token)
    old = use_of(ada, token).days[0].day.replace(year=2020)
    with app.app_context(), writing():
        user = User.find(ada.email)
        assert user is not None
        key = OwnedKeys(user).find(token[:12])
        assert key is not None
        db.session.add(ApiKeyDay(api_key_id=key.id, day=old, successes=1, refusals=0))
    ask(client, token)
    assert use_of(ada, token).success_count == 2
    with app.app_context(), reading():
        assert db.session.get(ApiKeyDay, (key.id, old)) is None


@pytest.mark.parametrize("htmx", [True, False])
def test_a_key_is_renamed_in_place(htmx: bool, ada: Person) -> None:
    token = ada.create_key("Old")
    browser = ada.browser()
    answer = browser.submit(f"/user/security/api-keys/{token[:12]}/rename", name="New", htmx=htmx)
    assert answer.status_code == (200 if htmx else 303)
    page = answer.text if htmx else browser.get("/user/security").text
    assert "“Old” is now “New”." in page
    assert ada.key(token).name == "New"


def test_a_name_that_does_not_fit_leaves_the_old_one(ada: Person) -> None:
    token = ada.create_key("Old")
    answer = ada.browser().submit(f"/user/security/api-keys/{token[:12]}/rename", name=" ", htmx=True)
    assert answer.status_code == 422
    assert "Enter a name for this key." in answer.text
    assert answer.headers["HX-Retarget"] == f"#details-{token[:12]}"
    assert ada.key(token).name == "Old"


def test_replacing_shows_the_new_token_once(ada: Person) -> None:
    old = ada.create_key("Deploy")
    browser = ada.browser()
    answer = browser.submit(f"/user/security/api-keys/{old[:12]}/replace", ends="hour")
    assert answer.status_code == 201
    found = re.search(r"spk_[0-9A-Za-z]{46}", answer.text)
    assert found
    page = browser.get("/user/security").text
    assert found[0] not in page
    assert "Works until " in page
    assert f"replaced by <code>{found[0][:12]}…" in page
    assert f"Replaces <code>{old[:12]}…" in page


def test_a_replacement_without_a_choice_waits_for_the_first_use(ada: Person) -> None:
    old = ada.create_key()
    answer = ada.browser().submit(f"/user/security/api-keys/{old[:12]}/replace")
    assert answer.status_code == 201
    assert "Works until the new key is first used" in answer.text


def test_a_second_replacement_is_refused_with_the_reason(ada: Person) -> None:
    old = ada.create_key("Deploy")
    browser = ada.browser()
    browser.submit(f"/user/security/api-keys/{old[:12]}/replace")
    answer = browser.submit(f"/user/security/api-keys/{old[:12]}/replace")
    assert answer.status_code == 409
    assert "“Deploy” is being replaced by" in answer.text


@pytest.mark.parametrize("what", ["", "/rename", "/replace"])
def test_the_details_of_a_stranger_are_not_found(what: str, ada: Person, eve: Person) -> None:
    token = ada.create_key()
    browser = eve.browser()
    path = f"/user/security/api-keys/{token[:12]}{what}"
    answer = browser.submit(path, name="x", ends="hour") if what else browser.get(path)
    assert answer.status_code == 404
    assert "That key isn’t in your account." in answer.text


@pytest.mark.parametrize("name", ["=cmd", "＝cmd"])
def test_activity_is_a_file_without_formulas(name: str, ada: Person) -> None:
    ada.create_page(name)
    token = ada.create_key()
    browser = ada.browser()
    text = browser.get("/user/security/activity.csv").text
    lines = text.splitlines()
    assert lines[0] == '"time","account","action","subject","door","address","browser","key"'
    assert any(f'"status_page:create","\'{name}","' in line for line in lines)
    assert browser.get("/user/security/activity.csv?key=%00").status_code == 200
    of_key = browser.get(f"/user/security/activity.csv?key={token[:12]}").text
    assert len(of_key.splitlines()) == 2


def test_activity_is_filtered_by_key(ada: Person) -> None:
    token, other = ada.create_key(), ada.create_key()
    page = ada.browser().get(f"/user/security?key={token[:12]}").text.split('id="activity"')[1]
    assert token[:12] in page
    assert other[:12] not in page


def test_nobody_reads_the_activity_of_somebody_else(ada: Person, eve: Person) -> None:
    token = ada.create_key()
    assert token[:12] not in eve.browser().get(f"/user/security/activity.csv?key={token[:12]}").text


def test_a_spreadsheet_splits_no_cell_of_the_activity_at_another_sign(ada: Person) -> None:
    ada.create_page("x;=cmd")
    assert '"x;=cmd"' in ada.browser().get("/user/security/activity.csv").text


def test_an_event_says_by_which_door_it_came(ada: Person) -> None:
    ada.browser().create_key()
    ada.api().post("/pages", name="Acme")
    rows = ada.browser().get("/user/security/activity.csv").text
    assert re.search(r'"api_key:create","spk_\w{8}","page","127\.0\.0\.1",', rows)
    assert re.search(r'"status_page:create","Acme","api","127\.0\.0\.1","","spk_\w{8}"', rows)
