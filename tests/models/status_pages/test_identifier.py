import re

import pytest

from spk.models.refusal import InvalidField
from spk.models.status_pages.identifier import (
    ID_LENGTH,
    SLUG,
    SLUG_LENGTH,
    choose_slug,
    is_id_or_slug,
    new_id,
)

ID = "abc123def456"


def free(slug: str) -> bool:
    return False


def taken(slug: str) -> bool:
    return True


def test_an_id_can_stand_in_an_address_and_is_made_once() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert all(re.fullmatch(f"[0-9a-z]{{{ID_LENGTH}}}", each) and is_id_or_slug(each) for each in ids)


@pytest.mark.parametrize("slug", ["a", "7", "web", "web-shop", "a-1-b", "a" * 80])
def test_a_slug_may_be_chosen(slug: str) -> None:
    assert SLUG(slug) == slug
    assert is_id_or_slug(slug)


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "-",
        "-a",
        "a-",
        "a--b",
        "A",
        "a b",
        "a_b",
        "a.b",
        "a/b",
        "ä",
        "a\n",
        "a\x00",
        "٣",
        "a" * 81,
        "🚀",
        "%61",
    ],
    ids=ascii,
)
def test_what_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(ValueError, match=r"lower-case letters, digits and single hyphens, up to 80"):
        SLUG(slug)


@pytest.mark.parametrize("key", ["", "A", "a\x00", "a\n", "\ud800", "a--b", "../a", "a" * 5000 + "!"])
def test_what_can_be_neither_id_nor_slug_is_not_looked_for(key: str) -> None:
    assert not is_id_or_slug(key)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme"),
        ("Web shop", "web-shop"),
        ("Störung im Netz", "storung-im-netz"),
        ("Ресурс", "resurs"),
        ("100 % “up”!", "100-up"),
        ("  --A--  ", "a"),
        ("🚀", ID),
        ("…", ID),
    ],
)
def test_a_slug_is_made_from_the_name(name: str, slug: str) -> None:
    assert choose_slug(None, name, ID, free) == slug


@pytest.mark.parametrize(
    "name", ["a" * 255, "word " * 51, "ü" * 255, "a-" * 127, "北" * 255, "x" * 66 + " y"]
)
def test_a_slug_of_a_long_name_is_a_slug_even_with_the_id_behind_it(name: str) -> None:
    assert SLUG(choose_slug(None, name, ID, free)) != ID
    assert SLUG(choose_slug(None, name, ID, taken)).endswith(f"-{ID}")
    assert len(choose_slug(None, name, ID, taken)) <= SLUG_LENGTH


def test_a_slug_that_is_taken_gets_the_id_behind_it() -> None:
    assert choose_slug(None, "Acme", ID, taken) == f"acme-{ID}"


def test_a_slug_that_was_asked_for_is_given_or_refused() -> None:
    assert choose_slug("status", "Acme", ID, free) == "status"
    with pytest.raises(InvalidField, match="“status” is taken") as refusal:
        choose_slug("status", "Acme", ID, taken)
    assert refusal.value.field == "slug"
