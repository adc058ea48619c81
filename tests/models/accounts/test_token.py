import hashlib
import hmac
import string
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spk.models.accounts import token

BASE62 = string.digits + string.ascii_letters
at_leisure = settings(deadline=None)  # a busy machine is no failure


def make(random: str) -> str:
    return f"spk_{random}{token.checksum(random)}"


random_parts = st.text(BASE62, min_size=40, max_size=40)
tokens = st.builds(make, random_parts)


def test_a_new_token_is_spk_and_46_characters_of_base62() -> None:
    assert all(character in BASE62 for character in token.generate().removeprefix("spk_"))
    assert len(token.generate()) == 50


def test_new_tokens_are_well_formed() -> None:
    assert all(token.is_well_formed(token.generate()) for _ in range(200))


def test_new_tokens_use_the_whole_alphabet_at_every_place() -> None:
    made = [token.generate()[4:44] for _ in range(2000)]
    assert all(set(column) == set(BASE62) for column in zip(*made, strict=True))


def test_no_two_tokens_share_a_prefix_or_a_secret() -> None:
    made = [token.generate() for _ in range(500)]
    assert len({text[:12] for text in made}) == len({text[12:44] for text in made}) == 500


def test_the_checksum_is_that_of_githubs_published_example() -> None:
    example = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"  # pragma: allowlist secret (published)
    assert token.checksum(example) == "0mLq17"


def test_the_checksum_of_nothing_is_all_padding() -> None:
    assert token.checksum("") == "000000"


@at_leisure
@given(st.text(BASE62))
def test_the_checksum_is_the_crc_in_six_base62_digits(text: str) -> None:
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    number = 0
    for digit in token.checksum(text):
        number = number * 62 + digits.index(digit)
    assert (len(token.checksum(text)), number) == (6, zlib.crc32(text.encode()))


@at_leisure
@given(tokens)
def test_a_token_with_its_checksum_is_well_formed(text: str) -> None:
    assert token.is_well_formed(text)


@at_leisure
@given(tokens, st.integers(0, 49), st.sampled_from(BASE62 + "_-é \n"))
def test_one_wrong_character_is_noticed(text: str, place: int, wrong: str) -> None:
    mistyped = text[:place] + wrong + text[place + 1 :]
    assert token.is_well_formed(mistyped) is (mistyped == text)


@at_leisure
@given(tokens, st.integers(0, 48))
def test_two_swapped_neighbours_are_noticed(text: str, place: int) -> None:
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assert token.is_well_formed(swapped) is (swapped == text)


@at_leisure
@given(tokens, st.integers(0, 49))
def test_a_token_cut_off_at_either_end_is_noticed(text: str, length: int) -> None:
    assert not token.is_well_formed(text[:length])
    assert not token.is_well_formed(text[50 - length :])


@pytest.mark.parametrize("around", ["{}\n", " {}", "{} ", "{}A", "x{}", '"{}"', "{}\0"])
def test_a_token_with_something_around_it_is_refused(around: str) -> None:
    assert not token.is_well_formed(around.format(make("a" * 40)))


@pytest.mark.parametrize("scheme", ["SPK_", "spk-", "ghp_", "spk", ""])
def test_a_token_of_another_kind_is_refused(scheme: str) -> None:
    assert not token.is_well_formed(make("a" * 40).replace("spk_", scheme))


def test_digits_of_another_script_are_refused() -> None:
    assert not token.is_well_formed(make("٣" * 40))  # \d would take them


@at_leisure
@given(st.text(max_size=60))
def test_any_other_text_is_refused_without_an_error(text: str) -> None:
    assert not token.is_well_formed(text)


@at_leisure
@given(st.text(BASE62, min_size=8, max_size=8), st.text(BASE62, min_size=32, max_size=32))
def test_the_prefix_holds_no_character_of_the_secret(public: str, secret: str) -> None:
    assert token.prefix(make(public + secret)) == f"spk_{public}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spk_0aZ9bY8c", True),
        ("spk_0aZ9bY8", False),
        ("spk_0aZ9bY8cD", False),
        ("spk_0aZ9bY8c\n", False),
        ("spk_0aZ9bY8%", False),
        ("ghp_0aZ9bY8c", False),
        ("", False),
    ],
)
def test_only_the_whole_prefix_is_a_prefix(text: str, expected: bool) -> None:
    assert token.is_prefix(text) is expected


def test_the_digest_is_that_of_the_published_example() -> None:
    """RFC 4231, section 4.3."""
    # pragma: allowlist nextline secret (published)
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert token.digest("what do ya want for nothing?", "Jefe") == expected


@at_leisure
@given(tokens, st.text(string.printable, min_size=16))
def test_the_digest_is_hmac_sha_256_under_the_pepper(text: str, pepper: str) -> None:
    assert token.digest(text, pepper) == hmac.new(pepper.encode(), text.encode(), hashlib.sha256).hexdigest()
