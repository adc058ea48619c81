"""A script as its user writes it with vukomir-statuspageio; it tells what it got as JSON."""

import json
import os
import sys
import warnings

from statuspageio import Client  # type: ignore[import-not-found]  # only in .venv/clients-clashing

warnings.simplefilter("ignore")  # of users, whom it would manage with an organization's id
client = Client(api_key=os.environ["KEY"], page_id=os.environ["PAGE"])
client.config.base_url = f"{os.environ['HOST']}/api"
told: dict[str, object] = {}

told["page"] = client.pages.get()
web = client.components.create(name="Web", description="What people see", status="operational")
told["created component"] = web
told["updated component"] = client.components.update(web.id, status="major_outage")
told["components"] = client.components.list()

slow = client.incidents.create(
    name="Slow answers", status="identified", message="We look into it.", component_ids=[web.id]
)
told["created incident"] = slow
told["unresolved"] = client.incidents.list_unresolved()
told["resolved"] = client.incidents.update(slow.id, status="resolved", message="All is well.")
told["planned"] = client.incidents.create_scheduled(
    name="Move",
    status="scheduled",
    scheduled_for="2099-01-15T10:00:00Z",
    scheduled_until="2099-01-15T11:00:00Z",
    message="Soon.",
)
told["scheduled"] = client.incidents.list_scheduled()
told["incidents"] = client.incidents.list()
told["deleted incident"] = client.incidents.delete(slow.id)
told["deleted component"] = client.components.delete(web.id)

json.dump(told, sys.stdout)
