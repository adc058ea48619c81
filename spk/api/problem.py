"""Errors as application/problem+json (RFC 9457)."""

from http import HTTPStatus

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException

ERROR_CODES = {
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
    """An error with its own error code and, for authentication, a challenge (RFC 6750, section 3)."""

    def __init__(self, status: int, error_code: str, detail: str, challenge: str | None = None) -> None:
        super().__init__(detail)
        self.code = status  # Werkzeug's name for the HTTP status
        self.error_code = error_code  # the member `code` of the JSON body
        self.challenge = challenge

    def get_headers(self, *args: object) -> list[tuple[str, str]]:
        return [("WWW-Authenticate", self.challenge)] if self.challenge else []


class InvalidFields(HTTPException):
    """An error with messages for each invalid field of a request."""

    code = 422  # the HTTP status

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(" ".join(f"{field}: {text}" for field in fields for text in fields[field]))
        self.fields = fields


def problem(error: HTTPException, detail: str) -> Response:
    """The error as a JSON response; `error` repeats `detail` for clients that only read that."""
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
    """The code by which a program recognizes the error."""
    return error.error_code if isinstance(error, Problem) else ERROR_CODES.get(error.code or 500, "error")


class ProblemSchema(BaseModel):
    """An error (RFC 9457); `error` repeats `detail`, and `fields` says what is wrong with each."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    error: str
    fields: dict[str, list[str]] | None = None
