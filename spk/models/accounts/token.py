"""Tokens: `spk_`, then 8 public, 32 secret and 6 checksum characters, all base62."""

import hmac
import re
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIX_LENGTH = len("spk_") + 8
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]  # the digits 0 to 62² - 1 of base 62²
_SHAPE = re.compile(r"spk_([0-9A-Za-z]{40})([0-9A-Za-z]{6})")
_LONGER = re.compile(r"(spk_[0-9A-Za-z]{8})(?:(?!spk_)[0-9A-Za-z])+")
_PREFIX = re.compile(r"spk_[0-9A-Za-z]{8}")


def generate() -> str:
    """A new token with 190 random bits after its public prefix."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(40))
    return f"spk_{random}{checksum(random)}"


def checksum(text: str) -> str:
    """CRC-32 of `text` in six base62 digits, as at the end of GitHub’s tokens."""
    number = zlib.crc32(text.encode())
    return _PAIRS[number // 62**4] + _PAIRS[number // 62**2 % 62**2] + _PAIRS[number % 62**2]


def is_well_formed(token: str) -> bool:
    """Whether format and checksum are right, which they aren’t if a token was mistyped or truncated."""
    match = _SHAPE.fullmatch(token)
    return match is not None and checksum(match[1]) == match[2]


def is_in(text: str) -> bool:
    """Whether the text contains a token."""
    return _SHAPE.search(text) is not None


def shorten(text: str) -> str:
    """The text with each token in it cut to its prefix, misspelled ones too."""
    return _LONGER.sub(r"\1…", text)


def prefix(token: str) -> str:
    """The public part, by which the key is found."""
    return token[:PREFIX_LENGTH]


def is_prefix(text: str) -> bool:
    return _PREFIX.fullmatch(text) is not None


def digest(token: str, pepper: str) -> str:
    """HMAC-SHA-256 (RFC 2104) in hex: stored instead of the token."""
    return hmac.digest(pepper.encode(), token.encode(), "sha256").hex()
