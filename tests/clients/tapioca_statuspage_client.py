"""A script as its user writes it with tapioca-statuspage; it tells what it got as JSON."""

import collections
import collections.abc
import json
import os
import sys

# tapioca-wrapper 1.4.2, which it pins, takes these from where Python 3.10 has them no more.
collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]  # as said above

import tapioca_statuspage.tapioca_statuspage as tapioca  # type: ignore[import-not-found]  # noqa: E402  # after that

tapioca.StatuspageClientAdapter.api_root = f"{os.environ['HOST']}/api/v1/"
client = tapioca.Statuspage(token=os.environ["KEY"])
told: dict[str, object] = {}


def read(resource: str) -> object:
    return getattr(client, resource)(page_id=os.environ["PAGE"]).get()().data


def send(resource: str, fields: dict[str, object]) -> object:
    return getattr(client, resource)(page_id=os.environ["PAGE"]).post(data=fields)().data


told["page"] = read("pages")
told["created component"] = send("components", {"component": {"name": "Web", "status": "operational"}})
told["components"] = read("components")
told["created incident"] = send("incidents", {"incident": {"name": "Slow answers", "status": "identified"}})
told["incidents"] = read("incidents")

json.dump(told, sys.stdout)
