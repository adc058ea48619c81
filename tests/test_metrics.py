"""What Prometheus is told."""

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from spk import create_app
from spk.db import db, reading, writing
from spk.models.accounts import token as codec
from tests.data_dirs import lose_database
from tests.people import Person, bearer, operator_key, serve


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    plans = tmp_path / "plans.toml"
    features = 'features = ["api_access"]\nactive_keys = 9\n'
    plans.write_text(f"[free]\n[pro]\n{features}[slow]\n{features}requests_per_minute = 1\n")
    return environ | {"SPK_METRICS": "1", "SPK_PLANS_FILE": str(plans)}


def read(text: str) -> dict[str, float]:
    """Each sample by its name and labels: `spk_requests_total{method=GET,…}`."""
    return {
        sample.name
        + "{"
        + ",".join(f"{key}={sample.labels[key]}" for key in sorted(sample.labels))
        + "}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Change:
    """By how much figures have grown since; those of one process go on from test to test."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.before = client, read(client.get("/metrics").text)

    def __getitem__(self, name: str) -> float:
        return read(self.client.get("/metrics").text).get(name, 0) - self.before.get(name, 0)


def test_there_are_no_metrics_unless_told(environ: dict[str, str]) -> None:
    app = create_app({**environ, "SPK_METRICS": "0"})
    assert app.test_client().get("/metrics").status_code == 404


@pytest.mark.parametrize("path", ["//metrics", "/%2fmetrics", "///metrics"])
def test_it_has_one_address_which_proxies_can_keep_inside(path: str, client: FlaskClient) -> None:
    environ = {"PATH_INFO": unquote(path)}  # as a server gives it
    assert client.get("/", environ_overrides=environ).status_code == 404


def test_it_is_what_prometheus_reads(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "# HELP spk_requests_total " in answer.text


@pytest.mark.parametrize("accept", ["application/openmetrics-text; version=abc", "text/plain; version=1.x"])
def test_what_a_client_would_rather_read_breaks_nothing(accept: str, client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"Accept": accept}).status_code == 200


def test_requests_are_counted_by_view_method_and_status(client: FlaskClient) -> None:
    change = Change(client)
    client.get("/healthz")
    client.get("/healthz")
    client.post("/healthz")
    assert change["spk_requests_total{endpoint=health.process_is_up,method=GET,status=200}"] == 2
    assert change["spk_requests_total{endpoint=none,method=any,status=405}"] == 1


def test_a_made_up_address_or_method_makes_no_label_of_its_own(client: FlaskClient) -> None:
    client.open("/a-made-up-address", method="MADEUP")
    figures = client.get("/metrics").text
    assert 'endpoint="none"' in figures
    assert [word for word in ("made-up", "MADEUP") if word in figures] == []


def test_the_time_of_each_request_is_observed(client: FlaskClient) -> None:
    change = Change(client)
    client.get("/healthz")
    assert change["spk_request_seconds_count{endpoint=health.process_is_up}"] == 1
    assert 0 < change["spk_request_seconds_sum{endpoint=health.process_is_up}"] < 10


@pytest.mark.parametrize("path", ["/api/v1/whoami", "/verify"])
def test_authentications_are_counted_by_their_outcome(
    path: str, app: Flask, ada: Person, eve: Person
) -> None:
    client, token, revoked, expired = app.test_client(), ada.create_key(), ada.create_key(), ada.create_key()
    ada.revoke(revoked)
    ada.age(expired, expires_at=timedelta(seconds=1))
    disabled, slow, no_plan = eve.create_key(), ada.create_key(), ada.create_key()
    change = Change(client)
    client.get(path)
    for sent in (token, token, revoked, expired, codec.generate(), "spk_mistyped", "two words"):
        client.get(path, headers=bearer(sent))
    eve.disable()
    client.get(path, headers=bearer(disabled))
    ada.set_plan("slow")
    for _ in range(2):
        client.get(path, headers=bearer(slow))
    ada.set_plan("free")
    client.get(path, headers=bearer(no_plan))
    ask_without_a_column(app, path, token)
    lose_database(app)
    client.get(path, headers=bearer(token))
    expected = {
        "accepted": 3,
        "credentials_required": 1,
        "invalid_request": 1,
        "unknown": 2,
        "revoked": 1,
        "expired": 1,
        "disabled": 1,
        "too_many_requests": 1,
        "plan_required": 1,
        "internal_error": 1,
        "unavailable": 1,
    }
    assert {
        outcome: change[f"spk_authentications_total{{outcome={outcome}}}"] for outcome in expected
    } == expected


def ask_without_a_column(app: Flask, path: str, token: str) -> None:
    """As where a mistake of ours names a column that isn’t there."""
    for old, new in (("expires_at", "gone"), ("gone", "expires_at")):
        with app.app_context(), writing():
            db.session.execute(text(f"ALTER TABLE api_keys RENAME COLUMN {old} TO {new}"))
        if new == "gone":
            app.test_client().get(path, headers=bearer(token))


def test_keys_are_counted_by_their_status(client: FlaskClient, ada: Person) -> None:
    for _ in range(3):
        ada.create_key()
    ada.revoke(ada.create_key())
    ada.age(ada.create_key(), expires_at=timedelta(seconds=1))
    found = read(client.get("/metrics").text)
    statuses = ("active", "revoked", "expired")
    assert [found[f"spk_api_keys{{status={status}}}"] for status in statuses] == [3, 1, 1]


@pytest.mark.parametrize("is_ours", [False, True])
def test_without_the_database_the_other_figures_are_still_there(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, is_ours: bool
) -> None:
    if is_ours:
        with app.app_context(), reading():
            db.drop_all()
    else:
        lose_database(app)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "spk_requests_total" in answer.text
    assert "spk_api_keys" not in answer.text
    assert ("Traceback" in caplog.text) is is_ours


def test_no_secret_and_nobody_is_in_them(client: FlaskClient, ada: Person) -> None:
    token = ada.create_key("a telling name")
    client.get(f"/api/v1/whoami?access_token={token}", headers=bearer(token))
    client.get("/verify", headers=bearer(token))
    figures = client.get("/metrics").text
    assert [word for word in (token[4:12], token[12:], "ada@", "telling") if word in figures] == []


def test_whichever_worker_is_asked_has_the_figures_of_all(tmp_path: Path) -> None:
    with serve(tmp_path, SPK_METRICS="1", SPK_WORKERS="3") as server:
        token = operator_key(server)
        request = urllib.request.Request(f"{server.url}/api/v1/whoami", headers=bearer(token))

        def ask(_number: int) -> int:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status: int = answer.status
                return status

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(60))) == [200] * 60
        with serve(tmp_path, SPK_METRICS="1"):
            pass  # another server of the same data, gone again
        for _ in range(6):
            with urllib.request.urlopen(f"{server.url}/metrics", timeout=20) as answer:
                found = read(answer.read().decode())
            assert found["spk_authentications_total{outcome=accepted}"] == 60
            assert found["spk_api_keys{status=active}"] == 1
