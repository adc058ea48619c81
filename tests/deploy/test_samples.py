"""The samples name each header that spk sends, and Traefik's each way to write it."""

import re
from itertools import chain, product, zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from tests.people import Person, bearer

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture
def identity(ada: Person, client: FlaskClient) -> set[str]:
    answer = client.get("/verify", headers=bearer(ada.create_key()))
    return {name for name, _ in answer.headers if name.startswith("X-Auth-")}


@pytest.fixture
def traefik() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "traefik" / "dynamic.yml").read_text())
    return dict(found["http"])


@pytest.mark.parametrize("sample", ["nginx/protect.conf", "caddy/Caddyfile", "traefik/dynamic.yml"])
def test_each_identity_header_is_in_each_sample(sample: str, identity: set[str]) -> None:
    words = set((DEPLOY / sample).read_text().replace(",", " ").replace("[", " ").replace("]", " ").split())
    assert len(identity) == 5
    assert {name for name in identity if name not in words and f"{name}:" not in words} == set()


def test_traefik_removes_what_clients_make_up_then_asks_then_removes_the_token(
    traefik: dict[str, Any], identity: set[str]
) -> None:
    middlewares = traefik["middlewares"]
    first, ask, last = (middlewares[name] for name in traefik["routers"]["app"]["middlewares"])
    joints = {name: product("-_", repeat=name.count("-")) for name in identity}
    written = {
        "".join(chain(*zip_longest(name.split("-"), some, fillvalue="")))
        for name in identity
        for some in joints[name]
    }
    assert len(written) == 4 * 8 + 4
    assert first["headers"]["customRequestHeaders"] == dict.fromkeys(written | {"Connection"}, "")
    assert set(ask["forwardAuth"]["authResponseHeaders"]) == identity
    assert ask["forwardAuth"]["authRequestHeaders"] == ["Authorization"]
    assert ask["forwardAuth"]["trustForwardHeader"] is False
    assert last["headers"]["customRequestHeaders"] == {"Authorization": ""}


@pytest.mark.parametrize("sample", ["nginx/protect.conf", "caddy/Caddyfile", "traefik/dynamic.yml"])
def test_each_sample_names_its_audience_itself(sample: str) -> None:
    assert "/verify?audience=app" in (DEPLOY / sample).read_text()


def test_traefik_reads_what_its_comments_say() -> None:
    text = (DEPLOY / "traefik" / "dynamic.yml").read_text()
    said = re.search(r"^    # preflights:\n(    # .*\n)+", text, re.MULTILINE)
    assert said
    changed = yaml.safe_load(text.replace(said[0], said[0].replace("    # ", "    ")))
    assert set(changed["http"]["middlewares"]["preflights"]["headers"]) == {
        "accessControlAllowOriginList",
        "accessControlAllowMethods",
        "accessControlAllowHeaders",
    }


def test_traefik_names_only_what_it_defines(traefik: dict[str, Any]) -> None:
    for router in traefik["routers"].values():
        assert set(router["middlewares"]) <= set(traefik["middlewares"])
        assert router["service"] in traefik["services"]
