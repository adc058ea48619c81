"""Fuzz the reader of what a request gives the API: JSON, forms and queries.

atheris is no part of the development environment; in one of your own, where spk can be imported:
`pip install atheris`, then `python -m tests.fuzz.body -dict=tests/fuzz/body.dict -max_total_time=600`.
"""

import sys
from contextlib import suppress
from io import BytesIO
from typing import Any

import atheris  # type: ignore[import-untyped]  # only there by hand

with atheris.instrument_imports(include=["spk", "werkzeug", "qs_codec"]):
    from flask import Flask
    from pydantic import TypeAdapter
    from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
    from werkzeug.test import create_environ

    from spk.api.body import read_body, read_query
    from spk.api.paging import SearchQuery
    from spk.api.problem import InvalidFields
    from spk.models.status_pages.component import ComponentChanges, NewComponent
    from spk.models.status_pages.incident_fields import IncidentChanges, NewIncident
    from spk.models.status_pages.status_page_fields import NewPage, PageChanges

app = Flask(__name__)
ENVIRON = create_environ(method="POST")
SEARCH: TypeAdapter[Any] = TypeAdapter(SearchQuery)
TAKEN: list[tuple[type[Any], str]] = [
    *((NewIncident, "incident"), (IncidentChanges, "incident")),
    *((NewComponent, "component"), (ComponentChanges, "component")),
    *((NewPage, "page"), (PageChanges, "page")),
]
ADAPTERS: list[tuple[TypeAdapter[Any], str]] = [(TypeAdapter(kind), name) for kind, name in TAKEN]
JSON = "application/json"
CONTENT_TYPES = [JSON, "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"]
REFUSALS = (BadRequest, InvalidFields, RequestEntityTooLarge)


def one_input(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    adapter, wrapper = provider.PickValueInList(ADAPTERS)
    content_type = provider.PickValueInList(CONTENT_TYPES)
    is_wrapped = provider.ConsumeBool()
    text = provider.ConsumeBytes(10_000)
    if is_wrapped:
        text = b'{"%b": %b}' % (wrapper.encode(), text)
    found = _read(adapter, wrapper, content_type, text)
    if found is not None:
        assert isinstance(found, dict)
        again = adapter.dump_json(found, by_alias=True)
        assert _read(adapter, wrapper, JSON, again) == found, again


def _read(adapter: "TypeAdapter[Any]", wrapper: str, content_type: str, text: bytes) -> Any:  # noqa: ANN401  # whatever JSON holds
    sent = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(text)), "wsgi.input": BytesIO(text)}
    query = "".join(chr(each) for each in text[:200] if 0x20 < each < 0x7F)  # what gunicorn lets through
    with app.request_context({**ENVIRON, **sent, "QUERY_STRING": query}):
        with suppress(InvalidFields):
            read_query(SEARCH)
        try:
            return read_body(adapter, wrapper)
        except REFUSALS:
            return None


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
