"""The help article that describes the product, one test a sentence."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.people import Person, bearer, body, token_in

PAGE = "/user/security"


def call(client: FlaskClient, token: str) -> TestResponse:
    return client.get("/api/v1/whoami", headers=bearer(token))


def row(person: Person, token: str) -> str:
    """The key's line in the table, as text."""
    page = person.browser().get(PAGE).text
    found = re.search(rf'<tr id="key-{token[:12]}".*?</tr>', page, re.DOTALL)
    assert found
    return " ".join(re.sub("<[^>]+>", " ", found[0]).split())


def test_api_keys_authenticate_requests_without_the_account_password(
    ada: Person, client: FlaskClient
) -> None:
    assert body(call(client, ada.create_key()))["user"]["email"] == ada.email


def test_creating_needs_a_plan_that_includes_api_access(ben: Person) -> None:
    assert ben.browser().create_key().status_code == 403


def test_without_such_a_plan_the_section_is_not_on_the_security_page(ben: Person) -> None:
    assert "API Keys" not in ben.browser().get(PAGE).text


def test_upgrading_the_plan_enables_it(ben: Person) -> None:
    ben.set_plan("pro")
    assert ben.browser().create_key().status_code == 201


def test_one_goes_to_security_and_scrolls_to_the_api_keys_section(ada: Person) -> None:
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", ada.browser().get(PAGE).text)
    assert headings.index("API Keys") > 0


def test_one_enters_a_name_of_up_to_120_characters(ada: Person) -> None:
    assert ada.browser().create_key("é" * 120).status_code == 201
    assert ada.browser().create_key("é" * 121).status_code == 422


def test_one_clicks_create_api_key(ada: Person) -> None:
    assert re.search(r"<button[^>]*>Create API Key</button>", ada.browser().get(PAGE).text)


def test_one_copies_the_token_from_a_dialog_with_a_copy_button_beside_it(ada: Person) -> None:
    dialog = re.search(r"<dialog.*?</dialog>", ada.browser().create_key(htmx=True).text, re.DOTALL)
    assert dialog
    assert token_in(dialog[0])
    assert "Copy token" in dialog[0]


def test_the_token_is_shown_only_once(ada: Person) -> None:
    browser = ada.browser()
    token = token_in(browser.create_key().text)
    for path in (PAGE, f"{PAGE}/api-keys/{token[:12]}/revoke", "/user/plan", "/help/api-keys", "/"):
        assert token not in browser.get(path).text


def test_after_the_dialog_only_name_prefix_and_creation_date_are_known(ada: Person) -> None:
    token = ada.create_key("Deploy")
    assert row(ada, token).startswith(f"Deploy {token[:12]}… {ada.key(token).created_at:%-d %b %Y}")
    assert token not in repr(vars(ada.key(token)))


def test_one_sends_authorization_bearer_and_the_token(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert client.get("/api/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_name_is_the_label_you_gave_it(ada: Person) -> None:
    assert row(ada, ada.create_key("GitHub Actions deploy")).startswith("GitHub Actions deploy ")


def test_prefix_is_the_first_few_characters_of_the_token(ada: Person) -> None:
    token = ada.create_key()
    assert f"{token[:12]}…" in row(ada, token)
    assert token[:13] not in row(ada, token)


def test_created_is_the_day_it_was_made(ada: Person) -> None:
    token = ada.create_key()
    ada.age(token, created_at=timedelta(days=5))
    assert f"{ada.key(token).created_at:%-d %b %Y}" in row(ada, token)


def test_last_used_is_when_the_key_last_made_a_successful_request(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert " Never " in row(ada, token)
    client.get("/api/v1/nothing", headers=bearer(token))
    assert " Never " in row(ada, token)
    call(client, token)
    assert " Never " not in row(ada, token)


def test_status_is_active_or_revoked(ada: Person) -> None:
    token = ada.create_key()
    assert " Active " in row(ada, token)
    ada.revoke(token)
    assert " Revoked " in row(ada, token)


def test_to_revoke_one_finds_the_key_clicks_revoke_and_confirms(ada: Person) -> None:
    token = ada.create_key()
    assert "Revoke" in row(ada, token)
    path = f"{PAGE}/api-keys/{token[:12]}/revoke"
    ada.browser().get(path)
    assert ada.key(token).status == "Active"
    ada.browser().submit(path)
    assert ada.key(token).status == "Revoked"


def test_revoking_is_immediate_for_any_request_with_that_token(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    call(client, token)
    ada.browser().submit(f"{PAGE}/api-keys/{token[:12]}/revoke")
    assert [call(client, token).status_code for _ in range(3)] == [401, 401, 401]


def test_revoked_keys_stay_listed_as_a_record(ada: Person) -> None:
    token = ada.create_key("Old deploy")
    ada.revoke(token)
    assert "Old deploy" in row(ada, token)


def test_the_page_advises_to_name_keys_descriptively(ada: Person) -> None:
    page = ada.browser().get(PAGE).text
    assert "“GitHub Actions deploy” or “Local dev script”" in page


def test_the_page_advises_one_key_for_each_integration(ada: Person) -> None:
    assert "one key for each integration" in ada.browser().get(PAGE).text


def test_the_page_advises_to_revoke_unused_keys(ada: Person) -> None:
    assert "Revoke a key once nothing uses it any more." in ada.browser().get(PAGE).text


def test_the_page_advises_never_to_commit_a_token(ada: Person) -> None:
    page = ada.browser().get(PAGE).text
    assert "Never commit a token to source control." in page
    assert "environment variable or a secrets manager" in page


def test_the_article_is_there_for_everybody(client: FlaskClient) -> None:
    page = client.get("/help/api-keys")
    assert page.status_code == 200
    assert "Authorization: Bearer spk_yourtokenhere" in page.text
