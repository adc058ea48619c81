"""The API against its own description, with requests that schemathesis thinks up."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import allow_header_conformance, negative_data_rejection

from spk import create_app
from spk.api.openapi import describe
from spk.db import db, reading, writing
from spk.models import User
from spk.models.status_pages.owned_pages import OwnedPages
from tests.data_dirs import copy_data_dir
from tests.people import Person, bearer

CONFIG: dict[str, Any] = {
    # Query parameters that aren't known are ignored, for clients that send more.
    "generation": {"allow-extra-parameters": False},
    # A schema can't say that a slug is taken, a component is there, or a window ends after it starts.
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]}},
}
FEW = CONFIG | {"phases": {"coverage": {"enabled": False}}}
PLAIN = {"Accept-Encoding": "identity"}  # schemathesis asks for gzip, and doesn't undo it
EXAMPLES = settings(max_examples=3, deadline=None, derandomize=True)
# OPTIONS on …/incidents/unresolved lists what …/incidents/{incident} takes, too: both addresses match.
ABOVE_AN_INCIDENT = "/api/v1/pages/{page}/incidents/{which}"

pytestmark = pytest.mark.any_database("what is made up is refused, or written as other tests write")
running: list[Flask] = []
answered: dict[str, set[int]] = {}  # the statuses of each operation's answers about Eve's things


@pytest.fixture(scope="module")
def app(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application with one of everything in it, for all examples."""
    directory = tmp_path_factory.mktemp("schemathesis") / "data"
    app = create_app({**copy_data_dir(prepared_data, directory), "SPK_FAILURE_LIMIT": "9999/minute"})
    with app.app_context(), writing():
        ada = User.find("ada@example.com")
        assert ada is not None
        page = OwnedPages(ada).create(name="Acme")
        page.create_component(name="API")
        page.incidents.create(name="Slow", component_ids=["api"])
    running.append(app)
    return app


@pytest.fixture(scope="module")
def token(app: Flask) -> str:
    return Person(app, "ada@example.com").create_key()


@pytest.fixture(scope="module")
def places(app: Flask) -> dict[str, str]:
    """Where Eve has one of everything: its ids, which stay whatever is changed."""
    with app.app_context(), writing():
        eve = User.find("eve@example.com")
        assert eve is not None
        page = OwnedPages(eve).create(name="Real")
        component, incident = page.create_component(name="API"), page.incidents.create(name="Slow")
        db.session.flush()
        ids = {"page": page.id, "slug": page.id, "component": component.id, "incident": incident.id}
        return ids | {"which": "upcoming"}


@pytest.fixture(scope="module")
def eves_token(app: Flask) -> str:
    return Person(app, "eve@example.com").create_key()


def document() -> dict[str, Any]:
    """Known before any test runs, since there is a test for each operation in it."""
    app = create_app(dict.fromkeys(("SPK_SECRET_KEY", "SPK_TOKEN_PEPPER"), "never used for anything"))
    with app.app_context(), reading():
        return describe(app)


def load(config: dict[str, Any]) -> BaseSchema:
    operations = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict(config))
    operations.app = lambda environ, start_response: running[0](environ, start_response)
    return operations


operations = load(CONFIG)


@operations.parametrize()
@EXAMPLES
def test_a_key_gets_the_answers_that_the_document_says(case: Case[Any], token: str) -> None:
    excluded = [allow_header_conformance] if case.operation.path == ABOVE_AN_INCIDENT else []
    if leaves_out_a_field(case):
        excluded.append(negative_data_rejection)
    case.call_and_validate(headers=bearer(token) | PLAIN, excluded_checks=excluded)


# The hook looks at nothing else of a request.
@load(FEW).include(path_regex="^/api/v1/").parametrize()
@settings(EXAMPLES, max_examples=2)
@pytest.mark.usefixtures("app")
def test_a_request_without_a_key_is_refused(case: Case[Any]) -> None:
    response = case.call(headers={"Authorization": ""})
    assert response.status_code in (400, 401, 405), response.text  # 405 for an unknown method
    assert response.headers["content-type"] == ["application/problem+json"]


# Without PUT, which is the same operation as PATCH.
@operations.include(path_regex="{").exclude(method=["DELETE", "PUT"]).parametrize()
@EXAMPLES
def test_about_things_that_are_there_it_gets_those_answers_too(
    case: Case[Any], eves_token: str, places: dict[str, str]
) -> None:
    """Made-up addresses find nothing, and an Idempotency-Key used for two bodies is refused unread."""
    case.path_parameters.update({name: places[name] for name in case.path_parameters if name in places})
    case.headers.pop("Idempotency-Key", None)
    excluded = [allow_header_conformance] if case.operation.path == ABOVE_AN_INCIDENT else []
    was_put_right = not is_wrong_in(case, ParameterLocation.QUERY, ParameterLocation.BODY)
    if was_put_right or leaves_out_a_field(case):
        excluded.append(negative_data_rejection)
    response = case.call_and_validate(headers=bearer(eves_token) | PLAIN, excluded_checks=excluded)
    answered.setdefault(case.operation.label, set()).add(response.status_code)


def leaves_out_a_field(case: Case[Any]) -> bool:
    """Whether the body has an empty text or null, which isn't given where a field can't be that."""
    body = case.body if isinstance(case.body, dict) else {}
    wrapped = (value for value in body.values() if isinstance(value, dict))
    return any(value in ("", None) for fields in (body, *wrapped) for value in fields.values())


def is_wrong_in(case: Case[Any], *places: ParameterLocation) -> bool:
    found = case.meta.components if case.meta else {}
    return any(place in found and found[place].mode.is_negative for place in places)


def test_every_operation_was_tried_in_earnest() -> None:
    """Each was called; but for DELETE and PUT, those about one thing did it, and refused a body."""
    found = {each.ok().label: each.ok() for each in operations.get_all_operations() if isinstance(each, Ok)}
    paths = document()["paths"]
    assert set(found) == {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    for label, statuses in answered.items():
        assert statuses & {200, 201}, label
        assert (422 in statuses) or not found[label].body, label
    placed = {label for label in found if "{" in label and not label.startswith(("DELETE", "PUT"))}
    assert set(answered) in (set(), placed)
