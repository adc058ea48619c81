"""The reader of the Authorization header against the grammar of RFC 6750, with headers nobody thought of."""

import string

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spk.api.bearer import QUERY_PARAMETERS, bearer_token
from spk.api.problem import Problem
from tests.fuzz.credentials import CHARACTERS, SCHEMES, token_in

REFUSALS = [(400, "invalid_request"), (401, "credentials_required")]
at_leisure = settings(deadline=None, max_examples=200)  # a busy machine is no failure
bare = Flask(__name__)  # a request is all it needs

any_case = st.sampled_from(SCHEMES).flatmap(
    lambda word: st.tuples(*(st.sampled_from([each, each.upper()]) for each in word)).map("".join)
)
tokens = st.builds(
    "{}{}".format,
    st.text(st.sampled_from(sorted(CHARACTERS)), min_size=1),
    st.integers(0, 3).map(lambda number: "=" * number),
)
spaces = st.integers(1, 3).map(lambda number: " " * number)
good = st.builds("{}{}{}{}".format, any_case, spaces, tokens, st.sampled_from(["", " "]))
# Text that is nearly one: pieces of a good header, and what no header should hold.
pieces = st.sampled_from(
    [*SCHEMES, "Bearer ", "OAuth ", " ", "  ", "\t", ",", "=", "spk_", "a", "-._~+/", ":", ";"]
)
strange = st.one_of(
    st.characters(max_codepoint=255), st.characters(), st.sampled_from("\r\n\0\x0b\x85\xa0ſK")
)
nearly = st.lists(st.one_of(pieces, strange), max_size=8).map("".join)


def read(header: str | None, query: str = "") -> str | tuple[int | None, str]:
    """The token that is read, or the refusal."""
    environ = {"QUERY_STRING": query} | ({} if header is None else {"HTTP_AUTHORIZATION": header})
    with bare.test_request_context(environ_overrides=environ):
        try:
            return bearer_token()
        except Problem as refusal:
            return refusal.code, refusal.error_code


def assert_by_the_grammar(header: str) -> None:
    found = read(header)
    assert found == token_in(header) or (token_in(header) is None and found in REFUSALS)


@at_leisure
@given(good)
def test_a_header_of_the_grammar_is_its_token(header: str) -> None:
    assert read(header) == header.split()[1]


@at_leisure
@given(nearly)
@example("Bearer a\n")
@example("Bearer a=b")
@example("Bearer =")
@example("Bearer\u2003a")
@example("BEAREſ a")
def test_any_other_text_is_the_token_of_the_grammar_or_refused(header: str) -> None:
    assert_by_the_grammar(header)


@at_leisure
@given(good, st.integers(0, 200), strange)
def test_a_character_more_is_in_the_grammar_or_refused(header: str, place: int, more: str) -> None:
    assert_by_the_grammar(header[:place] + more + header[place:])


@at_leisure
@given(good, good, st.sampled_from([",", ", ", " ", "\t,"]))
def test_two_headers_that_a_server_has_joined_are_refused(one: str, other: str, comma: str) -> None:
    assert read(f"{one}{comma}{other}") == (400, "invalid_request")


@at_leisure
@given(st.text(string.printable), good)
def test_what_comes_before_the_scheme_makes_it_another_one(before: str, header: str) -> None:
    if before.strip(" "):
        assert read(f"{before}{header}") in REFUSALS


@at_leisure
@given(good, st.sampled_from(QUERY_PARAMETERS), st.text(st.characters(max_codepoint=126), max_size=20))
def test_no_query_with_a_token_is_read(header: str, name: str, value: str) -> None:
    quoted = value.encode().hex()
    for query in (
        name,
        f"{name}=",
        f"{name}={quoted}",
        f"a=1&{name}={quoted}",
        f"%{ord(name[0]):x}{name[1:]}=",
    ):
        assert read(header, query) == (400, "invalid_request")


@pytest.mark.parametrize("header", [None, "", " "])
def test_nothing_is_no_token(header: str | None) -> None:
    assert read(header) in REFUSALS
