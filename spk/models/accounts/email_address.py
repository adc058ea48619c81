"""The email address that a user signs in with."""

import re
import unicodedata


def normalize(email: str) -> str:
    return unicodedata.normalize("NFC", email).strip().lower()


def clean(email: str) -> str:
    """Normalize an address and check its format only, as nothing is ever sent to it; raises ValueError."""
    address = normalize(email)
    if len(address) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not address.isprintable():
        raise ValueError("Enter an email address, like ada@example.com.")
    return address
