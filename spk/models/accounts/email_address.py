"""The email address that a user signs in with."""

import re
from contextlib import suppress

from spk.models.refusal import InvalidValue
from spk.models.text import RAW_PER_KEPT
from spk.models.text import normalize as normalize_text

MAX_LENGTH = 254  # characters (RFC 5321, 4.5.3.1.3, less the angle brackets)


def normalize(email: str) -> str:
    """The address as it is compared; what can be no address stays as it is, as far as one may go."""
    email = email[: MAX_LENGTH * RAW_PER_KEPT + 1]
    with suppress(ValueError):
        email = normalize_text(email)
    return email.strip().lower()


def clean(email: str) -> str:
    """Normalize an address and check its format only, as nothing is ever sent to it; raises InvalidValue."""
    address = normalize(email)
    fits = len(email) <= MAX_LENGTH * RAW_PER_KEPT and len(address) <= MAX_LENGTH
    if not fits or not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not address.isprintable():
        raise InvalidValue("Enter an email address, like ada@example.com.")
    return address
