"""Errors as application/problem+json (RFC 9457)."""

from http import HTTPStatus

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException

CODES = {
    400: "invalid_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    411: "length_required",
    413: "content_too_large",
    415: "unsupported_media_type",
    422: "invalid_fields",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


class Problem(HTTPException):
    """A refusal with an error code of its own and, for a token, a challenge (RFC 6750, section 3)."""

    def __init__(self, status: int, code: str, detail: str, challenge: str | None = None) -> None:
        super().__init__(detail)
        self.code = status
        self.error_code = code
        self.challenge = challenge

    def get_headers(self, *args: object) -> list[tuple[str, str]]:
        return [("WWW-Authenticate", self.challenge)] if self.challenge else []


class InvalidFields(HTTPException):
    """What is wrong with each field of a request, in words."""

    code = 422

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(" ".join(f"{field}: {words}" for field in fields for words in fields[field]))
        self.fields = fields


def problem(error: HTTPException, detail: str) -> Response:
    """The answer to a program; `error` repeats `detail` for clients that read only that."""
    status = error.code or 500
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": error_code(error),
        "error": detail,
    }
    if isinstance(error, InvalidFields):
        body["fields"] = error.fields
    return Response(to_json(body), status, content_type="application/problem+json")


def error_code(error: HTTPException) -> str:
    """The word by which a program tells one error from another."""
    return error.error_code if isinstance(error, Problem) else CODES.get(error.code or 500, "error")


class ProblemSchema(BaseModel):
    """An error (RFC 9457); `error` repeats `detail`, and `fields` says what is wrong with each."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    error: str
    fields: dict[str, list[str]] | None = None
