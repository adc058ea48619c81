"""Metrics for Prometheus; only imported if SPK_METRICS is 1."""

import logging
import os
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from spk.api.auth import ApiBlueprint
from spk.database_errors import is_unavailable
from spk.models.accounts.ending_keys import count_ending_keys, count_keys_by_status
from spk.request_state import request_state

# Names the directory where each worker writes its counts; the worker that answers /metrics adds them up.
# prometheus-client reads the variable on import.
DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "spk_requests",
    "Requests, by the view that answered.",
    ["method", "endpoint", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "spk_request_seconds", "Time from a request’s arrival to its answer.", ["endpoint"], registry=REGISTRY
)
AUTHENTICATIONS = Counter(
    "spk_authentications",
    "Requests to the API and the gate, by outcome.",
    ["outcome"],
    registry=REGISTRY,
)

bp = Blueprint("metrics", __name__)
_log = logging.getLogger("spk")


class KeyCollector(Collector):
    """Counts keys in the database on each scrape; omitted if it can’t be reached."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("spk_api_keys", "API keys, by status.", labels=["status"])
        try:
            counts, ending = count_keys_by_status(), count_ending_keys()
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                _log.exception("keys can’t be counted")
            return
        for status, count in counts.items():
            family.add_metric([status.lower()], count)
        yield family
        yield GaugeMetricFamily(
            "spk_api_keys_ending", "Active API keys that end within 14 days, unreplaced.", value=ending
        )


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.after_request(_observe)


@bp.get("/metrics")
def metrics() -> Response:
    registry = CollectorRegistry()
    if DIRECTORY_VARIABLE in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # published without types
    else:
        registry.register(REGISTRY)
    registry.register(KeyCollector())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _observe(response: Response) -> Response:
    try:
        _count(response)
    except OSError as error:  # a full disk, for example; the response is sent anyway
        _log.warning("not counted: %s", error)
    return response


def _count(response: Response) -> None:
    state = request_state()
    endpoint = request.endpoint or "none"
    # A client may invent methods; a label for each would let it fill the memory.
    method = request.method if request.url_rule else "any"
    REQUESTS.labels(method, endpoint, response.status_code).inc()
    SECONDS.labels(endpoint).observe(time.perf_counter() - state.started)
    if isinstance(current_app.blueprints.get(request.blueprint or ""), ApiBlueprint):
        AUTHENTICATIONS.labels("accepted" if state.caller else state.refusal).inc()
