"""Request limits: counted for all workers where they share a store, and refused where it is gone."""

import socket
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path

import pytest
from limits import RateLimitItemPerMinute

from spk import create_app
from spk.models.accounts import token as codec
from spk.rate_limit import hit
from spk.request_state import request_state
from tests.people import LiveServer, Person, bearer, body, free_port, operator_key, serve
from tests.redis import run_redis
from tests.test_db import at_once

PLANS = """
[free]
[pro]
features = ["api_access"]
active_keys = 9
requests_per_minute = 12
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with run_redis(tmp_path) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, redis: str) -> dict[str, str]:
    (tmp_path / "plans.toml").write_text(PLANS)
    return {
        "SPK_PLANS_FILE": str(tmp_path / "plans.toml"),
        "SPK_RATELIMIT_STORAGE_URI": redis,
        "SPK_FAILURE_LIMIT": "12/minute",
        "SPK_WORKERS": "3",
    }


def ask(server: LiveServer, token: str) -> tuple[int, Message]:
    request = urllib.request.Request(f"{server.url}/api/v1/whoami", headers=bearer(token))
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers


def ask_at_once(server: LiveServer, times: int, token: str) -> Counter[int]:
    """How often each status was the answer."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(status for status, _ in pool.map(lambda _: ask(server, token), range(times)))


def test_a_key_has_one_limit_over_all_workers(tmp_path: Path, settings: dict[str, str]) -> None:
    with serve(tmp_path, **settings) as server:
        assert ask_at_once(server, 20, operator_key(server)) == {200: 12, 429: 8}


def test_wrong_tokens_have_one_limit_for_an_address_and_hold_up_no_key(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with serve(tmp_path, **settings) as server:
        key = operator_key(server)
        assert ask_at_once(server, 20, codec.generate()) == {401: 12, 429: 8}
        status, headers = ask(server, key)
        assert status == 200
        assert headers["RateLimit-Policy"] == '"key";q=12;w=60'
        status, headers = ask(server, codec.generate())
        assert (status, headers["RateLimit-Policy"]) == (429, '"failures";q=12;w=60')
        assert 1 <= int(headers["Retry-After"]) <= 60


@pytest.mark.parametrize("hangs", [False, True])
def test_what_cannot_be_counted_is_refused_soon_and_what_need_not_be_is_answered(
    environ: dict[str, str], hangs: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if hangs else free_port()
        app = create_app({**environ, "SPK_RATELIMIT_STORAGE_URI": f"redis://127.0.0.1:{port}"})
        key, client = Person(app, "ada@example.com").create_key(), app.test_client()
        counted = client.get("/api/v1/whoami", headers=bearer(codec.generate()))
        assert (counted.status_code, body(counted)["code"]) == (503, "unavailable")
        assert body(counted)["detail"] == "Requests can’t be counted right now. Try again in a moment."
        assert client.get("/api/v1/whoami", headers=bearer(key)).status_code == 200


def test_counting_goes_on_once_the_store_is_back(environ: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    app = create_app({**environ, "SPK_RATELIMIT_STORAGE_URI": f"redis://127.0.0.1:{port}"})
    unknown, client = bearer(codec.generate()), app.test_client()
    assert client.get("/api/v1/whoami", headers=unknown).status_code == 503
    with run_redis(tmp_path, port):
        assert client.get("/api/v1/whoami", headers=unknown).status_code == 401


def test_many_who_are_counted_at_the_same_moment_all_are(environ: dict[str, str]) -> None:
    """The store in memory starts a thread that forgets, and failed where two started it."""
    app, limit, interval = create_app(environ), RateLimitItemPerMinute(10_000), sys.getswitchinterval()
    storage, lock = app.extensions["rate_limits"], app.extensions["rate_limits_lock"]

    def count(number: int) -> bool:
        with app.test_request_context():
            for part in range(5):
                hit(limit, "test", f"{part}")
                with lock:
                    forgetting = storage.timer
                forgetting.join()  # the next hit is to start another
            return request_state().rate_limit is not None

    sys.setswitchinterval(1e-6)
    try:
        assert at_once(8, count) == 8
    finally:
        sys.setswitchinterval(interval)
    with app.test_request_context():
        hit(limit, "test", "0")
        use = request_state().rate_limit
    assert use is not None
    assert use.remaining == 10_000 - 9
