"""An operation of the API: what it takes and answers, and all that is done the same way for each."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, abort, g, request
from pydantic import TypeAdapter
from werkzeug.exceptions import BadRequest

from spk.api.auth import plan_required
from spk.api.body import read_body
from spk.api.paging import Slice, read_slice
from spk.api.problem import InvalidFields, Problem
from spk.db import SAFE_METHODS, db
from spk.models import IdempotentAnswer, StatusPage
from spk.models.idempotent_answer import KEY_LENGTH, KeyReused
from spk.models.refusal import InvalidField, LimitReached, PlanRequired

View = Callable[..., Any]


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
        def run(**keys: object) -> Response:
            if request.method in SAFE_METHODS:
                return self.answer(view, keys)
            kept = _kept_answer()
            if kept and kept.status:
                headers = {"Idempotent-Replayed": "true"}
                replay = Response(kept.body, kept.status, headers, mimetype="application/json")
                db.session.rollback()  # frees the write lock: stamping the use of the key waits for it
                return replay
            response = self.answer(view, keys)
            if kept:
                kept.status, kept.body = response.status_code, response.get_data(as_text=True)
            db.session.commit()
            return response

        run.operation = self  # type: ignore[attr-defined]  # openapi.py asks for it
        return run

    def answer(self, view: View, keys: dict[str, Any]) -> Response:
        """Find, ask the view, and put a refusal into the API’s words."""
        if "page" in keys:
            keys["page"] = find_page(keys["page"])
        if self.takes:
            keys["given"] = read_body(self.takes, self.wrapper)
        if self.query:
            keys["part"] = read_slice(self.query)
        try:
            return self.shaped(view(**keys), keys.get("part"))
        except InvalidField as refusal:
            raise InvalidFields({refusal.field: [str(refusal)]}) from None
        except PlanRequired as refusal:
            raise plan_required(refusal) from None
        except LimitReached as refusal:
            raise Problem(409, "limit_reached", str(refusal)) from None

    def shaped(self, answer: object, part: Slice | None = None) -> Response:
        if self.answers is None:
            return Response(status=self.status)
        shape = self.answers.validate_python(answer, from_attributes=True)
        response = Response(self.answers.dump_json(shape), self.status, mimetype="application/json")
        if part and isinstance(answer, list) and len(answer) == part.limit:
            response.headers["Link"] = part.link_to_next()
        return response


def find_page(key: str) -> StatusPage:
    """The caller’s own page; somebody else’s is as unknown as none."""
    page: StatusPage = g.caller.user.status_pages.find(key) or abort(
        404, "There is no such page in your account."
    )
    if request.method not in SAFE_METHODS:
        page.lock()
    return page


def _kept_answer() -> IdempotentAnswer | None:
    """What is kept under this request’s Idempotency-Key, if it has one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_LENGTH:
        raise BadRequest(f"An Idempotency-Key has 1 to {KEY_LENGTH} characters.")
    what = b"\n".join([request.method.encode(), request.path.encode(), request.get_data()])
    try:
        return IdempotentAnswer.begin(g.caller.user_id, key, hashlib.sha256(what).hexdigest())
    except KeyReused as refusal:
        raise Problem(409, "idempotency_key_reused", str(refusal)) from None
