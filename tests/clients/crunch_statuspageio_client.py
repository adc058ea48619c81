"""A script as its user writes it with crunch-statuspageio; it tells what it got as JSON."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

from statuspageio import Client, RequestError, ResourceError  # type: ignore[import-not-found]  # only in .venv/clients

client = Client(api_key=os.environ["KEY"], page_id=os.environ["PAGE"], base_url=f"{os.environ['HOST']}/api")
told: dict[str, object] = {}

told["page"] = client.pages.get()
told["status, headers and updated page"] = [
    found if isinstance(found, int) else dict(found)
    for found in client.pages.update(name="Acme", time_zone="Europe/Berlin", city="Berlin")
]

web = client.components.create(name="Web", description="What people see", showcase=True, group_id=None)
db = client.components.create(name="Database", status="degraded_performance")
told["created component"] = web
told["components"] = client.components.list()
told["updated component"] = client.components.update(web.id, status="major_outage", description="Pages")
told["component"] = client.components.get(web.id)

slow = client.incidents.create(
    name="Slow answers",
    status="identified",
    body="We look into it.",
    wants_twitter_update=False,
    component_ids=[web.id, db.id],
    metadata={"ticket": {"number": 7}},
)
told["created incident"] = slow
told["unresolved"] = client.incidents.list_unresolved()
told["resolved"] = client.incidents.update(
    slow.id, status="resolved", body="All is well.", impact_override="minor"
)
told["unresolved afterwards"] = client.incidents.list_unresolved()
client.components.update(web.id, status="operational")
client.components.update(db.id, status="operational")

start = datetime.now(UTC) + timedelta(days=1)
told["start"] = start.isoformat()
told["planned"] = client.incidents.create_scheduled(
    name="Move to another rack",
    status="scheduled",
    scheduled_for=start.isoformat(),
    scheduled_until=(start + timedelta(hours=2)).isoformat(),
    scheduled_remind_prior=True,
    scheduled_auto_in_progress=True,
    scheduled_auto_completed=True,
    component_ids=[web.id],
)
deploy = client.incidents.create_scheduled(name="Deploy", status="in_progress", component_ids=[db.id])
told["scheduled"] = client.incidents.list_scheduled()
told["upcoming"] = client.incidents.list_upcoming()
told["active"] = client.incidents.list_active_maintenance(page=1, per_page=1)
told["component in maintenance"] = client.components.get(db.id)
told["completed"] = client.incidents.update(deploy.id, status="completed")
told["active afterwards"] = client.incidents.list_active_maintenance()
told["component after maintenance"] = client.components.get(db.id)

told["incidents"] = client.incidents.list()
told["found"] = client.incidents.list(q="rack")
told["second"] = client.incidents.list(limit=1, page=2)

try:
    client.components.update(web.id, status="on fire")
except ResourceError as error:
    told["refusal"] = error.errors

told["deleted incident"] = client.incidents.delete(slow.id)
told["deleted component"] = client.components.delete(db.id)
told["incidents left"] = client.incidents.list()
told["components left"] = client.components.list()
try:
    client.components.get(db.id)
except RequestError as error:
    told["status of a deleted one"] = error.http_status

json.dump(told, sys.stdout)
