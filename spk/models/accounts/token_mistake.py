"""What stands where a token should: the usual slips of shells, files and clipboards, in words."""

import re

from spk.models.accounts import token

_LONGEST = 1_000  # characters that are looked at
# The first that matches is told. No message quotes what was sent, because most of it may be a token.
_MISTAKES = [
    (re.compile(pattern, re.IGNORECASE), message)
    for pattern, message in (
        (r"^\s*((null|none|undefined|nil)\s*)?$", "It is empty: is the variable set that should hold it?"),
        (r"[\"'`“”„‘’«»]", "There are quotes around it. Send it without them."),
        (r"\bauthorization\b", "The name of the header stands in its value, too."),
        (r"\b(bearer|oauth)\b", "“Bearer” is there once too often."),
        (r"[•*…]|\.\.\.", "Most of it is hidden, as in logs and lists. Send all of it."),
        (r"[\r\n]|\\[rn]|%0[ad]", "There is a line break in it, as files end with. Remove it."),
        (r"^\s*\$|[{}<>]|%\w+%", "It is the name of a variable, which nothing has replaced by its value."),
        (r"^[A-Z_]*(token|key)$", "It is the name of a variable. Its value belongs here."),
        (r"[^\t -~]", "There is a character in it that can’t be seen or isn’t ASCII. Copy it again."),
        (r"^\s*[:=]", "Between “Bearer” and the token there is one space, and nothing else."),
        (r"\S\s+\S", "There is a space in it, as where it was broken across two lines."),
        (r"%[0-9a-f]{2}", "It is percent-encoded. Send it as it is."),
    )
]


def explain(text: str) -> str:
    """What is wrong with this instead of a token, as a sentence; empty if that is unusual."""
    given = _decode(text[:_LONGEST])
    if token.is_prefix(given.strip()):
        return "It is only the prefix of a key; the token was shown once. Without it, create a new key."
    return next((message for pattern, message in _MISTAKES if pattern.search(given)), "")


def _decode(header: str) -> str:
    """A header as UTF-8, which is what most clients send; WSGI has it as Latin-1 (PEP 3333)."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")
