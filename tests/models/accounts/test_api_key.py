from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from spk.db import db, now, reading, writing
from spk.models import ApiKey, Event, User
from spk.models.accounts import token
from spk.models.accounts.api_key import NAME
from spk.models.accounts.new_api_key import NewApiKey
from spk.models.accounts.owned_keys import KeyLimitReached, NonceUsed, OwnedKeys
from spk.models.refusal import PlanRequired
from tests.data_dirs import database_at_rest
from tests.people import Person

DAY = timedelta(days=1)
CANT_BE_SHOWN = "Use plain text only; this name contains characters that can’t be shown"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("GitHub Actions deploy", "GitHub Actions deploy"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("  CI \n", "CI"),
        ("GitHub   Actions", "GitHub Actions"),
        ("no\u00a0break\u3000wide", "no break wide"),
        ("a" + " " * 200 + "b", "a b"),
        ("é" * 120, "é" * 120),
        ("e\u0301" * 120, "é" * 120),
        ("<script>alert(1)</script> & 'x' \"y\"", "<script>alert(1)</script> & 'x' \"y\""),
        ("مفتاح الخادم", "مفتاح الخادم"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("デプロイ用キー", "デプロイ用キー"),
    ],
)
def test_a_name_is_kept_composed_trimmed_and_with_single_spaces(typed: str, kept: str) -> None:
    assert NAME(typed) == kept


# The pink heart is of Unicode 15, which Python 3.11 does not know.
@pytest.mark.parametrize(
    "name",
    [
        "🚀 deploy",
        "👩\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈",
        "👍🏽",
        "1\ufe0f\u20e3",
        "🇩🇪",
        "🩷 deploy",
    ],
)
def test_a_name_may_hold_emoji(name: str) -> None:
    assert NAME(name) == name


# Controls, line breaks, directions, invisible spaces, fillers, what is no character, and what is
# reserved for more that is invisible (Unicode's Default_Ignorable_Code_Point).
@pytest.mark.parametrize(
    "hidden",
    "\0\t\n\x1b\x7f\u2028\u200f\u202e\u2066\u200b\ufeff\xad\u2800\u3164\uffa0\ud800\ue000\uffff\u2065\ufff0\U000e0fff",
)
def test_a_name_that_hides_something_is_refused(hidden: str) -> None:
    with pytest.raises(ValueError, match=CANT_BE_SHOWN):
        NAME(f"C{hidden}I")


@pytest.mark.parametrize("name", ["\u200b", "\u200d", "\u200c\u200d\u200c", "\u3164", "\u2800", "\ufe0f"])
def test_a_name_with_nothing_to_see_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=CANT_BE_SHOWN):
        NAME(name)


def test_a_joiner_that_joins_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=CANT_BE_SHOWN):
        NAME("CI\u200d")


@pytest.mark.parametrize("name", ["", "   ", "\u00a0", "\u3000\n"])
def test_an_empty_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a name for this key\.$"):
        NAME(name)


@pytest.mark.parametrize("character", ["a", "é", "e\u0301", "🚀"])
def test_a_name_of_121_characters_is_refused_with_its_length(character: str) -> None:
    with pytest.raises(ValueError, match=r"^Use 120 characters or fewer\. This name has 121\.$"):
        NAME(character * 121)


def test_a_token_pasted_as_a_name_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^This is a token, not a name\. Choose a name that isn’t secret\.$"
    ):
        NAME(f"CI {token.generate()}")


def test_keys_are_listed_active_newest_first_then_expired_then_revoked(ada: Person) -> None:
    names = ("revoked", "expired", "gone too", "older", "newer", "newest")
    tokens = {name: ada.create_key(name) for name in names}
    ada.age(tokens["expired"], expires_at=DAY)
    ada.age(tokens["gone too"], expires_at=DAY)
    ada.revoke(tokens["revoked"])
    listed = ada.keys()
    assert [(key.name, key.status) for key in listed] == [
        ("newest", "Active"),
        ("newer", "Active"),
        ("older", "Active"),
        ("gone too", "Expired"),
        ("expired", "Expired"),
        ("revoked", "Revoked"),
    ]


def test_an_expired_key_that_is_revoked_is_listed_as_revoked(ada: Person) -> None:
    made = ada.create_key()
    ada.age(made, expires_at=DAY)
    ada.revoke(made)
    assert ada.key(made).status == "Revoked"


def test_a_key_lives_as_long_as_was_asked(ada: Person) -> None:
    key = ada.key(ada.create_key(lifetime=30 * DAY))
    assert key.expires_at
    assert abs(key.expires_at - key.created_at - 30 * DAY) < timedelta(seconds=5)


def test_a_key_lives_for_ever_unless_told(ada: Person) -> None:
    assert ada.key(ada.create_key()).expires_at is None


@pytest.mark.parametrize(
    ("created", "used", "days"),
    [
        (29, None, None),
        (31, None, 31),
        (400, 1, None),
        (400, 31, None),
        (400, 89, None),
        (400, 91, 91),
    ],
)
def test_a_key_long_unused_says_for_how_long(
    ada: Person, created: int, used: int | None, days: int | None
) -> None:
    made = ada.create_key()
    ada.age(made, created_at=created * DAY, last_used_at=None if used is None else used * DAY)
    idle = ada.key(made).unused_for
    assert (idle and idle.days) == days


@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_a_key_that_no_longer_works_gets_no_hint_for_being_unused(ada: Person, end: str) -> None:
    made = ada.create_key()
    ada.age(made, created_at=400 * DAY, **{end: DAY})
    assert ada.key(made).unused_for is None


@pytest.mark.parametrize(("hours", "expected"), [(None, False), (1, True), (23, True), (25, False)])
def test_a_key_used_in_the_last_day_is_in_use(ada: Person, hours: int | None, expected: bool) -> None:
    made = ada.create_key()
    ada.age(made, last_used_at=None if hours is None else timedelta(hours=hours))
    assert ada.key(made).is_in_use is expected


def test_revoking_twice_keeps_the_first_time_and_writes_one_event(app: Flask, ada: Person) -> None:
    made = ada.create_key()
    ada.revoke(made)
    ada.age(made, revoked_at=DAY)
    ada.revoke(made)
    revoked_at = ada.key(made).revoked_at
    assert revoked_at
    assert now() - revoked_at > timedelta(hours=23)
    assert events(app, "api_key:revoke") == [made[:12]]


def test_creating_a_key_writes_an_event_with_its_prefix(app: Flask, ada: Person) -> None:
    made = ada.create_key()
    assert events(app, "api_key:create") == [made[:12]]


def events(app: Flask, action: str) -> list[str]:
    with app.app_context(), reading():
        return list(db.session.scalars(select(Event.subject).where(Event.action == action)))


def issue(app: Flask, nonce: str | None = None, email: str = "ada@example.com") -> NewApiKey:
    with app.app_context(), writing():
        user = User.find(email)
        assert user is not None
        return OwnedKeys(user).create("CI", nonce=nonce)


def test_a_new_key_does_not_print_its_token(app: Flask) -> None:
    new = issue(app)
    assert new.token[12:] not in repr(new)


def test_only_a_hash_of_the_token_is_stored(environ: dict[str, str], ada: Person) -> None:
    made = ada.create_key()
    stored = database_at_rest(environ)
    assert made[:12].encode() in stored
    assert made[12:44].encode() not in stored


def test_the_plan_limits_how_many_keys_are_active(ada: Person) -> None:
    for _ in range(20):
        ada.create_key()
    with pytest.raises(KeyLimitReached, match="You have 20 active keys, the most your plan allows"):
        ada.create_key()


def test_revoked_and_expired_keys_make_room_for_new_ones(ada: Person) -> None:
    tokens = [ada.create_key() for _ in range(20)]
    ada.revoke(tokens[0])
    ada.age(tokens[1], expires_at=DAY)
    ada.create_key()
    ada.create_key()
    with pytest.raises(KeyLimitReached):
        ada.create_key()


def test_a_plan_without_api_access_makes_no_key(ben: Person) -> None:
    with pytest.raises(PlanRequired, match="API access isn’t included in this plan"):
        ben.create_key()
    assert ben.keys() == []


def test_a_form_sent_twice_makes_one_key(app: Flask, ada: Person) -> None:
    issue(app, "nonce")
    with pytest.raises(NonceUsed, match="already created"):
        issue(app, "nonce")
    assert len(ada.keys()) == 1


def test_two_people_may_send_the_same_nonce(app: Flask, eve: Person) -> None:
    issue(app, "nonce", "ada@example.com")
    issue(app, "nonce", "eve@example.com")
    assert len(eve.keys()) == 1


def test_a_refused_name_makes_no_key_and_no_event(app: Flask, ada: Person) -> None:
    with pytest.raises(ValueError, match="Enter a name"):
        ada.create_key("  ")
    assert (ada.keys(), events(app, "api_key:create")) == ([], [])


def test_a_query_and_a_record_agree_on_which_keys_are_active(app: Flask, ada: Person) -> None:
    hour = timedelta(hours=1)
    # What was the past may be the future, once the clock has gone back.
    for revoked_at in (None, hour, -hour):
        for expires_at in (None, hour, -hour):
            ada.age(ada.create_key(), revoked_at=revoked_at, expires_at=expires_at)
    with app.app_context(), reading():
        found = set(db.session.scalars(select(ApiKey.id).where(ApiKey.is_active)))
        assert found == {key.id for key in ApiKey.all() if key.is_active}
    assert len(found) == 2
