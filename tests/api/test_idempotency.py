"""A request sent twice with the same Idempotency-Key is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from spk.db import db, now, reading, writing
from spk.models import IdempotentAnswer
from tests.people import Api, Person, bearer, body

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.fixture
def acme(ada: Person) -> Api:
    """A page with the component Web alone: what a request made is counted."""
    return ada.page_api("Acme", "Web")


def send(
    api: Api, method: str = "POST", path: str = "/incidents", *, key: str = KEY, name: str = "Down"
) -> TestResponse:
    headers = bearer(api.token) | {"Idempotency-Key": key}
    return api.client.open(api.root + path, method=method, json={"name": name}, headers=headers)


def test_the_same_request_is_done_once_and_answered_as_before(acme: Api) -> None:
    first, second = send(acme), send(acme)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert first.content_type == second.content_type
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")
    assert len(acme.all("/incidents")) == 1


def test_the_answer_is_kept_as_it_was(acme: Api) -> None:
    first = send(acme)
    acme.patch("/incidents/down", status="resolved")
    assert send(acme).data == first.data


def test_an_update_sent_twice_is_told_once(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    headers = bearer(acme.token) | {"Idempotency-Key": KEY}
    for _ in range(2):
        sent = acme.client.patch(
            f"{acme.root}/incidents/down", json={"body": "Still at it."}, headers=headers
        )
        assert sent.status_code == 200
    assert len(acme.get("/incidents/down")["incident_updates"]) == 2


def test_a_deletion_sent_twice_is_answered_as_before(acme: Api) -> None:
    for _ in range(2):
        deleted = send(acme, "DELETE", "/components/web")
        assert (deleted.status_code, deleted.data) == (204, b"")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/incidents", "Slow"),
        ("POST", "/components", "Down"),
        ("PATCH", "/incidents/down", "Down"),
        ("PUT", "/incidents/down", "Down"),
        ("DELETE", "/incidents/down", "Down"),
    ],
)
def test_another_request_under_the_same_key_is_a_conflict(
    method: str, path: str, name: str, acme: Api
) -> None:
    send(acme)
    response = send(acme, method, path, name=name)
    assert (response.status_code, body(response)["code"]) == (409, "idempotency_key_reused")
    assert [each["name"] for each in acme.all("/incidents")] == ["Down"]
    assert len(acme.all("/components")) == 1


def test_the_same_address_with_a_suffix_is_the_same_request(acme: Api) -> None:
    send(acme)
    assert send(acme, path="/incidents.json").headers["Idempotent-Replayed"] == "true"


def test_another_key_is_another_request(acme: Api) -> None:
    assert body(send(acme, key="a"))["id"] != body(send(acme, key="b"))["id"]


def test_the_keys_of_others_are_their_own(acme: Api, eve: Person) -> None:
    other = eve.page_api()
    first, second = send(acme), send(other)
    assert second.status_code == 201
    assert body(first)["id"] != body(second)["id"]
    assert "Idempotent-Replayed" not in second.headers
    assert (send(acme).data, send(other).data) == (first.data, second.data)


def test_two_api_keys_of_one_person_share_their_idempotency_keys(acme: Api, ada: Person) -> None:
    first = send(acme)
    assert send(ada.api(acme.root)).data == first.data


def age(app: Flask, since: timedelta) -> None:
    with app.app_context(), writing():
        db.session.execute(update(IdempotentAnswer).values(created_at=now() - since))


def kept(app: Flask) -> int:
    with app.app_context(), reading():
        return db.session.scalar(select(func.count()).select_from(IdempotentAnswer)) or 0


def test_after_a_day_a_key_is_new_and_the_old_answer_is_gone(acme: Api, app: Flask) -> None:
    first = send(acme)
    age(app, timedelta(hours=24, seconds=1))
    again = send(acme, name="Slow")
    assert (again.status_code, body(again)["id"] != body(first)["id"]) == (201, True)
    assert kept(app) == 1


def test_for_a_day_a_key_is_kept(acme: Api, app: Flask) -> None:
    first = send(acme)
    age(app, timedelta(hours=23, minutes=59))
    assert send(acme).data == first.data


def test_what_was_refused_is_not_kept(acme: Api, app: Flask) -> None:
    assert send(acme, name="").status_code == 422
    assert send(acme, path="/components/nothing", method="PATCH").status_code == 404
    assert kept(app) == 0
    assert send(acme).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256], ids=["empty", "256 characters"])
def test_a_key_has_one_to_255_characters(key: str, acme: Api) -> None:
    response = send(acme, key=key)
    assert (response.status_code, body(response)["code"]) == (400, "invalid_request")
    assert acme.all("/incidents") == []


@pytest.mark.parametrize("key", ["k", "k" * 255, '"quoted"', "é", "a b", "'; DROP TABLE users; --"])
def test_any_other_key_will_do(key: str, acme: Api) -> None:
    assert send(acme, key=key).data == send(acme, key=key).data
    assert len(acme.all("/incidents")) == 1


def test_a_key_on_a_reading_request_is_ignored(acme: Api, app: Flask) -> None:
    assert send(acme, "GET").status_code == 200
    assert send(acme, "GET", "/components", key="").status_code == 200
    assert kept(app) == 0


def test_a_key_opens_nothing(acme: Api) -> None:
    send(acme)
    sent = acme.client.post(f"{acme.root}/incidents", json={"name": "Down"}, headers={"Idempotency-Key": KEY})
    assert sent.status_code == 401


def test_of_two_at_the_same_time_one_is_done(acme: Api, app: Flask) -> None:
    together = Barrier(2)

    def run(_: int) -> TestResponse:
        api = Api(app.test_client(), acme.token, acme.root)
        together.wait(timeout=10)
        return send(api)

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(run, range(2))
    assert (first.status_code, second.status_code) == (201, 201), (first.text, second.text)
    assert first.data == second.data
    assert len(acme.all("/incidents")) == 1
