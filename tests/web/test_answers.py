"""Where the answer to a click is seen, and what it looks like."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert
from werkzeug.test import TestResponse

from spk.db import db, now, writing
from spk.models import ApiKey
from tests.people import Browser, Person


def names(page: str) -> list[str]:
    """The names of the keys that are listed, from the top, without those that are folded away."""
    return re.findall(
        r'<td role="cell" class="name">\s*<strong>([^<]+)', page.partition('<details class="revoked">')[0]
    )


def revoke(browser: Browser, token: str, *, htmx: bool) -> TestResponse:
    answer = browser.submit(f"/user/security/api-keys/{token[:12]}/revoke", htmx=htmx)
    return answer if htmx else browser.get(answer.headers["Location"])


def row(page: str, token: str) -> str:
    return page.partition(f'<tr id="key-{token[:12]}"')[2].partition("</tr>")[0]


@pytest.fixture
def tokens(ada: Person) -> list[str]:
    """Of the keys C, B and A, as they are listed, before one that was revoked earlier."""
    ada.revoke(ada.create_key("Old"))
    return [ada.create_key(name) for name in "ABC"][::-1]


@pytest.mark.parametrize("htmx", [True, False], ids=["with scripts", "without scripts"])
def test_a_row_that_was_revoked_stays_where_it_was_until_the_next_visit(
    ada: Person, tokens: list[str], htmx: bool
) -> None:
    browser = ada.browser()
    assert names(revoke(browser, tokens[1], htmx=htmx).text) == ["C", "B", "A", "Old"]
    assert names(browser.get("/user/security").text) == ["C", "A", "B", "Old"]


@pytest.mark.parametrize("htmx", [True, False], ids=["with scripts", "without scripts"])
def test_the_answer_stands_in_the_row_and_is_read_out_once(
    ada: Person, tokens: list[str], htmx: bool
) -> None:
    page = revoke(ada.browser(), tokens[1], htmx=htmx).text
    assert '<span class="message" aria-hidden="true">“B” was revoked.</span>' in row(page, tokens[1])
    assert (
        '<p class="unseen">“B” was revoked.</p>'
        in page.partition('id="key-status"')[2].partition("</div>")[0]
    )


def test_a_row_that_was_revoked_is_not_folded_away_with_the_others(ada: Person) -> None:
    for _ in range(6):
        ada.revoke(ada.create_key("Old"))
    page = revoke(ada.browser(), ada.create_key("New"), htmx=True).text
    assert names(page) == ["New"]
    assert "Show 6 revoked keys" in page


def test_an_old_link_to_a_row_moves_nothing(ada: Person, tokens: list[str]) -> None:
    ada.revoke(tokens[1])
    ada.age(tokens[1], revoked_at=timedelta(minutes=6))
    page = ada.browser().get(f"/user/security?changed={tokens[1][:12]}").text
    assert names(page) == ["C", "A", "Old", "B"]


def test_a_row_that_was_renamed_stays_where_it_was(ada: Person, tokens: list[str]) -> None:
    ada.revoke(tokens[1])
    ada.age(tokens[1], revoked_at=timedelta(minutes=6))
    path = f"/user/security/api-keys/{tokens[1][:12]}/rename"
    assert names(ada.browser().submit(path, htmx=True, name="D").text) == ["C", "A", "Old", "D"]


def test_of_somebody_elses_key_a_link_shows_nothing(ada: Person, eve: Person) -> None:
    token = ada.create_key("Secret project")
    assert "Secret project" not in eve.browser().get(f"/user/security?changed={token[:12]}").text


def test_a_refusal_looks_like_one(ada: Person) -> None:
    browser = ada.browser()
    page = browser.get("/user/security").text
    nonce = re.findall(r'name="nonce"[^>]* value="([^"]+)"', page)[0]
    assert "message failed" not in browser.create_key(nonce=nonce, htmx=True).text
    assert '<p class="message failed"' in browser.create_key(nonce=nonce, htmx=True).text
    assert '<p class="message failed">' in browser.get("/user/security/api-keys/unknown", htmx=True).text


def test_without_api_access_a_key_is_paused_and_not_active(ada: Person) -> None:
    token, gone = ada.create_key(), ada.create_key("Gone")
    ada.revoke(gone)
    assert '<span class="badge active">Active</span>' in row(ada.browser().get("/user/security").text, token)
    ada.set_plan("free")
    page = ada.browser().get("/user/security").text
    assert '<span class="badge paused">Paused by plan</span>' in row(page, token)
    assert '<span class="badge revoked">Revoked</span>' in row(page, gone)


def test_activity_names_the_keys(ada: Person) -> None:
    api = ada.api()
    api.post("/pages", name="Acme")
    page = ada.browser().get("/user/security").text.partition('id="activity"')[2]
    assert f"Created the API key “CI” <code>{api.token[:12]}…</code>" in page
    assert f"by the key “CI” {api.token[:12]}…" in page


@pytest.mark.parametrize("htmx", [True, False], ids=["with scripts", "without scripts"])
def test_whoever_was_signed_out_meanwhile_is_told(ada: Person, htmx: bool) -> None:
    browser = ada.browser()
    browser.submit("/logout")
    browser.submit("/user/security/api-keys", page="/login", htmx=htmx, name="CI")
    assert "You were signed out, so nothing was changed. Sign in to go on." in browser.get("/login").text
    assert "You were signed out" not in browser.get("/login").text


def test_whoever_only_looks_is_told_nothing(ada: Person) -> None:
    browser = ada.browser()
    browser.submit("/logout")
    browser.get("/user/security")
    assert "You were signed out" not in browser.get("/login").text


@pytest.mark.parametrize("changed", ["%00", "unknown", "spk_00000000", "W" * 3000])
def test_a_link_to_no_key_shows_the_page_as_it_is(ada: Person, tokens: list[str], changed: str) -> None:
    page = ada.browser().get(f"/user/security?changed={changed}")
    assert (page.status_code, names(page.text)) == (200, ["C", "B", "A", "Old"])


def test_a_link_alone_marks_no_row(ada: Person, tokens: list[str]) -> None:
    page = ada.browser().get(f"/user/security?changed={tokens[1][:12]}").text
    assert 'class="active changed"' not in page


def test_the_list_that_was_filtered_stays_so(ada: Person) -> None:
    tokens = [ada.create_key(f"Job {number}") for number in range(15)]
    with ada.app.app_context(), writing():
        db.session.execute(insert(ApiKey), [_revoked(ada, number) for number in range(40)])
    browser = ada.browser()
    address = "http://localhost/user/security?search=job+1&state=active"
    browser.client.environ_base["HTTP_HX_CURRENT_URL"] = address
    page = revoke(browser, tokens[12], htmx=True).text
    assert names(page) == ["Job 14", "Job 13", "Job 12", "Job 11", "Job 10", "Job 1"]
    assert 'value="job 1"' in page


@pytest.mark.parametrize("address", ["http://[", "?", "http://x/?search=%00&page=-1", "?page=" + "9" * 3000])
def test_an_odd_address_that_htmx_names_is_taken_for_none(ada: Person, address: str) -> None:
    browser, token = ada.browser(), ada.create_key()
    browser.client.environ_base["HTTP_HX_CURRENT_URL"] = address
    assert revoke(browser, token, htmx=True).status_code == 200


def _revoked(ada: Person, number: int) -> dict[str, object]:
    with_user = {"user_id": 1, "created_at": now(), "revoked_at": now()}
    return {"name": "Old", "prefix": f"spk_{number:08}", "token_hash": f"{number:064}", **with_user}
