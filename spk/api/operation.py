"""An operation of the API: what it takes and answers, and all that is done the same way for each."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, abort, request
from pydantic import TypeAdapter
from werkzeug.exceptions import BadRequest

from spk.api.auth import current_caller, plan_required
from spk.api.body import read_body
from spk.api.paging import Slice, read_slice
from spk.api.problem import InvalidFields, Problem
from spk.db import reading, writing
from spk.models import IdempotentAnswer, StatusPage
from spk.models.accounts.idempotent_answer import KEY_LENGTH, KeyReused
from spk.models.refusal import InvalidField, LimitReached, PlanRequired
from spk.models.status_pages.owned_pages import OwnedPages
from spk.paths import SAFE_METHODS

View = Callable[..., Any]
FindPage = Callable[[OwnedPages, str], StatusPage | None]


class Operation:
    """Decorates a view, which gets the caller’s `page` and what it takes, and returns a record or a list.

    The API’s document is made from what is said here.
    """

    def __init__(
        self,
        answers: type[Any] | None,
        status: int = 200,
        *,
        takes: type[Any] | None = None,
        wrapper: str = "",
        query: type[Any] | None = None,
    ) -> None:
        self.answers, self.takes, self.query = (
            TypeAdapter(each) if each else None for each in (answers, takes, query)
        )
        self.status = status
        self.wrapper = wrapper

    def __call__(self, view: View) -> View:
        @wraps(view)
        def run(**path: str) -> Response:
            if request.method in SAFE_METHODS:
                given = self.read_request()
                with reading():
                    return self.answer(view, path, given, OwnedPages.find)
            if "page" in path:
                with reading():
                    _own_page(OwnedPages.find, path["page"])
            given, key = self.read_request(), _idempotency_key()  # slow, maybe: before the lock
            with writing():
                kept = key and _kept_answer(key)
                if kept and kept.status:
                    headers = {"Idempotent-Replayed": "true"}
                    return Response(kept.body, kept.status, headers, mimetype="application/json")
                response = self.answer(view, path, given, OwnedPages.lock)
                if kept:
                    kept.status, kept.body = response.status_code, response.get_data(as_text=True)
                return response

        run.operation = self  # type: ignore[attr-defined]  # openapi.py asks for it
        return run

    def read_request(self) -> dict[str, Any]:
        """What the view is given of the body and the query; raises BadRequest or InvalidFields."""
        given: dict[str, Any] = {}
        if self.takes:
            given["given"] = read_body(self.takes, self.wrapper)
        if self.query:
            given["part"] = read_slice(self.query)
        return given

    def answer(self, view: View, path: dict[str, str], given: dict[str, Any], find: FindPage) -> Response:
        """Find the caller’s page, ask the view, and put a refusal into the API’s words."""
        arguments: dict[str, Any] = {**path, **given}
        if "page" in path:
            arguments["page"] = _own_page(find, path["page"])
        try:
            return self.shaped(view(**arguments), given.get("part"))
        except InvalidField as refusal:
            raise InvalidFields({refusal.field: [str(refusal)]}) from None
        except PlanRequired as refusal:
            raise plan_required(refusal) from None
        except LimitReached as refusal:
            raise Problem(409, "limit_reached", str(refusal)) from None

    def shaped(self, answer: object, part: Slice | None = None) -> Response:
        """The answer in JSON, as its schema has it."""
        if self.answers is None:
            return Response(status=self.status)
        shape = self.answers.validate_python(answer, from_attributes=True)
        response = Response(self.answers.dump_json(shape), self.status, mimetype="application/json")
        if part and isinstance(answer, list) and len(answer) == part.limit:
            response.headers["Link"] = part.link_to_next()
        return response


def _own_page(find: FindPage, key: str) -> StatusPage:
    """The caller’s own page; somebody else’s is as unknown as none."""
    return find(OwnedPages(current_caller().user), key) or abort(
        404, "There is no such page in your account."
    )


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        raise BadRequest(f"An Idempotency-Key has 1 to {KEY_LENGTH} characters.")
    return key


def _kept_answer(key: str) -> IdempotentAnswer:
    """What is kept under this key, or where to keep the answer."""
    what = b"\n".join([request.method.encode(), request.path.encode(), request.get_data()])
    try:
        return IdempotentAnswer.begin(current_caller().user_id, key, hashlib.sha256(what).hexdigest())
    except KeyReused as refusal:
        raise Problem(409, "idempotency_key_reused", str(refusal)) from None
