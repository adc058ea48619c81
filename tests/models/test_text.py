from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from spk.models.accounts import token
from spk.models.text import MultiLine, SingleLine

LINE = SingleLine(20, empty="Enter a name.")
PARAGRAPHS = MultiLine(20)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Web", "Web"),
        ("  Web \t", "Web"),
        ("Web   shop", "Web shop"),
        ("Web\u00a0shop", "Web shop"),
        ("e\u0301te\u0301", "été"),
        ("Ünïcödé — “x”", "Ünïcödé — “x”"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a" * 20, "a" * 20),
        (" " * 30 + "a" * 20, "a" * 20),
        ("#1", "#1"),
    ],
)
def test_a_line_is_trimmed_and_composed(given: str, kept: str) -> None:
    assert LINE(given) == kept


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u2003"])
def test_an_empty_line_is_told_what_to_enter(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a name\.$"):
        LINE(text)


@pytest.mark.parametrize(
    "text",
    [
        *("a\x00b", "a\x1bb", "a\x7fb", "a\u200bb", "a\u202eb", "\ufeffa\ufeffb", "a\ue000b", "a\ud800b"),
        *(
            "a\u2028b",
            "a\nb",
            "a\tb",
            "\u2800",
            "\u3164",
            "a\U000e0041b",
            "\u0301",
            "\u200d",
            "a\u200d",
            "\ufe0f",
        ),
    ],
    ids=ascii,
)
def test_what_cannot_be_shown_is_no_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"characters that can’t be shown"):
        LINE(text)


def test_a_line_that_is_too_long_is_told_how_long_it_is() -> None:
    with pytest.raises(ValueError, match=r"^Use 20 characters or fewer\. This name has 21\.$"):
        LINE("a" * 21)


@pytest.mark.parametrize("around", ["{}", "x{}y", "Bearer {}", "SPK_TOKEN={} # mine"])
def test_no_text_holds_a_token(around: str) -> None:
    text = around.format(token.generate())
    with pytest.raises(ValueError, match="token"):
        SingleLine(255, empty="")(text)
    with pytest.raises(ValueError, match="token"):
        MultiLine(255)(text)


def test_a_prefix_alone_is_no_token() -> None:
    assert LINE("spk_AbCd1234") == "spk_AbCd1234"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        (" \n ", ""),
        ("a\r\nb", "a\nb"),
        ("a\n\n  b\tc\n", "a\n\n  b\tc"),
        ("e\u0301", "é"),
        ("a\u200bb", "a\u200bb"),
        ("a" * 20, "a" * 20),
        ("\n" + "a" * 20 + "\n", "a" * 20),
    ],
)
def test_paragraphs_keep_their_lines(given: str, kept: str) -> None:
    assert PARAGRAPHS(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        *[(f"a{each}b", "ab") for each in ("\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\uffff")],
        ("\x1b[1;31ma\x1b[0m\x9b4mb\x1b[K", "ab"),
        ("\x1b]0;title\x07a\x1b]8;;https://x\x1b\\b", "ab"),
        ("\x1b]a", "]a"),
        ("a\rb", "a\nb"),
        ("\x1b\x1b[31m[31ma", "[31ma"),
    ],
    ids=ascii,
)
def test_paragraphs_of_a_script_are_cleaned_of_what_cannot_be_shown(given: str, kept: str) -> None:
    assert MultiLine(20, of_a_script=True)(given) == kept


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[31mb", "a\ud800b", "a\rb", "a\x85b"], ids=ascii)
def test_what_cannot_be_shown_is_no_paragraph_of_a_person(text: str) -> None:
    with pytest.raises(ValueError, match=r"characters that can’t be shown"):
        PARAGRAPHS(text)


def test_a_token_is_found_below_the_colours_of_a_terminal() -> None:
    secret = token.generate()
    for text in (f"{secret[:9]}\x1b[31m{secret[9:]}", f"{secret[:9]}\0{secret[9:]}"):
        with pytest.raises(ValueError, match=r"^This contains a token"):
            MultiLine(1_000, of_a_script=True)(text)


def test_a_line_of_a_script_loses_its_colours_and_nothing_else_is_taken_out_of_it() -> None:
    line = SingleLine(20, empty="", of_a_script=True)
    assert line("\x1b[1;31mDisk\x1b[0m full") == "Disk full"
    for text in ("a\0b", "a\u202eb"):
        with pytest.raises(ValueError, match="characters that can’t be shown"):
            line(text)


def test_paragraphs_that_are_too_long_are_told_how_long_they_are() -> None:
    with pytest.raises(ValueError, match=r"^Use 1,000 characters or fewer\. This has 1,001\.$"):
        MultiLine(1_000)("a" * 1_001)


@given(st.text())
def test_what_is_kept_once_is_kept_again(text: str) -> None:
    for rule in (SingleLine(255, empty=""), MultiLine(25_000), MultiLine(25_000, of_a_script=True)):
        try:
            kept = rule(text)
        except ValueError:
            continue
        assert rule(kept) == kept


def test_a_rule_tells_its_limit_to_the_document() -> None:
    assert TypeAdapter(Annotated[str, LINE]).json_schema()["maxLength"] == 20
