"""The API against its own description, with requests that schemathesis thinks up."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import allow_header_conformance

from spk import create_app
from spk.api.openapi import describe
from spk.db import db
from spk.models import User
from tests.cast import Person, bearer
from tests.places import copy_place

CONFIG = SchemathesisConfig.from_dict(
    {
        # Query parameters that aren't known are ignored, for clients that send more.
        "generation": {"allow-extra-parameters": False},
        # A schema can't say that a slug is taken, a component is there, or a window ends after it starts.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]}
        },
    }
)
EXAMPLES = settings(max_examples=15, deadline=None, derandomize=True)
# OPTIONS on …/incidents/unresolved lists what …/incidents/{incident} takes, too: both addresses match.
ABOVE_AN_INCIDENT = "/api/v1/pages/{page}/incidents/{which}"


running: list[Flask] = []


@pytest.fixture(scope="module")
def app(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application with one of everything in it, for all examples."""
    directory = tmp_path_factory.mktemp("schemathesis") / "data"
    app = create_app(copy_place(prepared_data, directory))
    with app.app_context():
        ada = User.find("ada@example.com")
        assert ada is not None
        page = ada.status_pages.create(name="Acme")
        page.create_component(name="API")
        page.incidents.create(name="Slow", component_ids=["api"])
        db.session.commit()
    running.append(app)
    return app


@pytest.fixture(scope="module")
def token(app: Flask) -> str:
    return Person(app, "ada@example.com").create_key()


def document() -> dict[str, Any]:
    """Known before any test runs, since there is a test for each operation in it."""
    app = create_app(dict.fromkeys(("SPK_SECRET_KEY", "SPK_TOKEN_PEPPER"), "never used for anything"))
    with app.app_context():
        return describe(app)


operations = schemathesis.openapi.from_dict(document(), config=CONFIG)
operations.app = lambda environ, start_response: running[0](environ, start_response)


@operations.parametrize()
@EXAMPLES
def test_a_key_gets_the_answers_that_the_document_says(case: Case[Any], token: str) -> None:
    excluded = [allow_header_conformance] if case.operation.path == ABOVE_AN_INCIDENT else []
    case.call_and_validate(headers=bearer(token), excluded_checks=excluded)


@operations.include(path_regex="^/api/v1/").parametrize()
@EXAMPLES
@pytest.mark.usefixtures("app")
def test_a_request_without_a_key_is_refused(case: Case[Any]) -> None:
    response = case.call(headers={"Authorization": ""})
    assert response.status_code in (400, 401, 405), response.text  # 405 for an unknown method
    assert response.headers["content-type"] == ["application/problem+json"]
