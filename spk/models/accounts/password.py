"""Passwords, hashed with argon2id (RFC 9106)."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from spk.models.refusal import InvalidValue

MIN_LENGTH, MAX_LENGTH = 8, 1024  # characters

hasher = PasswordHasher()
# Each hash takes 64 MiB and 0.1 s of CPU time: more than two at once would starve other requests.
_hashing_slots = threading.BoundedSemaphore(2)
# Verified if there is no account, so that an unknown address takes as long as a wrong password.
_DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$lelfBJ/RgZj/sRjO+gFw8A$R3Cw/AyHApLQDEWtSqpnasF7OjJQxf9US0Ldq6kX7rE"
)


def check(password: str) -> str:
    """Return an acceptable new password; raises InvalidValue saying what to change."""
    if len(password) < MIN_LENGTH:
        raise InvalidValue(f"Use {MIN_LENGTH} characters or more.")
    if len(password) > MAX_LENGTH:
        raise InvalidValue(f"Use {MAX_LENGTH:,} characters or fewer.")
    return password


def hash(password: str) -> str:  # noqa: A001  # password.hash() reads best
    with _hashing_slots:
        return hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; takes the same time if there is no hash."""
    if len(password) > MAX_LENGTH:
        password = ""  # nobody has it, and it takes as long as any other
    with _hashing_slots:
        try:
            return hasher.verify(password_hash or _DUMMY_HASH, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False
