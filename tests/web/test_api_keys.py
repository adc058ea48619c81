"""The API Keys section, without a browser: the same addresses answer pages and fragments."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from spk.db import db, now, writing
from spk.models import ApiKey, User
from spk.models.accounts import token as codec
from spk.web.api_key_forms import PRESETS
from tests.locks import other_connection, others_can_write, take_write_lock
from tests.people import Person, bearer, token_in

NO_ACCESS = "API access isn’t included in this plan."
NOT_YOURS = "That key isn’t in your account."


def section(person: Person) -> str:
    """The API Keys section as it stands on the person's page."""
    found = re.search(
        r'<section id="api-keys".*?</section>', person.browser().get("/user/security").text, re.DOTALL
    )
    return found[0] if found else ""


def nonce_in(page: str) -> str:
    found = re.search(r'name="nonce"[^>]* value="([^"]+)"', page)
    assert found
    return found[1]


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="key-(spk_[0-9A-Za-z]{8})"', page)


def is_fragment(response: TestResponse) -> bool:
    return "<html" not in response.text


def test_without_the_plan_there_is_no_section(ben: Person) -> None:
    page = ben.browser().get("/user/security").text
    assert 'id="api-keys"' not in page
    assert "API access isn’t included in this plan." in page
    assert "See plans with API access" in page


def test_an_upgrade_brings_the_section(ben: Person) -> None:
    ben.set_plan("pro")
    assert 'id="key-create"' in section(ben)


def test_without_the_plan_every_key_address_is_forbidden(ben: Person) -> None:
    browser = ben.browser()
    path = "/user/security/api-keys/spk_AbCd1234"
    answers = [
        browser.get("/user/security/api-keys"),
        browser.create_key(),
        browser.get(f"{path}/revoke"),
        browser.get(f"{path}/first-use"),
        browser.submit(f"{path}/revoke"),
    ]
    for answer in answers:
        assert answer.status_code == 403
        assert NO_ACCESS in answer.text


def test_after_a_downgrade_the_keys_are_listed_to_be_revoked_and_no_more(ada: Person) -> None:
    token = ada.create_key()
    ada.set_plan("free")
    page = section(ada)
    assert "API access isn’t part of your current plan, so these keys don’t work right now." in page
    assert 'id="key-create"' not in page
    assert ada.browser().create_key().status_code == 403
    assert ada.browser().submit(f"/user/security/api-keys/{token[:12]}/revoke").status_code == 303
    assert ada.key(token).status == "Revoked"


def test_an_empty_list_says_what_keys_are_for(ada: Person) -> None:
    assert "No API keys yet" in section(ada)


def test_creating_shows_the_token_once(ada: Person) -> None:
    browser = ada.browser()
    created = browser.create_key("GitHub Actions deploy")
    token = token_in(created.text)
    assert created.status_code == 201
    assert created.text.count(token) == 1
    assert token not in browser.get("/user/security").text


def test_htmx_gets_the_section_and_a_browser_the_page(ada: Person) -> None:
    fragment, page = ada.browser().create_key(htmx=True), ada.browser().create_key()
    assert is_fragment(fragment)
    assert fragment.text.strip().startswith('<section id="api-keys"')
    assert not is_fragment(page)


@pytest.mark.parametrize("htmx", [True, False])
def test_nothing_under_user_is_stored_or_mixed_up_by_a_cache(htmx: bool, ada: Person) -> None:
    answer = ada.browser().create_key(htmx=htmx)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Enter a name for this key."),
        ("   ", "Enter a name for this key."),
        ("x" * 121, "Use 120 characters or fewer. This name has 121."),
        ("a\u202eb", "Use plain text only; this name contains characters that can’t be shown."),
    ],
)
def test_a_name_that_does_not_fit_is_sent_back_with_what_to_change(
    name: str, words: str, ada: Person
) -> None:
    answer = ada.browser().create_key(name, htmx=True)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{name.strip()}"' in answer.text
    assert ada.keys() == []


def test_a_token_pasted_as_a_name_is_sent_back(ada: Person) -> None:
    answer = ada.browser().create_key(codec.generate())
    assert answer.status_code == 422
    assert "This is a token, not a name. Choose a name that isn’t secret." in answer.text


def test_a_name_is_shown_as_text_and_never_as_html(ada: Person) -> None:
    page = ada.browser().create_key("<img src=x onerror=alert(1)>").text
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


def test_reloading_the_answer_makes_no_second_key(ada: Person) -> None:
    browser = ada.browser()
    nonce = nonce_in(browser.get("/user/security").text)
    first, again = browser.create_key(nonce=nonce), browser.create_key(nonce=nonce)
    assert (first.status_code, again.status_code) == (201, 409)
    assert "That key was already created, so its token can’t be shown again." in again.text
    assert len(ada.keys()) == 1


@pytest.mark.parametrize("nonce", ["", "x" * 1000, "a\0b"])
def test_a_form_posted_by_hand_may_have_any_nonce(nonce: str, ada: Person) -> None:
    assert ada.browser().create_key(nonce=nonce).status_code == 201


def test_a_form_without_a_nonce_makes_a_key_each_time(ada: Person) -> None:
    assert [ada.browser().create_key(nonce="").status_code for _ in range(2)] == [201, 201]


def test_a_writer_that_comes_after_the_commit_does_not_cost_the_token(ada: Person, app: Flask) -> None:
    """The answer is rendered from reads alone: they wait for no lock."""
    browser = ada.browser()
    browser.get("/user/security")
    with other_connection(app) as blocker:

        def take_lock_after_commit(*_: object) -> None:
            event.listen(db.session, "after_commit", lambda _session: take_write_lock(blocker), once=True)

        event.listen(db.session, "after_flush", take_lock_after_commit, once=True)
        assert token_in(browser.create_key().text)
        assert not others_can_write(app)


def test_each_form_has_a_nonce_of_its_own(ada: Person) -> None:
    browser = ada.browser()
    assert nonce_in(browser.get("/user/security").text) != nonce_in(browser.get("/user/security").text)


def test_at_the_limit_the_form_gives_way_to_words(ada: Person) -> None:
    for number in range(20):
        ada.create_key(f"key {number}")
    assert "You have 20 active keys, the most your plan allows." in section(ada)
    refused = ada.browser().create_key("one more")
    assert refused.status_code == 409
    assert 'id="key-create"' not in refused.text
    assert len(ada.keys()) == 20


def test_revoking_makes_room_for_another(ada: Person) -> None:
    tokens = [ada.create_key() for _ in range(20)]
    ada.revoke(tokens[0])
    assert ada.browser().create_key().status_code == 201


@pytest.mark.parametrize("days", [days for days in PRESETS if days])
def test_a_key_may_have_a_day_on_which_it_expires(days: str, ada: Person) -> None:
    token = token_in(ada.browser().create_key(lifetime=days).text)
    key = ada.key(token)
    assert key.expires_at is not None
    assert abs(key.expires_at - key.created_at - timedelta(days=int(days))) < timedelta(minutes=1)
    assert "Expires " in section(ada)


def test_a_lifetime_that_is_not_offered_is_refused(ada: Person) -> None:
    assert ada.browser().create_key(lifetime="100000").status_code == 422


def test_the_list_shows_what_the_article_says(ada: Person) -> None:
    token = ada.create_key("Local dev script")
    page = section(ada)
    assert re.findall(r'<th[^>]*scope="col">([^<]+)</th>', page) == [
        "Name",
        "Prefix",
        "Created",
        "Last used",
        "Status",
    ]
    assert f"{token[:12]}…" in page
    assert f"{ada.key(token).created_at:%-d %b %Y}" in page
    assert "Never" in page
    assert "Active" in page


def test_the_list_has_the_newest_active_first_then_the_expired_then_the_revoked(ada: Person) -> None:
    old, expired, revoked, new = (ada.create_key() for _ in range(4))
    ada.age(expired, expires_at=timedelta(days=1))
    ada.revoke(revoked)
    assert rows(section(ada)) == [token[:12] for token in (new, old, expired, revoked)]


def test_a_use_is_shown_as_how_long_ago_and_exactly(ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, last_used_at=timedelta(minutes=3, seconds=5))
    used = ada.key(token).last_used_at
    assert used
    assert "3 minutes ago" in section(ada)
    assert f"{used:%-d %b %Y, %H:%M:%S} UTC" in section(ada)


@pytest.mark.parametrize(
    ("created", "used", "words"),
    [
        (45, None, "Never used since it was created 45 days ago"),
        (200, timedelta(days=104), "Not used for 104 days"),
    ],
)
def test_an_idle_key_gets_a_hint(created: int, used: timedelta | None, words: str, ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, created_at=timedelta(days=created), last_used_at=used)
    page = section(ada)
    assert words in page
    assert "1 unused" in page


def test_the_summary_counts_active_keys_against_the_limit(ada: Person) -> None:
    ada.revoke(ada.create_key())
    ada.create_key()
    assert "1 of 20 active keys" in section(ada)


def test_more_than_five_revoked_keys_fold_away(ada: Person) -> None:
    for _ in range(6):
        ada.revoke(ada.create_key())
    assert "Show 6 revoked keys" in section(ada)


def revoke_many(person: Person, count: int) -> None:
    """Leave rows like those of a pipeline that made a key for each of its runs, the last one revoked last."""
    with person.app.app_context(), writing():
        user = User.find(person.email)
        assert user
        for number in range(count):
            moment = now() - timedelta(minutes=count - number)
            prefix = f"spk_{number:08}"
            key = ApiKey(user=user, name="CI", prefix=prefix, token_hash="", revoked_at=moment)
            db.session.add(key)


def test_a_key_that_was_just_revoked_is_listed_however_old_it_is(ada: Person) -> None:
    old = ada.create_key()
    revoke_many(ada, 102)
    ada.revoke(old)
    assert f'id="key-{old[:12]}"' in section(ada)


def test_more_than_fifty_keys_are_listed_in_parts(ada: Person) -> None:
    revoke_many(ada, 102)
    browser = ada.browser()
    pages = [browser.get(f"/user/security?page={number}").text for number in (1, 2, 3)]
    assert [page.count('<tr id="key-') for page in pages] == [50, 50, 2]
    assert 'href="/user/security?page=2#api-keys">Next</a>' in pages[0]
    assert "Page 3 of 3" in pages[2]
    assert "Next</a>" not in pages[2]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=needle", ["Needle in hay", "Lost needle"]),
        ("search=needle&state=active", ["Needle in hay"]),
        ("search=needle&state=revoked", ["Lost needle"]),
        ("search=%25", []),
        ("search=%00", []),
        ("state=expired", []),
        ("page=99", []),
    ],
)
def test_many_keys_are_filtered(query: str, names: list[str], ada: Person) -> None:
    revoke_many(ada, 60)
    ada.revoke(ada.create_key("Lost needle"))
    ada.create_key("Needle in hay")
    page = ada.browser().get(f"/user/security?{query}").text
    assert [name for name in ("Needle in hay", "Lost needle") if f"<strong>{name}</strong>" in page] == names


def test_a_key_is_found_by_its_prefix_among_many(ada: Person) -> None:
    revoke_many(ada, 60)
    token = ada.create_key("Needle")
    page = ada.browser().get(f"/user/security?search={token[:12]}").text
    assert page.count('<tr id="key-') == 1


def test_several_keys_are_revoked_with_one_confirmation(ada: Person, client: FlaskClient) -> None:
    used, idle, kept = (ada.create_key(name) for name in ("Used", "Idle", "Kept"))
    client.get("/api/v1/whoami", headers=bearer(used))
    browser = ada.browser()
    assert "Revoke several…" in browser.get("/user/security").text
    chosen = f"/user/security/api-keys/revoke?prefix={used[:12]}&prefix={idle[:12]}"
    asked = browser.get(chosen).text
    assert "Revoke 2 keys?" in asked
    assert "what uses it will stop working" in asked
    form = re.findall(r'name="prefix" value="([^"]+)"', asked)
    found = re.search(r'name="csrf_token" value="([^"]+)"', asked)
    assert found
    answer = browser.client.post(
        "/user/security/api-keys/revoke", data={"csrf_token": found[1], "prefix": form}
    )
    assert answer.status_code == 303
    assert "2 keys were revoked." in browser.get("/user/security").text
    assert [ada.key(token).status for token in (used, idle, kept)] == ["Revoked", "Revoked", "Active"]


def test_nobody_revokes_several_keys_of_somebody_else(ada: Person, eve: Person) -> None:
    token = ada.create_key()
    browser = eve.browser()
    eve.create_key()
    page = "/user/security"
    browser.submit("/user/security/api-keys/revoke", page, prefix=token[:12])
    assert ada.key(token).status == "Active"
    assert "Revoke 1 key" not in browser.get(f"/user/security/api-keys/revoke?prefix={token[:12]}").text


def test_a_working_key_is_listed_beside_any_number_of_revoked_ones(ada: Person) -> None:
    token = ada.create_key()
    revoke_many(ada, 102)
    assert f'id="key-{token[:12]}"' in section(ada)


def test_the_confirmation_tells_what_will_break(ada: Person) -> None:
    token = ada.create_key("Deploy")
    path = f"/user/security/api-keys/{token[:12]}/revoke"
    assert "This key has never been used." in ada.browser().get(path, htmx=True).text
    ada.age(token, last_used_at=timedelta(hours=2))
    dialog = ada.browser().get(path, htmx=True)
    assert is_fragment(dialog)
    assert "Revoke “Deploy”?" in dialog.text
    assert "This key was used 2 hours ago. Whatever uses it will stop working." in dialog.text


def test_without_scripts_the_confirmation_is_a_page(ada: Person) -> None:
    page = ada.browser().get(f"/user/security/api-keys/{ada.create_key()[:12]}/revoke")
    assert not is_fragment(page)
    assert "Revoke key" in page.text


def test_revoking_refuses_the_token_and_keeps_the_row(ada: Person) -> None:
    browser = ada.browser()
    token = ada.create_key("Deploy")
    answer = browser.submit(f"/user/security/api-keys/{token[:12]}/revoke", htmx=True)
    assert "“Deploy” was revoked." in answer.text
    assert rows(answer.text) == [token[:12]]
    assert f"/user/security/api-keys/{token[:12]}/revoke" not in answer.text
    assert browser.client.get("/api/v1/whoami", headers=bearer(token)).status_code == 401


def test_without_scripts_revoking_leads_back_to_the_row(ada: Person) -> None:
    browser = ada.browser()
    token = ada.create_key("Deploy")
    answer = browser.submit(f"/user/security/api-keys/{token[:12]}/revoke")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/user/security?changed={token[:12]}#key-{token[:12]}",
    )
    assert "“Deploy” was revoked." in browser.get("/user/security").text


def test_revoking_twice_says_so_and_changes_nothing(ada: Person) -> None:
    token = ada.create_key("Deploy")
    ada.revoke(token)
    before = ada.key(token).revoked_at
    answer = ada.browser().submit(f"/user/security/api-keys/{token[:12]}/revoke", htmx=True)
    assert "“Deploy” was already revoked." in answer.text
    assert ada.key(token).revoked_at == before


@pytest.mark.parametrize("htmx", [True, False])
def test_somebody_elses_key_is_as_unknown_as_none(htmx: bool, ada: Person, eve: Person) -> None:
    token = ada.create_key()
    browser = eve.browser()
    for prefix in (token[:12], "spk_unknown0", "%00", "99999999999999999999"):
        path = f"/user/security/api-keys/{prefix}"
        for answer in (
            browser.get(f"{path}/revoke", htmx=htmx),
            browser.get(f"{path}/first-use", htmx=htmx),
            browser.submit(f"{path}/revoke", htmx=htmx),
        ):
            assert answer.status_code == 404
            assert NOT_YOURS in answer.text
    assert ada.key(token).status == "Active"


def test_the_first_use_is_waited_for_without_a_word(ada: Person) -> None:
    path = f"/user/security/api-keys/{ada.create_key()[:12]}/first-use"
    answer = ada.browser().get(path, htmx=True)
    assert (answer.status_code, answer.text) == (204, "")


def test_the_first_use_is_told_and_the_row_with_it(ada: Person) -> None:
    browser = ada.browser()
    token = ada.create_key()
    browser.client.get("/api/v1/whoami", headers=bearer(token))
    answer = browser.get(f"/user/security/api-keys/{token[:12]}/first-use", htmx=True).text
    assert "First request received. This key works." in answer
    assert "hx-trigger" not in answer
    assert rows(answer) == [token[:12]]


def test_the_wait_for_the_first_use_ends_after_ten_minutes(ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, created_at=timedelta(minutes=11))
    answer = ada.browser().get(f"/user/security/api-keys/{token[:12]}/first-use", htmx=True).text
    assert "No request with this key yet." in answer
    assert "hx-trigger" not in answer


def test_opening_the_address_of_the_form_leads_to_the_section(ada: Person) -> None:
    assert ada.browser().get("/user/security/api-keys").headers["Location"] == "/user/security#api-keys"
