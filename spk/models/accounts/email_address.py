"""An email address: a name to sign in with."""

import re
import unicodedata

from spk.models.refusal import InvalidValue


def normalize(email: str) -> str:
    return unicodedata.normalize("NFC", email).strip().lower()


def clean(email: str) -> str:
    """The address to sign in with; nothing is ever sent to it, so its shape is all that is checked."""
    address = normalize(email)
    if len(address) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not address.isprintable():
        raise InvalidValue("Enter an email address, like ada@example.com.")
    return address
