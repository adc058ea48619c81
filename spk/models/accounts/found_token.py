"""Tokens that lie in files: where, and whether they work."""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from spk.models.accounts import token
from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.caller import Caller, InvalidToken, KeyRow

LENGTH = 50  # characters of a token
CHUNK = 1024 * 1024  # bytes
# Only four bytes are consumed, because a token may begin within what just looks like one.
_SHAPE = re.compile(rb"spk_(?=([0-9A-Za-z]{46}))")

PATTERN = "spk_[0-9A-Za-z]{46}"
RULES = {  # by which other programs find a token, though they know nothing of its checksum
    "gitleaks": rf"""# For .gitleaks.toml
[[rules]]
id = "spk-api-key"
description = "API key of spk"
regex = '''{PATTERN}\b'''
keywords = ["spk_"]
""",
    "trufflehog": rf"""# For trufflehog --config; it asks no server, so that its finds are unverified
detectors:
  - name: spk API key
    keywords:
      - spk_
    regex:
      token: '{PATTERN}\b'
""",
    "detect-secrets": rf'''"""For detect-secrets scan --plugin."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class SpkDetector(RegexBasedDetector):
    """Finds API keys of spk."""

    secret_type = "spk API key"  # pragma: allowlist secret
    denylist = [re.compile(r"{PATTERN}\b")]
''',
    "github": rf"""Pattern name: spk API key
Secret format: {PATTERN}
Before secret: \A|[^0-9A-Za-z_]
After secret: \z|[^0-9A-Za-z]
Test string: spk_{"0" * 46}
""",
}


def tokens_in(stream: BinaryIO) -> Iterator[tuple[str, int]]:
    """Each token with its line, whatever is around it: the checksum tells it from any other text."""
    text, line = b"", 1
    while chunk := stream.read(CHUNK):
        text += chunk
        done = 0
        for match in _SHAPE.finditer(text):
            line += text.count(b"\n", done, match.start())
            done = match.start()
            if token.is_well_formed(found := f"spk_{match[1].decode()}"):
                yield found, line
        rest = max(done, len(text) - (LENGTH - 1))  # where a token may begin that ends in the next chunk
        line += text.count(b"\n", done, rest)
        text = text[rest:]


class FoundToken(NamedTuple):
    """A token’s prefix, its state in a word, and its key if there is one on this server."""

    prefix: str
    state: str
    key: KeyRow | None

    @classmethod
    def look_up(cls, text: str) -> "FoundToken":
        """Decide as for a request with this token; a plan without api_access pauses a key."""
        try:
            caller = Caller.authenticate(text)
        except InvalidToken as refusal:
            return cls(token.prefix(text), refusal.reason, refusal.key)
        state = "works" if caller.plan.has("api_access") else "paused"
        return cls(token.prefix(text), state, caller.key)

    @property
    def works(self) -> bool:
        """Whether it does, or will with another plan."""
        return self.state in ("works", "paused")

    def revoke(self) -> "FoundToken":
        """End the key, if there is one that isn’t revoked."""
        key = ApiKey.find(self.prefix) if self.key else None
        if key is None:
            return self
        return self._replace(state="revoked now" if key.revoke() else "revoked")
