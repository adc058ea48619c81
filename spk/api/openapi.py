"""The OpenAPI 3.1 document, generated from the operations, and a page that shows it."""

import re
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from werkzeug.routing import Rule

from spk import __version__
from spk.api.auth import ApiBlueprint
from spk.api.operation import Operation
from spk.api.problem import ProblemSchema
from spk.headers import content_security_policy
from spk.models.accounts.idempotent_answer import KEY_LENGTH
from spk.models.status_pages.identifier import SLUG
from spk.shared_copies import FOR_PROGRAMS

bp = Blueprint("openapi", __name__, url_prefix="/api")
PATH_PARAMETER = re.compile(r"<(?:any\((?P<choices>[^)]*)\):)?(?P<name>\w+)>")
PATH_DESCRIPTIONS = {"page": "Id or slug of a page.", "slug": "Slug of a page.", "which": "Which incidents."}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A request repeated with the same key within 24 hours is carried out only once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"},
}
INTRODUCTION = """\
Status pages, their components, incidents and maintenance, named as in Atlassian Statuspage.

Send an API key in the `Authorization` header. Wherever an id is expected, a slug works too. A body is JSON
or a form, with the fields bare or in an object (`{"component": {"status": "major_outage"}}`). Unknown fields
are ignored, and a path may end in `.json`. Lists have at most 100 items; `Link` leads to the next page.
"""
Json = dict[str, Any]
PROBLEM = TypeAdapter(ProblemSchema)


@bp.get("/openapi.json")
def document() -> Response:
    """Let anybody keep the description of the API for a while, and ask whether it is the same."""
    response = Response(json.dumps(describe(current_app)), mimetype="application/json")
    response.headers["Cache-Control"] = FOR_PROGRAMS
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/docs")
def docs() -> ResponseReturnValue:
    """Swagger UI, under spk’s own policy except that it may create its Trusted Types policies."""
    page = render_template("api_docs.html")  # first, because the policy contains the nonce that the page uses
    policy = content_security_policy().replace("trusted-types htmx", "trusted-types default dompurify")
    return page, {"Content-Security-Policy": policy}


def describe(app: Flask) -> Json:
    """The OpenAPI 3.1.1 document as a JSON object."""
    found = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    views = sorted(
        ((rule, view) for rule, view in found if hasattr(view, "operation")),
        key=lambda pair: (not pair[0].endpoint.startswith("whoami."), pair[0].rule),  # what one tries first
    )
    schemas, definitions = _schemas([view.operation for _, view in views])
    paths: dict[str, Json] = {}
    for rule, view in views:
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})).lower()
        is_private = isinstance(app.blueprints[rule.endpoint.split(".")[0]], ApiBlueprint)
        paths.setdefault(PATH_PARAMETER.sub(r"{\g<name>}", rule.rule), {})[method] = {
            "summary": (view.__doc__ or "").rstrip("."),
            "security": [{"key": []}] if is_private else [],
            **_describe(rule, view.operation, method, schemas),
        }
    key = {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer spk_…`."}
    return {
        "openapi": "3.1.1",
        "info": {"title": "spk", "version": __version__, "description": INTRODUCTION},
        "servers": [{"url": app.config["BASE_URL"]}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(rule) for rule, _ in views)],
        "paths": paths,
        "components": {"schemas": definitions, "securitySchemes": {"key": key}},
    }


def _schemas(operations: list[Operation]) -> tuple[dict[int, Json], Json]:
    """The schema of each type, by the id of its adapter, and the definitions they refer to."""
    inputs: list[tuple[int, JsonSchemaMode, TypeAdapter[Any]]] = [(id(PROBLEM), "serialization", PROBLEM)]
    for each in operations:
        if each.body:
            inputs.append((id(each.body), "validation", each.body))
        if each.response:
            inputs.append((id(each.response), "serialization", each.response))
    schemas, rest = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return {key: schema for (key, _), schema in schemas.items()}, rest["$defs"]


def _tag(rule: Rule) -> str:
    endpoint: str = rule.endpoint
    return endpoint.partition(".")[0].replace("_", " ")


def _describe(rule: Rule, operation: Operation, method: str, schemas: dict[int, Json]) -> Json:
    name = rule.endpoint.partition(".")[2]
    described: Json = {
        "operationId": f"{method}_{name}{'_by_slug' * ('slug' in rule.arguments)}",
        "tags": [_tag(rule)],
        "parameters": [_path_parameter(found) for found in PATH_PARAMETER.finditer(rule.rule)],
        "responses": {
            str(operation.status): {"description": "Done."},
            "default": {
                "description": "What went wrong.",
                "content": {"application/problem+json": {"schema": schemas[id(PROBLEM)]}},
            },
        },
    }
    if operation.response:
        content = {"application/json": {"schema": schemas[id(operation.response)]}}
        described["responses"][str(operation.status)]["content"] = content
    if operation.body:
        content = {"application/json": {"schema": schemas[id(operation.body)]}}
        described["requestBody"] = {"required": True, "content": content}
    if query := operation.query or operation.paging:
        properties = query.json_schema()["properties"].items()
        described["parameters"] += [
            {"name": name, "in": "query", "schema": schema} for name, schema in properties
        ]
    if method != "get":
        described["parameters"].append(IDEMPOTENCY_KEY)
    return described


def _path_parameter(found: re.Match[str]) -> Json:
    schema: Json = {"type": "string", **SLUG.json_schema}
    if found["choices"]:
        schema = {"type": "string", "enum": re.split(r",\s*", found["choices"])}
    description = PATH_DESCRIPTIONS.get(found["name"], f"Id or slug of the {found['name']}.")
    return {
        "name": found["name"],
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }
