"""The two names of a thing in addresses: an id that never changes, and a slug that people can read."""

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
    """A slug as somebody chooses it."""

    json_schema: ClassVar[dict[str, Any]] = {"pattern": f"^{_SLUG.pattern}$"}

    def __call__(self, text: str) -> str:
        """The same text; raises InvalidValue with what to change."""
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
    """62 random bits: nobody guesses one, and none is made twice."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))


def is_id_or_slug(text: str) -> bool:
    """Whether it can be an id or a slug at all; PostgreSQL refuses to look for some characters."""
    return _SLUG.fullmatch(text) is not None


def choose_slug(given: str | None, name: str, identifier: str, is_taken: Callable[[str], bool]) -> str:
    """The slug that was asked for, or one made from the name; raises InvalidField where it is taken."""
    if given is not None:
        if is_taken(given):
            raise InvalidField("slug", f"“{given}” is taken. Choose another slug.")
        return given
    slug = slugify(name, max_length=SLUG_LENGTH - ID_LENGTH - 1, word_boundary=True)
    if not slug:
        return identifier
    return f"{slug}-{identifier}" if is_taken(slug) else slug


def claim_slug(record: HasSlug, slug: str) -> None:
    """Write the record with this slug; raises InvalidField where somebody took it at this very moment."""
    try:
        with db.session.begin_nested():
            record.slug = slug  # in here: what a savepoint finds changed is written before it
            db.session.add(record)
    except IntegrityError:
        raise InvalidField("slug", "This was taken just now. Choose another slug.") from None
