"""Every route, and who may do it.

Who comes: `nobody`; `waiting`, who has given the password of an account with a second factor, and no more;
`disabled`, who was signed in until the account was; `owner`, who has just signed in; `stranger`, who has too,
and asks for what is Ada’s; `late`, who signed in long ago, and `late_2fa`, with a second factor; and without
any cookie the API keys `key`, `key_else` of the stranger, and `key_off` of the disabled account.

What they get: `yes`, an answer; `none`, the same answer, but nothing is changed; `404`; `login`, the way to
sign in; `asks`, the page “Confirm it’s you”; `401`, for want of a key.
"""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from spk.db import Base, db, reading, writing
from spk.models import BrowserSession, Passkey, StatusPage, User
from spk.models.accounts.ending_keys import feed_secret
from spk.models.accounts.reset_link import make_reset_token
from spk.models.status_pages.branding import clean_logo
from tests.authenticator import Authenticator
from tests.models.test_branding import picture
from tests.people import Browser, Person, bearer, body
from tests.web.test_passkeys import add

KINDS = """
                    nobody  waiting disabled owner   stranger late    late_2fa key     key_else key_off
    ANYBODY         yes     yes     yes      yes     yes      yes     yes      yes     yes      yes
    PAGE            yes     yes     404      yes     yes      yes     yes      yes     yes      404
    SHUT            404     404     404      404     404      404     404      404     404      404
    SECOND_FACTOR   login   yes     login    login   login    login   login    login   login    login
    OWN             login   login   login    yes     yes      yes     yes      login   login    login
    OWN_THING       login   login   login    yes     404      yes     yes      login   login    login
    OWN_CHOICE      login   login   login    yes     none     yes     yes      login   login    login
    CONFIRM         login   login   login    yes     yes      asks    asks     login   login    login
    CONFIRM_THING   login   login   login    yes     404      asks    asks     login   login    login
    CONFIRM_CHOICE  login   login   login    yes     none     asks    asks     login   login    login
    FACTOR          login   login   login    yes     yes      yes     asks     login   login    login
    FACTOR_THING    login   login   login    yes     404      yes     asks     login   login    login
    KEY             401     401     401      401     401      401     401      yes     yes      401
    KEY_THING       401     401     401      401     401      401     401      yes     404      401
"""
ROUTES = {
    # What everybody may read, and what operators ask: proxies keep /metrics inside.
    "public.home": "ANYBODY",
    **{
        f"public.{name}": "PAGE"
        for name in (
            "status",
            "incident",
            "component",
            "history",
            "subscribe",
            "rss",
            "atom",
            "badge",
            "icon",
            "card",
            "logo",
            "accent",
        )
    },
    **{f"public_api.{name}": "PAGE" for name in ("summary", "status", "components", "incidents")},
    **{f"public_api.{name}": "PAGE" for name in ("unresolved", "maintenances", "upcoming", "active")},
    "static": "ANYBODY",
    **{f"openapi.{name}": "ANYBODY" for name in ("document", "docs")},
    **{f"health.{name}": "ANYBODY" for name in ("process_is_up", "can_work")},
    "metrics.metrics": "ANYBODY",
    "account.help_api_keys": "ANYBODY",  # pragma: allowlist secret (a kind)
    # The way in and out. Shut are /setup once there is an account, /register unless SPK_REGISTRATION is open,
    # and what a link opens to whoever doesn't have it.
    "account.sign_in": "ANYBODY",
    "account.create_session": "ANYBODY",
    "account.sign_in_with_passkey": "ANYBODY",
    "account.end_session": "ANYBODY",
    "account.second_factor": "SECOND_FACTOR",
    "account.enter_second_factor": "SECOND_FACTOR",
    **{f"account.{name}": "SHUT" for name in ("setup", "create_first_account", "register", "create_account")},
    **{f"account.{name}": "SHUT" for name in ("reset", "reset_password")},
    "public.key_feed": "SHUT",
    # The Security page.
    **{f"user.{name}": "OWN" for name in ("security", "plan", "first_steps", "dismiss_news", "activity_csv")},
    **{f"user.{name}": "OWN" for name in ("confirm", "give_proof")},
    "user.confirm_turn_off": "OWN",
    "user.turn_off": "OWN",  # its form asks for one of the factors itself
    "user.new_authenticator_app": "CONFIRM",
    "user.add_authenticator_app": "CONFIRM",
    "user.remove_authenticator_app": "CONFIRM",
    "user.renew_recovery_codes": "CONFIRM",
    "user.new_passkey": "CONFIRM",
    "user.add_passkey": "CONFIRM",
    "user.remove_passkey": "CONFIRM_THING",
    "user.end_one_session": "CONFIRM_CHOICE",  # of any that is gone it says that it was signed out
    "user.end_other_sessions": "CONFIRM",
    "user.change_email": "CONFIRM",
    "user.describe_export": "CONFIRM",
    "user.export_data": "CONFIRM",
    "user.confirm_delete": "CONFIRM",
    "user.delete_own_account": "CONFIRM",
    "user.change_password": "FACTOR",  # its form asks, too  # pragma: allowlist secret (a kind)
    "user.create_api_key": "FACTOR",  # or always asks # pragma: allowlist secret (a kind)
    "user.replace_api_key": "FACTOR_THING",  # pragma: allowlist secret (a kind)
    "user.api_keys": "OWN",  # pragma: allowlist secret (a kind)
    "user.api_key": "OWN_THING",  # pragma: allowlist secret (a kind)
    "user.first_use": "OWN_THING",
    "user.rename_api_key": "OWN_THING",  # pragma: allowlist secret (a kind)
    "user.confirm_revoke": "OWN_THING",
    "user.revoke": "OWN_THING",
    "user.choose_keys_to_revoke": "OWN",
    "user.revoke_keys": "OWN_CHOICE",
    "user.renew_key_feed": "OWN",
    # Status pages, as their owner works on them.
    "user.status_pages": "OWN",
    "user.create_status_page": "OWN",
    "user.status_page": "OWN_THING",
    "user.page_settings": "OWN_THING",
    "user.change_page": "OWN_THING",
    "user.confirm_delete_page": "OWN_THING",
    "user.delete_page": "OWN_THING",
    "user.create_component": "OWN_THING",
    "user.set_statuses": "OWN_THING",
    "user.move_in_order": "OWN_THING",
    "user.component_settings": "OWN_THING",
    "user.change_component": "OWN_THING",
    "user.confirm_delete_component": "OWN_THING",
    "user.delete_component": "OWN_THING",
    **{f"user.{name}": "OWN_THING" for name in ("new_group", "create_group", "group_settings")},
    **{f"user.{name}": "OWN_THING" for name in ("change_group", "confirm_delete_group", "delete_group")},
    "user.new_incident": "OWN_THING",
    "user.open_incident": "OWN_THING",
    "user.new_maintenance": "OWN_THING",
    "user.plan_maintenance": "OWN_THING",
    "user.incident": "OWN_THING",
    "user.update_incident": "OWN_THING",
    "user.confirm_delete_incident": "OWN_THING",
    "user.delete_incident": "OWN_THING",
    **{f"user.{name}": "OWN_THING" for name in ("edit_incident", "change_incident")},
    **{f"user.{name}": "OWN_THING" for name in ("edit_update", "correct_update")},
    # Programs: the API and the gate.
    "whoami.whoami": "KEY",
    "verify.verify": "KEY",
    "pages.list_pages": "KEY",
    "pages.create_page": "KEY",
    **{f"pages.{verb}_page": "KEY_THING" for verb in ("show", "update", "delete")},
    "components.list_components": "KEY_THING",
    **{f"components.{verb}_component": "KEY_THING" for verb in ("create", "show", "update", "delete")},
    **{f"uptime.{kind}_uptime": "KEY_THING" for kind in ("component", "group")},
    "component_groups.list_groups": "KEY_THING",
    **{f"component_groups.{verb}_group": "KEY_THING" for verb in ("create", "show", "update", "delete")},
    "incidents.list_incidents": "KEY_THING",
    "incidents.list_some_incidents": "KEY_THING",
    **{f"incidents.{verb}_incident": "KEY_THING" for verb in ("create", "show", "update", "delete")},
    "incidents.correct_update": "KEY_THING",
    "credentials.revoke_credentials": "ANYBODY",  # whoever has a token may end its key
}
# Valid for most forms, so that a stranger gets as far as the look-up under the lock.
FIELDS = {
    "name": "New",
    "body": "New",
    "impact_override": "",
    "time_zone": "UTC",
    "accent": "#17635c",
    "ends": "first_use",
    "move": "web:1",
    "status_web": "degraded_performance",
}
STATUSES = {"user.update_incident": "identified"}
REACHED = (200, 201, 202, 204, 302, 303, 409, 422)  # the view has answered, if only that a field is wrong
Values = dict[str, str]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"SPK_METRICS": "1"}


@pytest.fixture
def values(ada: Person) -> Values:
    """What stands in addresses and forms, of things that are Ada’s."""
    api = ada.page_api("Acme", "Web")
    made = api.post("/incidents", name="Down", body="We are looking.")
    incident, update = made["id"], made["incident_updates"][0]["id"]
    ada.session_cookie()
    with ada.app.app_context(), reading():
        session = db.session.scalars(select(BrowserSession.id)).one()
    api.post("/component-groups", name="Europe")
    api.patch(accent="#17635c")
    give_logo(ada)
    addresses = {"page": "acme", "slug": "acme", "component": "web", "group": "europe"}
    addresses |= {"incident": incident, "update": update}
    others = {"which": "unresolved", "filename": "style.css", "prefix": api.token[:12], "passkey_id": "1"}
    return {**addresses, **others, "session_id": str(session)}


def give_logo(ada: Person) -> None:
    with ada.app.app_context(), writing():
        page = StatusPage.published("acme")
        assert page
        page.set_logo(clean_logo(picture()))


def add_factors(ada: Person, values: Values) -> None:
    """Have a passkey and an authenticator app, one of which may be removed."""
    assert add(ada.browser(), Authenticator()) == 201
    ada.add_app()
    with ada.app.app_context(), reading():
        values["passkey_id"] = str(db.session.scalars(select(Passkey.id)).one())


def with_key(person: Person) -> Browser:
    browser = Browser(person.app.test_client())
    browser.client.environ_base["HTTP_AUTHORIZATION"] = bearer(person.create_key())["Authorization"]
    return browser


def method_of(rule: Rule) -> str:
    return min((rule.methods or set()) - {"HEAD", "OPTIONS"})


def order(rule: Rule) -> tuple[bool, int]:
    """Last what takes something away, and what is on a page before the page."""
    takes_away = rule.endpoint == "account.end_session" or "delete" in rule.endpoint
    return takes_away and method_of(rule) != "GET", -len(rule.rule)


def get(rule: Rule, browser: Browser, values: Values) -> str:
    """What a visitor gets, in the words of the table."""
    _domain, path = rule.build({name: values[name] for name in rule.arguments}) or ("", "")
    method, form, json = method_of(rule), None, None
    if method == "POST" and rule.endpoint.startswith(("account.", "user.")):
        form = FIELDS | values | {"status": STATUSES.get(rule.endpoint, "")}
    elif method != "GET":
        json = {"name": "New"}
    answer = browser.client.open(path, method=method, data=form, json=json)
    answer.close()
    if answer.status_code == 302 and rule.endpoint != "account.end_session":  # leads there when it is done
        return "login" if answer.headers["Location"].startswith("/login") else "yes"
    if answer.status_code == 403 and "Confirm it’s you" in answer.text:
        return "asks"
    if answer.status_code == 401 and rule.endpoint != "verify.verify":  # a proxy reads no body
        assert answer.mimetype == "application/problem+json", rule
    return "yes" if answer.status_code in REACHED else str(answer.status_code)


def rows(app: Flask) -> dict[str, list[str]]:
    """All that is in the database."""
    with app.app_context(), reading():
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(map(repr, db.session.execute(select(table)))) for table in tables}


def try_all(who: str, browser: Browser, values: Values) -> None:
    """Try each cell of a column; first those where nothing may change, and see that nothing does."""
    header, *lines = [line.split() for line in KINDS.strip().splitlines()]
    column = {kind: words[header.index(who)] for kind, *words in lines}
    app = browser.client.application
    cells = [(rule, column[ROUTES[rule.endpoint]]) for rule in sorted(app.url_map.iter_rules(), key=order)]
    pages = browser.get("/user/confirm").text + browser.get("/login").text  # everybody may see one of them
    values["csrf_token"] = re.findall('name="csrf_token" value="([^"]+)"', pages)[0]
    before = rows(app)
    for kept in (True, False):
        told = {f"{method_of(rule)} {rule}": (rule, said) for rule, said in cells if (said != "yes") == kept}
        found = {name: get(rule, browser, values) for name, (rule, _) in told.items()}
        assert found == {name: said.replace("none", "yes") for name, (_, said) in told.items()}
        assert not kept or rows(app) == before


def test_the_table_has_every_route_and_no_other(app: Flask) -> None:
    assert set(ROUTES) == {rule.endpoint for rule in app.url_map.iter_rules()}


def test_nobody_is_sent_to_sign_in_from_what_is_a_persons_own(browser: Browser, values: Values) -> None:
    try_all("nobody", browser, values)


def test_the_password_alone_opens_nothing_where_there_is_a_second_factor(
    browser: Browser, ada: Person, values: Values
) -> None:
    add_factors(ada, values)
    answer = browser.submit("/login", page="/login", email=ada.email, password=ada.password)
    assert answer.location == "/login/second-factor"
    try_all("waiting", browser, values)


def test_a_disabled_account_is_sent_to_sign_in(ada: Person, values: Values) -> None:
    signed_in = ada.browser()
    ada.disable()
    assert signed_in.get("/user/security").status_code == 302
    try_all("disabled", ada.browser(), values)  # even if a session of it is there after all


def test_a_person_may_do_all_with_their_own(ada: Person, values: Values) -> None:
    add_factors(ada, values)
    try_all("owner", ada.browser(), values)


def test_a_stranger_finds_nothing_of_somebody_elses(ada: Person, eve: Person, values: Values) -> None:
    add_factors(ada, values)
    try_all("stranger", eve.browser(), values)


def test_an_old_proof_is_asked_for_again(ada: Person, values: Values) -> None:
    browser = ada.browser()
    ada.forget_proof()
    try_all("late", browser, values)


def test_with_a_second_factor_an_old_proof_is_asked_for_again_before_keys_too(
    ada: Person, values: Values
) -> None:
    add_factors(ada, values)
    browser = ada.browser()
    ada.forget_proof()
    try_all("late_2fa", browser, values)


def test_a_key_opens_the_api_and_no_page(ada: Person, values: Values) -> None:
    try_all("key", with_key(ada), values)


def test_a_key_opens_nothing_of_a_stranger(eve: Person, values: Values) -> None:
    try_all("key_else", with_key(eve), values)


def test_a_key_of_a_disabled_account_opens_nothing(ada: Person, values: Values) -> None:
    browser = with_key(ada)
    ada.disable()
    try_all("key_off", browser, values)


def test_a_link_opens_what_is_shut_without_it_but_not_of_a_disabled_account(
    browser: Browser, ada: Person
) -> None:
    with ada.app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        links = [f"/keys.atom?secret={feed_secret(user)}", f"/reset?token={make_reset_token(user)}"]
    assert [browser.get(link).status_code for link in links] == [200, 200]
    ada.disable()
    assert [browser.get(link).status_code for link in links] == [404, 404]


def test_a_slash_at_the_end_leads_to_the_same_but_at_the_gate(app: Flask, ada: Person) -> None:
    slug, token, browser = ada.create_page(), ada.create_key(), ada.browser()
    values = {"slug": slug, "page": slug}
    paths = [
        rule.build(values, append_unknown=False) or ("", "")
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.arguments <= values.keys()
    ]
    assert len(paths) > 30
    differing = []
    for _, path in paths:
        with_slash, without = (
            browser.client.get(each, headers=bearer(token)).status_code for each in (f"{path}/", path)
        )
        if with_slash != without:
            differing.append(path)
    assert differing == ["/verify"]
    assert browser.client.get("/verify/", headers=bearer(token)).status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_slash_at_the_end_keeps_what_was_sent(method: str, ada: Person) -> None:
    slug = ada.create_page()
    assert body(ada.api().open(method, f"/pages/{slug}/", json={"name": "New"}))["name"] == "New"
