"""Errors as application/problem+json (RFC 9457)."""

from http import HTTPStatus

from flask import Response, json
from werkzeug.exceptions import HTTPException

CODES = {
    400: "invalid_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
    413: "content_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


class Problem(HTTPException):
    """A refusal with a machine word of its own and, for a token, a challenge (RFC 6750, section 3)."""

    def __init__(self, status: int, code: str, detail: str, challenge: str | None = None) -> None:
        super().__init__(detail)
        self.code = status
        self.word = code
        self.challenge = challenge

    def get_headers(self, *args: object) -> list[tuple[str, str]]:
        return [("WWW-Authenticate", self.challenge)] if self.challenge else []


def problem(error: HTTPException, detail: str) -> Response:
    """The answer to a program; `error` repeats `detail` for clients that read only that."""
    status = error.code or 500
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": error.word if isinstance(error, Problem) else CODES.get(status, "error"),
        "error": detail,
    }
    return Response(json.dumps(body), status, content_type="application/problem+json")
