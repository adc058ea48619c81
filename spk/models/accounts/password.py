"""Passwords, hashed with argon2id (RFC 9106)."""

import re
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from spk.models.refusal import InvalidValue

MIN_LENGTH, MAX_LENGTH = 8, 1024  # characters
MIN_GUESSES = 10**8  # with which somebody clever finds it
JUDGED = 16  # characters: for longer ones the estimate takes up to seconds
HELP = "8 characters or more; a sentence of 15 is easier to remember and harder to guess."

hasher = PasswordHasher()
# Each hash takes 64 MiB and 0.1 s of CPU time: more than two at once would starve other requests.
_hashing_slots = threading.BoundedSemaphore(2)
# Verified if there is no account, so that an unknown address takes as long as a wrong password.
_DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$lelfBJ/RgZj/sRjO+gFw8A$R3Cw/AyHApLQDEWtSqpnasF7OjJQxf9US0Ldq6kX7rE"
)


def check(password: str, *known: str) -> str:
    """Return an acceptable new password; raises InvalidValue saying what to change.

    `known` is what somebody who guesses would try first: the address of the account, the name of the server.
    """
    if len(password) < MIN_LENGTH:
        raise InvalidValue(f"Use {MIN_LENGTH} characters or more.")
    if len(password) > MAX_LENGTH:
        raise InvalidValue(f"Use {MAX_LENGTH:,} characters or fewer.")
    if _guesses(password, known) < MIN_GUESSES:
        raise InvalidValue("This is easy to guess. Add a word or two that nobody would expect.")
    return password


def _guesses(password: str, known: tuple[str, ...]) -> int:
    """How many somebody needs who tries common words, names and patterns first, by zxcvbn’s estimate."""
    from zxcvbn import zxcvbn  # late: its lists take every command a tenth of a second

    parts = ["spk status page", *(part for text in known for part in (text, *text.split("@")))]
    words = {word[:JUDGED] for part in parts for word in _variants(part)}
    with _hashing_slots:
        return int(zxcvbn(password[:JUDGED], user_inputs=sorted(words - {""}))["guesses"])


def _variants(text: str) -> list[str]:
    """The text, its words, and these joined as people join them."""
    words = re.split(r"[\W_]+", text)
    return [text, *words, *(sign.join(filter(None, words)) for sign in ("", " ", "-", ".", "_"))]


def hash(password: str) -> str:  # noqa: A001  # password.hash() reads best
    with _hashing_slots:
        return hasher.hash(password)


def is_outdated(password_hash: str) -> bool:
    """Whether a new hash of the same password would be harder to guess from."""
    return hasher.check_needs_rehash(password_hash)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; takes the same time if there is no hash."""
    if len(password) > MAX_LENGTH:
        password = ""  # nobody has it, and it takes as long as any other
    with _hashing_slots:
        try:
            return hasher.verify(password_hash or _DUMMY_HASH, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False
