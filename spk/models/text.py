"""Rules for text that people and programs enter."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from spk.models.accounts import token
from spk.models.refusal import InvalidValue

# Unicode categories; not Cn, which a newer emoji has in an older Python.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Invisible in spite of their category: fillers, Default_Ignorable_Code_Point, noncharacters.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
# What terminals take for colours, moves and titles (ECMA-48, 5.4 and 5.6), as copied logs have it.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
_JOINERS = "\u200c\u200d"  # inside emoji, and in Persian and Indic words


RAW_PER_KEPT = 4  # raw characters for each that may be kept: a letter and its marks, spaces around
MAX_MARKS = 30  # combining marks in a row (UAX #15, Stream-Safe Text Format)


def normalize(text: str) -> str:
    """NFC, once the marks in a row are bounded: it takes time by their square; raises InvalidValue.

    Look at the length of a text before.
    """
    marks = 0
    for character in () if text.isascii() else text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MAX_MARKS:
            raise InvalidValue("Use plain text only; this has too many marks on one letter.")
    return unicodedata.normalize("NFC", text)


def shown(text: str) -> str:
    """The text in one line, without characters that can’t be shown and with each token cut to its prefix."""
    line = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return token.shorten(line)


@dataclass(frozen=True)
class Rule:
    """Validates and normalizes text: call it, or annotate a pydantic field with it."""

    limit: int  # characters
    subject: ClassVar[str] = "This"  # of the messages
    json_schema: ClassVar[dict[str, Any]] = {}  # the part that JSON Schema can express

    def __call__(self, text: str) -> str:
        raise NotImplementedError

    def check_length(self, length: int, said: int) -> None:
        if length > self.limit:
            raise InvalidValue(f"Use {self.limit:,} characters or fewer. {self.subject} has {said:,}.")

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "maxLength": self.limit, **self.json_schema}


@dataclass(frozen=True)
class SingleLine(Rule):
    """One line that must not be empty; `empty` is the error message if it is.

    `of_a_script`: the colours that programs give their words are taken out instead of refused.
    """

    empty: str
    of_a_script: bool = False
    subject: ClassVar[str] = "This name"
    json_schema: ClassVar[dict[str, Any]] = {"minLength": 1}

    def __call__(self, text: str) -> str:
        """NFC, trimmed, single spaces; raises InvalidValue with what to change."""
        self.check_length(len(text) // RAW_PER_KEPT, len(text))
        line = normalize(_ESCAPES.sub("", text) if self.of_a_script else text).strip()
        if any(_is_invisible(line, i) for i in range(len(line))) or (
            line and not any(map(_is_visible, line))
        ):
            raise InvalidValue("Use plain text only; this name contains characters that can’t be shown.")
        line = re.sub(r"\s+", " ", line)
        if not line:
            raise InvalidValue(self.empty)
        if token.is_in(line):
            raise InvalidValue("This is a token, not a name. Choose a name that isn’t secret.")
        self.check_length(len(line), len(line))
        return line


@dataclass(frozen=True)
class MultiLine(Rule):
    """Text of any number of lines; it may be empty.

    `of_a_script`: whatever can’t be shown is taken out instead of refused, as these may be its last words.
    """

    of_a_script: bool = False

    def __call__(self, text: str) -> str:
        """NFC and trimmed; raises InvalidValue with what to change."""
        self.check_length(len(text) // RAW_PER_KEPT, len(text))
        if self.of_a_script:
            lines = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
            text = "".join(each for each in lines if not _is_unprintable(each))
        clean = normalize(text.replace("\r\n", "\n")).strip()
        if any(map(_is_unprintable, clean)):
            raise InvalidValue("Use plain text only; this contains characters that can’t be shown.")
        if token.is_in(clean):
            raise InvalidValue(
                "This contains a token, and everybody could read it. Remove it, and revoke that key."
            )
        self.check_length(len(clean), len(clean))
        return clean


def _is_unprintable(character: str) -> bool:
    """Whether the character can’t be displayed, or isn’t allowed in XML and so in a feed (XML 1.0, 2.2)."""
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs") or character in "\ufffe\uffff"


def _is_invisible(line: str, index: int) -> bool:
    character = line[index]
    if character in _JOINERS:
        return index in (0, len(line) - 1)
    return unicodedata.category(character) in _INVISIBLE or _BLANK.match(character) is not None


def _is_visible(character: str) -> bool:
    """Whether the character is visible by itself, unlike a space or a combining mark."""
    return unicodedata.category(character)[0] not in "MZ" and character not in _JOINERS
