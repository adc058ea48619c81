"""What RFC 6750, section 2.1 takes for credentials, told without a regular expression."""

import string

SCHEMES = ("bearer", "oauth")
CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._~+/")


def token_in(header: str) -> str | None:
    """The one token of this header, or None where the grammar doesn't know it."""
    scheme, _, rest = header.partition(" ")
    token = rest.strip(" ")  # of any number of spaces, those at the end are the header's
    body = token.rstrip("=")
    is_token = body != "" and CHARACTERS.issuperset(body)
    return token if is_token and scheme.isascii() and scheme.lower() in SCHEMES else None
