"""What the checksum of a token notices for certain; of anything else, it misses one in 4,294,967,296."""

import zlib
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from spk.models.accounts import token
from spk.models.accounts.token import ALPHABET

RANDOM = 40
at_leisure = settings(deadline=None)  # a busy machine is no failure
tokens = st.text(ALPHABET, min_size=RANDOM, max_size=RANDOM).map(
    lambda random: f"spk_{random}{token.checksum(random)}"
)


def effect(place: int, one: str, other: str) -> int:
    """Which bits of the CRC change with this character: in any text the same, as a CRC is linear."""
    changed = bytearray(RANDOM)
    changed[place] = ord(one) ^ ord(other)
    return zlib.crc32(changed) ^ zlib.crc32(bytes(RANDOM))


def test_any_wrong_character_anywhere_is_noticed() -> None:
    right = token.generate()
    taken = [
        right[:place] + chr(wrong) + right[place + 1 :]
        for place in range(len(right))
        for wrong in range(256)
        if token.is_well_formed(right[:place] + chr(wrong) + right[place + 1 :])
    ]
    assert taken == [right] * len(right)


def test_any_two_wrong_characters_of_the_random_part_are_noticed() -> None:
    """No two changes are each other's undoing, however far apart, and none is without effect."""
    differences = {ord(one) ^ ord(other) for one, other in permutations(ALPHABET, 2)}
    effects = {effect(place, chr(each), "\0") for place in range(RANDOM) for each in differences}
    assert len(effects) == RANDOM * len(differences)
    assert 0 not in effects


def test_no_swap_between_the_random_part_and_the_checksum_goes_unnoticed() -> None:
    """A CRC below 2³² begins with 0 to 4: with both, it would have to change by just so much, bit by bit."""
    for last, first in permutations("01234", 2):
        change, bits = (ALPHABET.index(last) - ALPHABET.index(first)) * 62**5, effect(RANDOM - 1, last, first)
        lost, odd = divmod(
            bits - change, 2
        )  # flipping `bits` changes a number by their sum less twice the lost
        assert odd or lost < 0 or lost & ~bits


@at_leisure
@given(tokens, st.integers(4, 40), st.text(ALPHABET, min_size=4, max_size=4))
def test_up_to_four_wrong_characters_in_a_row_are_noticed(right: str, place: int, wrong: str) -> None:
    mistyped = right[:place] + wrong + right[place + 4 :]
    assert token.is_well_formed(mistyped) is (mistyped == right)


@at_leisure
@given(tokens, st.text(ALPHABET, min_size=6, max_size=6))
def test_no_other_checksum_fits(right: str, wrong: str) -> None:
    assert token.is_well_formed(right[:-6] + wrong) is (right[-6:] == wrong)


@at_leisure
@given(tokens, st.integers(0, 50), st.characters())
def test_a_character_more_or_less_is_noticed(right: str, place: int, more: str) -> None:
    assert not token.is_well_formed(right[:place] + more + right[place:])
    assert not token.is_well_formed(right[: min(place, 49)] + right[min(place, 49) + 1 :])


@at_leisure
@given(st.text())
def test_no_text_is_an_error_of_ours(text: str) -> None:
    for each in (text, f"spk_{text}", text.encode().decode("latin-1")):
        assert token.is_well_formed(each) <= (token.is_in(each) and token.is_prefix(token.prefix(each)))
