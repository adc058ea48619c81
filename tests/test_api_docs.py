"""docs/api.md: its commands run as they stand, and it leaves no call out."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from flask import Flask

from spk import ROOT
from spk.api.openapi import describe
from spk.db import reading
from spk.models.status_pages.component import NewComponent
from spk.models.status_pages.component_group import NewComponentGroup
from spk.models.status_pages.incident_fields import NewIncident
from spk.models.status_pages.incident_update import UpdateChanges
from spk.models.status_pages.status_page_fields import NewPage
from tests.people import LiveServer, operator_key, serve

WORDS = (ROOT / "docs" / "api.md").read_text()
SCRIPT = "\n".join(re.findall(r"```bash\n(.*?)```", WORDS, re.DOTALL))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("api-docs")) as server:
        yield server


@pytest.fixture(scope="module")
def token(live: LiveServer) -> str:
    return operator_key(live)


def test_the_commands_work_one_after_the_other(live: LiveServer, token: str) -> None:
    script = SCRIPT.replace("http://127.0.0.1:8000", live.url)
    environ = {"PATH": "/usr/bin:/bin", "SPK_TOKEN": f"{token}\r\n"}
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr.replace(token, "…")[-2000:]
    assert SCRIPT.count("curl ") >= 30


def test_no_call_is_left_out(app: Flask) -> None:
    with app.app_context(), reading():
        paths = describe(app)["paths"]
    left_out = [
        f"{method} {path}"
        for path, methods in paths.items()
        for method in methods
        if not path.startswith("/p/{slug}/api") and not is_shown(method.upper(), path)
    ]
    assert left_out == []


def is_shown(method: str, path: str) -> bool:
    """Whether a command of the document makes this call."""
    address = re.sub(r"\\{which\\}", "(unresolved|scheduled|upcoming|active_maintenance)", re.escape(path))
    address = re.sub(r"\\\{\w+\\\}", r"[$\\w-]+", address)
    commands = re.sub(r"\\\n\s*", " ", SCRIPT)
    for line in commands.splitlines():
        named = re.search(r"-X (\w+)", line)
        if re.search(rf"\$SPK{address}(?=[\s\"?]|$)", line) and (named[1] if named else "GET") == method:
            return True
    return False


def test_every_field_is_in_its_tables() -> None:
    kinds = (NewPage, NewComponent, NewComponentGroup, NewIncident, UpdateChanges)
    fields = {name for kind in kinds for name in kind.__annotations__}
    assert [name for name in sorted(fields) if f"`{name}`" not in WORDS] == []
