"""The fields that a request gives, in its body or its query, however the client wraps them."""

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import qs_codec
from flask import request
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest

from spk.api.problem import InvalidFields

# No lists here: `_filled` makes them, as the key in brackets may be a slug that is a number.
_FORM = qs_codec.DecodeOptions(list_limit=0, parameter_limit=10_000)
# An offset whose “+” a client forgot to encode would arrive as a space: 2026-11-23T09:00:00+01:00.
_BARE_PLUS = re.compile(r"(scheduled_(?:for|until)(?:\]|%5D)?=[\d-]+T[\d:.]+)(?:\+| |%20)(\d\d:?\d\d)")


def read_body(fields: TypeAdapter[Any], wrapper: str) -> dict[str, Any]:
    """JSON or a form, inside `wrapper` or bare; raises BadRequest or InvalidFields.

    What begins like JSON is taken for it: that is what curl's -d sends under a form's content type.
    """
    text = request.get_data().removeprefix(codecs.BOM_UTF8)
    is_json = request.mimetype != "multipart/form-data" and text.lstrip()[:1] in (b"{", b"[")
    body = _json(text) if is_json else _form()
    given = body[wrapper] if isinstance(body, dict) and wrapper in body else body
    if not isinstance(body, dict) or not isinstance(given, dict):
        raise InvalidFields({wrapper: ["This must be an object with fields."]})
    found = _validated(fields, given, is_json=is_json)
    if not found and any(isinstance(value, dict) for name, value in body.items() if name != wrapper):
        raise InvalidFields({wrapper: [f"Put the fields into “{wrapper}”, or send them bare."]})
    return found


def read_query(fields: TypeAdapter[Any]) -> dict[str, Any]:
    """The query's fields; an empty one counts as not given. Raises InvalidFields."""
    return _validated(fields, {name: value for name, value in request.args.items() if value}, is_json=False)


def _json(text: bytes) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"The body isn’t JSON that can be read: {error}.") from None


def _form() -> dict[str, Any]:
    """Brackets unfolded: incident[component_ids][]=a becomes {"incident": {"component_ids": ["a"]}}."""
    if request.mimetype == "multipart/form-data":
        text = urlencode(list(request.form.items(multi=True)))
    else:
        try:
            text = request.get_data().decode()
        except UnicodeDecodeError:
            text = request.get_data().decode("latin-1")  # as Windows PowerShell sends strings
    form = {} if request.is_json else qs_codec.decode(_BARE_PLUS.sub(r"\1%2B\2", text), _FORM)
    if not form:
        raise BadRequest("This needs a JSON object, or form fields, in the body.")
    return form


def _validated(fields: TypeAdapter[Any], given: Mapping[str, Any], *, is_json: bool) -> dict[str, Any]:
    """JSON says what it means, so it is held to its types; a form has only text, and “” for nothing."""
    found: dict[str, Any]
    try:
        if is_json:
            found = fields.validate_json(json.dumps(given, allow_nan=False), strict=True)
        else:
            filled = {name: _filled(value) for name, value in given.items() if value != ""}
            found = fields.validate_python(filled)
    except ValidationError as error:
        raise InvalidFields(_messages(error)) from None
    except ValueError:
        raise BadRequest("The body has a number that is too large.") from None
    return found


def _filled(given: Any) -> Any:  # noqa: ANN401  # text, or mappings of it
    """Without what is empty, and with a list where the keys count from 0."""
    if not isinstance(given, Mapping):
        return given
    filled = {name: _filled(value) for name, value in given.items() if value != ""}
    counts = given and list(given) == [str(number) for number in range(len(given))]
    return list(filled.values()) if counts else filled


def _messages(error: ValidationError) -> dict[str, list[str]]:
    """By field, in words, without the values."""
    messages: dict[str, list[str]] = {}
    for found in error.errors(include_url=False, include_input=False):
        words = str(found["ctx"]["error"]) if found["type"] == "value_error" else f"{found['msg']}."
        field = str(found["loc"][0]) if found["loc"] else "body"
        messages.setdefault(field, []).append(words)
    return messages
