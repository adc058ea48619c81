"""Clients published for Atlassian Statuspage, changed in nothing but host and key, and one `spk serve`."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spk import create_app
from spk.db import db
from tests.data_dirs import copy_data_dir
from tests.people import LiveServer, Person, bearer, serve

HERE = Path(__file__).parent
CLIENTS = HERE.parent.parent / ".venv/clients"
CLASHING = CLIENTS.with_name("clients-clashing")


@dataclass
class Api:
    """What stands where Atlassian's would: its address and a key to it."""

    url: str
    token: str

    def send(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  # JSON
        """Arrange something without a client."""
        headers = {**bearer(self.token), "Content-Type": "application/json"}
        body = None if fields is None else json.dumps(fields).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", body, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")


@pytest.fixture(scope="session")
def server(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    directory = tmp_path_factory.mktemp("clients")
    copy_data_dir(prepared_data, directory / "data")
    with serve(directory) as server:
        yield server


@pytest.fixture(scope="session")
def api(server: LiveServer) -> Api:
    app = create_app(server.environ)
    token = Person(app, "ada@example.com").create_key()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    return Api(server.url, token)


@pytest.fixture(scope="module")
def status_page(api: Api) -> Iterator[dict[str, Any]]:
    """A page of this module's own; being the only one, it is the one at the front door too."""
    found = api.send("POST", "/pages", {"name": "Acme Status"})
    yield found
    api.send("DELETE", f"/pages/{found['id']}")


@pytest.fixture(scope="session")
def python() -> str:
    """The Python that has the clients."""
    return installed(CLIENTS / "requirements.lock", CLIENTS / "bin/python")


@pytest.fixture(scope="session")
def clashing_python() -> str:
    """The Python that has those which clash with the others."""
    return installed(CLASHING / "requirements.lock", CLASHING / "bin/python")


@pytest.fixture(scope="session")
def node() -> str:
    """The Node that has the client, which scripts find by NODE_PATH."""
    return installed(CLIENTS / "package-lock.json", Path(shutil.which("node") or "node"))


def installed(lock: Path, program: Path) -> str:
    if not lock.with_name(f"{lock.name}.installed").exists() or not program.exists():
        pytest.skip("some clients of tests/clients are not installed: run tests/install-clients.sh")
    return str(program)


def run(command: Sequence[str | Path], directory: Path | None = None, **settings: str) -> str:
    """What a command prints; it has its settings from the environment, and none of ours."""
    environ = {"PATH": os.environ["PATH"], "NODE_PATH": str(CLIENTS / "node/node_modules"), **settings}
    done = subprocess.run(
        command, cwd=directory, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def run_script(program: str, script: str, api: Api, status_page: dict[str, Any]) -> dict[str, Any]:
    """What a script that uses a client tells, as JSON, of what it got."""
    settings = {"HOST": api.url, "KEY": api.token, "PAGE": status_page["id"]}
    told: dict[str, Any] = json.loads(run([program, HERE / script], **settings))
    return told


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in found]
