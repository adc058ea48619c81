import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from spk import ROOT, create_app
from spk.db import db, now, reading, writing
from spk.models import Event, User
from spk.models.accounts import email_address, password
from spk.models.accounts.owned_keys import OwnedKeys
from tests.people import PASSWORD, Person, password_hash

ENTER_AN_EMAIL = r"^Enter an email address, like ada@example\.com\.$"


def create(app: Flask, email: str, words: str = PASSWORD, plan: str | None = None) -> User:
    with app.app_context(), writing():
        return User.create(email, password_hash(words), plan)


def emails(app: Flask) -> list[str]:
    with app.app_context(), reading():
        return [user.email for user in User.all()]


def test_an_account_is_on_the_default_plan_unless_told(app: Flask) -> None:
    assert create(app, "carl@example.com").plan_name == "free"


def test_an_account_is_made_on_the_plan_that_is_asked_for(app: Flask) -> None:
    assert create(app, "carl@example.com", plan="business").plan_name == "business"


def test_only_a_hash_of_the_password_is_kept(app: Flask) -> None:
    user = create(app, "carl@example.com", "a password of mine")
    assert "a password of mine" not in user.password_hash
    assert password.verify(user.password_hash, "a password of mine")


def test_the_default_plan_is_a_setting(environ: dict[str, str]) -> None:
    app = create_app(environ | {"SPK_DEFAULT_PLAN": "pro"})
    assert create(app, "carl@example.com").plan_name == "pro"


@pytest.mark.parametrize(
    ("email", "words", "plan", "refusal"),
    [
        ("not an email", PASSWORD, None, "Enter an email address"),
        ("carl@example.com", PASSWORD, "gold", r"There is no plan gold\."),
        ("ada@example.com", PASSWORD, None, "There is an account with this email already"),
        (" ADA@Example.com ", PASSWORD, None, "There is an account with this email already"),
    ],
)
def test_an_account_that_does_not_fit_is_not_made(
    app: Flask, email: str, words: str, plan: str | None, refusal: str
) -> None:
    before = emails(app)
    with pytest.raises(ValueError, match=refusal):
        create(app, email, words, plan)
    assert emails(app) == before


def test_two_who_ask_for_one_email_at_the_same_moment_make_one_account(app: Flask) -> None:
    together = Barrier(3)

    def go(_number: int) -> bool:
        together.wait(30)
        try:
            create(app, "carl@example.com")
        except ValueError:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(go, range(3))) == [False, False, True]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@EXAMPLE.com\n", "ada@example.com"),
        ("ada+spk@localhost", "ada+spk@localhost"),
        ("a\u0308da@example.com", "äda@example.com"),
        ("ада@пример.рф", "ада@пример.рф"),
        ("a" * 242 + "@example.com", "a" * 242 + "@example.com"),
    ],
)
def test_an_email_is_kept_composed_trimmed_and_small(typed: str, kept: str) -> None:
    assert email_address.clean(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@b@c",
        "a da@example.com",
        "ada@exam\nple.com",
        "ada\x00@example.com",
    ],
)
def test_what_is_no_email_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=ENTER_AN_EMAIL):
        email_address.clean(typed)


@pytest.mark.parametrize(
    "typed", ["ada\u202e@example.com", "\ud800@example.com", "ada\0@example.com", "a" * 243 + "@example.com"]
)
def test_an_email_that_hides_something_or_never_ends_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=ENTER_AN_EMAIL):
        email_address.clean(typed)


@pytest.mark.parametrize("typed", ["ada@example.com", " ADA@example.COM "])
def test_an_account_is_found_however_its_email_is_typed(app: Flask, ada: Person, typed: str) -> None:
    with app.app_context(), reading():
        found = User.find(typed)
        assert found
        assert found.email == "ada@example.com"


def test_an_unknown_email_finds_nobody(app: Flask) -> None:
    with app.app_context(), reading():
        assert User.find("nobody@example.com") is None


def test_accounts_are_listed_by_email(app: Flask) -> None:
    create(app, "aaron@example.com")
    assert emails(app) == ["aaron@example.com", "ada@example.com", "ben@example.com", "eve@example.com"]


def test_there_is_an_account_once_one_was_made(app: Flask) -> None:
    with app.app_context(), writing():
        had = User.exists()
        for user in User.all():
            db.session.delete(user)
        assert (had, User.exists()) == (True, False)


def test_disabling_twice_keeps_the_first_time(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        user.disabled_at = then = now() - timedelta(days=1)
        user.disable()
        assert user.disabled_at == then


def test_an_account_can_be_enabled_again(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        user.disable()
        user.enable()
        assert user.disabled_at is None


def test_a_change_of_password_is_recorded(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        user.set_password(password_hash("another password"))
        assert db.session.scalars(select(Event.action)).all() == ["user:password:change"]
        assert password.verify(user.password_hash, "another password")


def test_the_last_ten_things_that_happened_are_listed_newest_first(
    app: Flask, ada: Person, eve: Person
) -> None:
    prefixes = [ada.create_key()[:12] for _ in range(12)]
    eve.create_key()
    with app.app_context(), reading():
        user = User.find(ada.email)
        assert user
        assert [event.subject for event in Event.recent(user)] == prefixes[:1:-1]


def test_everything_that_is_recorded_has_words_for_people(app: Flask) -> None:
    sources = "".join(file.read_text() for file in (ROOT / "spk").rglob("*.py"))
    actions = re.findall(r'\.record\("([^"]+)"', sources)
    assert actions
    assert all(Event(action=action).description for action in actions)


def test_somebody_elses_key_is_not_found(app: Flask, ada: Person, eve: Person) -> None:
    prefix = eve.create_key()[:12]
    with app.app_context(), reading():
        user, owner = User.find(ada.email), User.find(eve.email)
        assert user
        assert owner
        assert OwnedKeys(user).find(prefix) is None
        assert OwnedKeys(owner).find(prefix) is not None


def test_somebody_elses_keys_are_not_listed(ada: Person, eve: Person) -> None:
    eve.create_key()
    assert ada.keys() == []


def sees_api_keys(person: Person) -> bool:
    with person.app.app_context(), reading():
        user = User.find(person.email)
        assert user
        return OwnedKeys(user).are_shown


def test_a_person_on_a_plan_with_api_access_sees_the_section(ada: Person) -> None:
    assert sees_api_keys(ada)


def test_a_person_on_a_plan_without_it_does_not_see_the_section(ben: Person) -> None:
    assert not sees_api_keys(ben)


def test_keys_left_from_a_better_plan_are_still_seen(ada: Person) -> None:
    ada.create_key()
    ada.set_plan("free")
    assert sees_api_keys(ada)
