"""The two identifiers in URLs: an id that never changes, and a slug that people can read."""

import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from slugify import slugify
from sqlalchemy.exc import IntegrityError

from spk.db import db
from spk.models.refusal import InvalidField, InvalidValue
from spk.models.text import Rule

ID_LENGTH = 12
SLUG_LENGTH = 80  # characters
_ALPHABET = string.digits + string.ascii_lowercase
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class SlugRule(Rule):
    """The rule for a slug that somebody chooses."""

    json_schema: ClassVar[dict[str, Any]] = {"pattern": f"^{_SLUG.pattern}$"}

    def __call__(self, text: str) -> str:
        """The same text; raises InvalidValue saying what to change."""
        if len(text) > self.limit or not _SLUG.fullmatch(text):
            raise InvalidValue(
                f"Use lower-case letters, digits and single hyphens, up to {self.limit} characters."
            )
        return text


SLUG = SlugRule(SLUG_LENGTH)


class HasSlug(Protocol):
    """A record with a slug."""

    slug: Any


def new_id() -> str:
    """A random id of 62 bits: not guessable, and unique."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))


def is_id_or_slug(text: str) -> bool:
    """Whether the text could be an id or a slug; PostgreSQL rejects a query with some characters."""
    return len(text) <= SLUG_LENGTH and _SLUG.fullmatch(text) is not None


def choose_slug(wanted: str | None, name: str, identifier: str, is_taken: Callable[[str], bool]) -> str:
    """The wanted slug, or else one made from the name; raises InvalidField if the wanted one is taken."""
    if wanted is not None:
        if is_taken(wanted):
            raise InvalidField("slug", f"“{wanted}” is taken. Choose another slug.")
        return wanted
    slug = slugify(name, max_length=SLUG_LENGTH - ID_LENGTH - 1, word_boundary=True)
    if not slug:
        return identifier
    return f"{slug}-{identifier}" if is_taken(slug) else slug


def save_with_slug(record: HasSlug, slug: str) -> None:
    """Save the record with this slug; raises InvalidField if somebody else has just taken it."""
    try:
        with db.session.begin_nested():
            record.slug = slug  # inside: entering a savepoint flushes earlier changes outside it
            db.session.add(record)
    except IntegrityError:
        raise InvalidField("slug", "This was taken just now. Choose another slug.") from None
