"""Operations of the API: reading a request, the transaction and the response, the same way for all."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypedDict

from flask import Response, abort, request
from pydantic import TypeAdapter
from werkzeug.exceptions import BadRequest

from spk.api.auth import current_caller, key_ended, plan_required
from spk.api.body import read_body, read_query
from spk.api.paging import Paging, read_paging
from spk.api.problem import InvalidFields, Problem
from spk.db import reading, writing
from spk.models import IdempotentAnswer, StatusPage
from spk.models.accounts.idempotent_answer import KEY_LENGTH, KeyReused
from spk.models.accounts.origin import Origin, acting
from spk.models.refusal import InvalidField, LimitReached, PlanRequired
from spk.models.status_pages.owned_pages import OwnedPages
from spk.paths import SAFE_METHODS

View = Callable[..., Any]
FindPage = Callable[[OwnedPages, str], StatusPage | None]


class RequestData(TypedDict, total=False):
    """What a view is given of a request."""

    fields: Any  # the valid body, a TypedDict of the type that the operation names
    paging: Paging
    query: Any  # likewise, but of the address


class Operation:
    """Decorates a view that takes the caller’s `page` and the request’s data, and returns a record or list.

    openapi.py describes the API from these declarations.
    """

    def __init__(
        self,
        response: type[Any] | None,
        status: int = 200,
        *,
        body: type[Any] | None = None,
        wrapper: str = "",
        beside: tuple[str, ...] = (),
        paging: type[Any] | None = None,
        query: type[Any] | None = None,
    ) -> None:
        self.response, self.body, self.paging, self.query = (
            TypeAdapter(each) if each else None for each in (response, body, paging, query)
        )
        self.status = status
        self.wrapper, self.beside = wrapper, beside

    def __call__(self, view: View) -> View:
        @wraps(view)
        def run(**path: str) -> Response:
            if request.method in SAFE_METHODS:
                data = self.read_request()
                with reading():
                    return self.answer(view, path, data, OwnedPages.find)
            if "page" in path:
                with reading():
                    _own_page(OwnedPages.find, path["page"])
            data, key = self.read_request(), _idempotency_key()  # may be slow, so before the lock
            with (
                acting(Origin("api", request.remote_addr, key_prefix=current_caller().key.prefix)),
                writing(),
            ):
                if "page" not in path:  # its owner is locked, and before the key, as pages for people do it
                    current_caller().user.lock()
                if not current_caller().still_works():
                    raise key_ended()
                stored = key and _stored_answer(key)
                if stored and stored.status:
                    headers = {"Idempotent-Replayed": "true"}
                    return Response(stored.body, stored.status, headers, mimetype="application/json")
                response = self.answer(view, path, data, OwnedPages.lock)
                if stored:
                    stored.status, stored.body = response.status_code, response.get_data(as_text=True)
                return response

        run.operation = self  # type: ignore[attr-defined]  # for openapi.py
        return run

    def read_request(self) -> RequestData:
        """Read the body and the query; raises BadRequest or InvalidFields."""
        data: RequestData = {}
        if self.body:
            data["fields"] = read_body(self.body, self.wrapper, self.beside)
        if self.paging:
            data["paging"] = read_paging(self.paging)
        if self.query:
            data["query"] = read_query(self.query)
        return data

    def answer(self, view: View, path: dict[str, str], data: RequestData, find: FindPage) -> Response:
        """Find the caller’s page, call the view, and turn its exceptions into the API’s errors."""
        arguments: dict[str, Any] = {**path, **data}  # the parameters of the view
        if "page" in path:
            arguments["page"] = _own_page(find, path["page"])
        try:
            return self.respond(view(**arguments), data.get("paging"))
        except InvalidField as refusal:
            raise InvalidFields({refusal.field: [str(refusal)]}) from None
        except PlanRequired as refusal:
            raise plan_required(refusal) from None
        except LimitReached as refusal:
            raise Problem(409, "limit_reached", str(refusal)) from None

    def respond(self, result: object, paging: Paging | None = None) -> Response:
        """The result of a view as JSON in the declared format."""
        if self.response is None:
            return Response(status=self.status)
        valid = self.response.validate_python(result, from_attributes=True)
        response = Response(self.response.dump_json(valid), self.status, mimetype="application/json")
        if paging and isinstance(result, list) and len(result) == paging.limit:
            response.headers["Link"] = paging.link_to_next()
        return response


def own_pages() -> OwnedPages:
    """The pages of the caller that the key is for."""
    caller = current_caller()
    return OwnedPages(caller.user, caller.key.page_ids)


def _own_page(find: FindPage, key: str) -> StatusPage:
    """The caller’s own page; that of somebody else is a 404, like one that doesn’t exist."""
    return find(own_pages(), key) or abort(404, "There is no such page in your account.")


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        raise BadRequest(f"An Idempotency-Key has 1 to {KEY_LENGTH} characters.")
    return key


def _stored_answer(key: str) -> IdempotentAnswer:
    """The response stored under this key, or an empty one to fill in."""
    caller = current_caller().key
    # Or a key that may do less could be given the answer to one that may do more.
    rights = repr((caller.scopes, caller.page_ids))
    content = "\n".join([request.method, request.path, rights]).encode() + b"\n" + request.get_data()
    try:
        return IdempotentAnswer.begin(caller.user_id, key, hashlib.sha256(content).hexdigest())
    except KeyReused as refusal:
        raise Problem(409, "idempotency_key_reused", str(refusal)) from None
