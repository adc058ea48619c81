"""Text that people and programs give: what may be kept of it."""

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
# What shows nothing in spite of its category: fillers, Default_Ignorable_Code_Point, noncharacters.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_JOINERS = "\u200c\u200d"  # inside emoji, and in Persian and Indic words


@dataclass(frozen=True)
class Rule:
    """A rule on text: call it for what is kept of a text, or annotate a field with it, for pydantic."""

    limit: int  # characters
    json_schema: ClassVar[dict[str, Any]] = {}  # what of it a JSON Schema can say

    def __call__(self, text: str) -> str:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "maxLength": self.limit, **self.json_schema}


@dataclass(frozen=True)
class SingleLine(Rule):
    """One line that has a name in it; `empty` is what to say where there is none."""

    empty: str
    json_schema: ClassVar[dict[str, Any]] = {"minLength": 1}

    def __call__(self, text: str) -> str:
        """NFC, trimmed, single spaces; raises InvalidValue with what to change."""
        line = unicodedata.normalize("NFC", text).strip()
        if any(_hides(line, place) for place in range(len(line))) or (line and not any(map(_shows, line))):
            raise InvalidValue("Use plain text only; this name contains characters that can’t be shown.")
        line = re.sub(r"\s+", " ", line)
        if not line:
            raise InvalidValue(self.empty)
        if token.is_in(line):
            raise InvalidValue("This is a token, not a name. Choose words that others may read.")
        if len(line) > self.limit:
            raise InvalidValue(f"Use {self.limit} characters or fewer. This name has {len(line)}.")
        return line


@dataclass(frozen=True)
class MultiLine(Rule):
    """Text of any number of lines, none too."""

    def __call__(self, text: str) -> str:
        """NFC and trimmed; raises InvalidValue with what to change."""
        kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
        if any(_is_unprintable(sign) for sign in kept):
            raise InvalidValue("Use plain text only; this contains characters that can’t be shown.")
        if token.is_in(kept):
            raise InvalidValue("This contains a token, for all to read. Take it out, and revoke that key.")
        if len(kept) > self.limit:
            raise InvalidValue(f"Use {self.limit:,} characters or fewer. This has {len(kept):,}.")
        return kept


def _is_unprintable(sign: str) -> bool:
    """Whether XML, and so a feed, couldn’t carry it (XML 1.0, 2.2), or no screen could show it."""
    return sign not in "\n\t" and (unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufffe\uffff")


def _hides(line: str, place: int) -> bool:
    character = line[place]
    if character in _JOINERS:
        return place in (0, len(line) - 1)
    return unicodedata.category(character) in _INVISIBLE or _BLANK.match(character) is not None


def _shows(character: str) -> bool:
    """Whether it is there to be seen by itself, and not only a mark on another or a space."""
    return unicodedata.category(character)[0] not in "MZ" and character not in _JOINERS
