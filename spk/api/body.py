"""The fields of a request, from its body or its query, wrapped or not."""

import codecs
import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import urlencode

import qs_codec
from flask import request
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest

from spk.api.problem import InvalidFields
from spk.models.text import shown

F = TypeVar("F")  # a TypedDict of fields
# `_clean_form_value` makes the lists instead, because a number in brackets may also be a slug.
_FORM = qs_codec.DecodeOptions(list_limit=0)
MAX_FIELDS = 500  # the decoder takes time by the square of repeated names
# In an offset, a “+” that a client forgot to encode would arrive as a space: 2026-11-23T09:00:00+01:00.
_BARE_PLUS = re.compile(r"(scheduled_(?:for|until)(?:\]|%5D)?=[\d-]+T[\d:.]+)(?:\+| |%20)(\d\d:?\d\d)")


def read_body(fields: TypeAdapter[F], wrapper: str, beside: tuple[str, ...] = ()) -> F:
    """The fields in JSON or a form, inside `wrapper` or bare; raises BadRequest or InvalidFields.

    Those in `beside` may also stand next to the wrapper.

    A body that looks like JSON is read as JSON: curl’s -d sends it with the content type of a form.
    """
    text = request.get_data().removeprefix(codecs.BOM_UTF8)
    is_json = request.mimetype != "multipart/form-data" and text.lstrip()[:1] in (b"{", b"[")
    body = _json(text) if is_json else _form()
    given = body[wrapper] if isinstance(body, dict) and wrapper in body else body
    if not isinstance(body, dict) or not isinstance(given, dict):
        raise InvalidFields({wrapper: ["This must be an object with fields."]})
    if given is not body:
        given = {name: body[name] for name in beside if name in body} | given
    valid = _validate(fields, given, is_json=is_json)
    if not valid and any(isinstance(value, dict) for name, value in body.items() if name != wrapper):
        raise InvalidFields({wrapper: [f"Put the fields into “{wrapper}”, or send them bare."]})
    if given and not valid:
        _require_known(fields, given)
    return valid


def read_query(fields: TypeAdapter[F]) -> F:
    """The fields in the query; an empty one counts as missing. Raises InvalidFields."""
    return _validate(fields, {name: value for name, value in request.args.items() if value}, is_json=False)


def _json(text: bytes) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"The body isn’t JSON that can be read: {error}.") from None


def _form() -> dict[str, Any]:
    """Form fields by name, nested by brackets: a[b][]=c is {"a": {"b": ["c"]}}; every value is a string."""
    if request.mimetype == "multipart/form-data":
        text = urlencode(list(request.form.items(multi=True)))
    else:
        try:
            text = request.get_data().decode()
        except UnicodeDecodeError:
            text = request.get_data().decode("latin-1")  # the encoding that Windows PowerShell sends
    if text.count("&") >= MAX_FIELDS:
        raise BadRequest(f"This form has too many fields: send at most {MAX_FIELDS}, or JSON.")
    form = {} if request.is_json else qs_codec.decode(_BARE_PLUS.sub(r"\1%2B\2", text), _FORM)
    if not form:
        raise BadRequest("This needs a JSON object, or form fields, in the body.")
    return form


def _validate(fields: TypeAdapter[F], given: Mapping[str, Any], *, is_json: bool) -> F:
    """Validate JSON by its types; a form has only text, where an empty value counts as missing."""
    try:
        if is_json:
            return _validate_json(fields, given)
        clean = {name: _clean_form_value(value) for name, value in given.items() if value != ""}
        return fields.validate_python(clean)
    except ValidationError as error:
        raise InvalidFields(_messages(error)) from None
    except ValueError:
        raise BadRequest("The body has a number that is too large.") from None


def _validate_json(fields: TypeAdapter[F], given: Mapping[str, Any]) -> F:
    """Typed clients send "" and null for what they leave out: where a field can’t be that, it isn’t given."""
    try:
        return fields.validate_json(json.dumps(given, allow_nan=False), strict=True)
    except ValidationError as error:
        wrong = _messages(error)
        needed = {name for name, schema in _properties(fields).items() if "minLength" in schema}
        left_out = {name for name in wrong.keys() & given.keys() - needed if given[name] in ("", None)}
        if not left_out:
            raise
        return _validate_json(fields, {name: given[name] for name in given if name not in left_out})


def _properties(fields: TypeAdapter[F]) -> dict[str, Any]:
    """The fields by name, in JSON Schema."""
    return dict(fields.json_schema()["properties"])


def _require_known(fields: TypeAdapter[F], given: Mapping[str, Any]) -> None:
    """Raise InvalidFields about the first of these names if no field has any of them."""
    known = _properties(fields)
    if not known.keys() & given.keys():
        name = shown(next(iter(given))[:100])
        (nearest,) = get_close_matches(name, known, n=1, cutoff=0)
        raise InvalidFields({name: [f"There is no such field. The nearest is “{nearest}”."]})


def _clean_form_value(given: object) -> object:
    """A string as it is; a mapping without empty values, or as a list if its keys are 0, 1, 2 and so on."""
    if not isinstance(given, Mapping):
        return given
    clean = {name: _clean_form_value(value) for name, value in given.items() if value != ""}
    is_list = given and list(given) == [str(number) for number in range(len(given))]
    return list(clean.values()) if is_list else clean


def _messages(error: ValidationError) -> dict[str, list[str]]:
    """The error messages by field, without the values."""
    messages: dict[str, list[str]] = {}
    for found in error.errors(include_url=False, include_input=False):
        message = str(found["ctx"]["error"]) if found["type"] == "value_error" else f"{found['msg']}."
        field = str(found["loc"][0]) if found["loc"] else "body"
        messages.setdefault(field, []).append(message)
    return messages
