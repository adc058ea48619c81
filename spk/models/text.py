"""Text that people and programs give: what may be kept of it."""

import re
import unicodedata

from spk.models import token

# Unicode categories; not Cn, which a newer emoji has in an older Python.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# What shows nothing in spite of its category: fillers, Default_Ignorable_Code_Point, noncharacters.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_JOINERS = "\u200c\u200d"  # inside emoji, and in Persian and Indic words


def clean_line(text: str, limit: int, empty: str) -> str:
    """A name as it is kept: NFC, trimmed, single spaces; raises ValueError with what to change."""
    line = unicodedata.normalize("NFC", text).strip()
    if any(_hides(line, place) for place in range(len(line))) or (line and not any(map(_shows, line))):
        raise ValueError("Use plain text only; this name contains characters that can’t be shown.")
    line = re.sub(r"\s+", " ", line)
    if not line:
        raise ValueError(empty)
    if token.is_in(line):
        raise ValueError("This is a token, not a name. Choose words that others may read.")
    if len(line) > limit:
        raise ValueError(f"Use {limit} characters or fewer. This name has {len(line)}.")
    return line


def clean_text(text: str, limit: int) -> str:
    """Text of several lines, NFC and trimmed; raises ValueError with what to change."""
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in kept if character not in "\n\t"):
        raise ValueError("Use plain text only; this contains characters that can’t be shown.")
    if token.is_in(kept):
        raise ValueError(
            "This contains a token, which everybody could read. Take it out, and revoke that key."
        )
    if len(kept) > limit:
        raise ValueError(f"Use {limit:,} characters or fewer. This has {len(kept):,}.")
    return kept


def _hides(line: str, place: int) -> bool:
    character = line[place]
    if character in _JOINERS:
        return place in (0, len(line) - 1)
    return unicodedata.category(character) in _INVISIBLE or _BLANK.match(character) is not None


def _shows(character: str) -> bool:
    """Whether it is there to be seen by itself, and not only a mark on another or a space."""
    return unicodedata.category(character)[0] not in "MZ" and character not in _JOINERS
