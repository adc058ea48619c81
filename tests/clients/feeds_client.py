"""What feedparser and reader make of a page’s feeds, before and after an incident is resolved, as JSON."""

import json
import os
import sys

import feedparser  # type: ignore[import-not-found]  # only in .venv/clients
import reader  # type: ignore[import-not-found]  # only in .venv/clients
from statuspageio import Client  # type: ignore[import-not-found]  # only in .venv/clients

client = Client(api_key=os.environ["KEY"], page_id=os.environ["PAGE"], base_url=f"{os.environ['HOST']}/api")
feeds = [f"{os.environ['HOST']}/history.{kind}" for kind in ("atom", "rss")]
told: dict[str, object] = {}


def parse(feed: str) -> dict[str, object]:
    found = feedparser.parse(feed)
    entries = [
        {name: each.get(name) for name in ("id", "title", "link", "summary")} for each in found.entries
    ]
    named = {name: found.feed.get(name) for name in ("title", "link", "author")}
    return {
        "fault": found.bozo and str(found.bozo_exception),
        "version": found.version,
        **named,
        "entries": entries,
    }


def updates() -> list[object]:
    """Of each feed how many entries are new and how many changed; None if nothing did."""
    return [found and [found.new, found.modified] for found in map(kept.update_feed, feeds)]


kept = reader.make_reader(":memory:")
incident = client.incidents.create(name="Slow answers", status="identified", body="We look into it.")
for feed in feeds:
    kept.add_feed(feed)
first, again = updates(), updates()
told["parsed"] = [parse(feed) for feed in feeds]
client.incidents.update(incident.id, status="resolved", body="All is well.")
told["updates"] = [first, again, updates()]
told["entries"] = [[each.id, each.title, each.link, each.summary] for each in kept.get_entries()]
told["incident"] = incident

json.dump(told, sys.stdout)
