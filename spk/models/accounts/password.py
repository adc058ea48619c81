"""Passwords, hashed with argon2id (RFC 9106)."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from spk.models.refusal import InvalidValue

MIN_LENGTH, MAX_LENGTH = 8, 1024  # characters

_hasher = PasswordHasher()
# Each hash takes 64 MiB and a core for a tenth of a second: more at once would starve the rest.
_at_once = threading.BoundedSemaphore(2)
# Verified where there is no account, so that an unknown address takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$lelfBJ/RgZj/sRjO+gFw8A$R3Cw/AyHApLQDEWtSqpnasF7OjJQxf9US0Ldq6kX7rE"


def check(password: str) -> str:
    """Return a password that may be set; raises InvalidValue with what to change."""
    if len(password) < MIN_LENGTH:
        raise InvalidValue(f"Use {MIN_LENGTH} characters or more.")
    if len(password) > MAX_LENGTH:
        raise InvalidValue(f"Use {MAX_LENGTH:,} characters or fewer.")
    return password


def hash(password: str) -> str:  # noqa: A001  # password.hash() reads best
    with _at_once:
        return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes the same time where there is no hash."""
    with _at_once:
        try:
            return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False
