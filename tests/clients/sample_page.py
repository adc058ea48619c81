"""A page on which everything is going on that a reader can find: what those who only read are given."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.clients.conftest import Api

Json = dict[str, Any]


@dataclass
class SamplePage:
    """Objects as the API gave them when they were made."""

    page: Json
    website: Json
    database: Json
    mail: Json
    resolved: Json
    slow: Json
    move: Json
    deploy: Json


def make_sample_page(api: Api, page: Json) -> SamplePage:
    """A slow database, mail being deployed, a website that moves tomorrow, and an incident that is over."""
    here = f"/pages/{page['id']}"
    website, database, mail = (
        api.send("POST", f"{here}/components", {"name": name}) for name in ("Website", "Database", "Mail")
    )
    over = api.send("POST", f"{here}/incidents", {"name": "No answers", "component_ids": [website["id"]]})
    resolved = api.send("PATCH", f"{here}/incidents/{over['id']}", {"status": "resolved"})
    slow = {
        "name": "Slow answers",
        "body": "We look.",
        "components": {database["id"]: "degraded_performance"},
    }
    start = datetime.now(UTC) + timedelta(days=1)
    move = {
        "name": "Move to another rack",
        "scheduled_for": start.isoformat(),
        "duration_minutes": 90,
        "component_ids": [website["id"]],
    }
    deploy = {"name": "Deploy", "status": "in_progress", "component_ids": [mail["id"]]}
    incidents = [api.send("POST", f"{here}/incidents", fields) for fields in (slow, move, deploy)]
    return SamplePage(page, website, database, mail, resolved, *incidents)
