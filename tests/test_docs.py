"""The commands that the documents give are run, and the files they name are there."""

import re
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from spk.cli.show_config import reference
from tests.people import PASSWORD, LiveServer, operator_key, serve

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = {
    document.name: [
        line
        for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)
        for line in block.strip().splitlines()
    ]
    for document in DOCUMENTS
}
TARGETS = [command for command in chain(*COMMANDS.values()) if command.startswith("make")]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("docs")) as server:
        yield server


@pytest.fixture(scope="module")
def token(live: LiveServer) -> str:
    return operator_key(live)


def run(command: str, environ: dict[str, str], words: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=environ,
        input=words,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readme_has_the_two_commands() -> None:
    assert TARGETS == ["make run", "make test"]


@pytest.mark.parametrize("command", TARGETS)
def test_make_knows_the_target(command: str) -> None:
    assert run(f"{command} --dry-run", {"PATH": "/usr/bin:/bin"}).returncode == 0


@pytest.mark.parametrize("document", [name for name, commands in COMMANDS.items() if commands])
def test_the_commands_do_one_after_the_other_what_the_document_says(
    document: str, live: LiveServer, token: str
) -> None:
    for command in COMMANDS[document]:
        if command not in TARGETS:
            here = command.replace("http://127.0.0.1:8000", live.url)
            done = run(here, {**live.environ, "SPK_TOKEN": token}, f"{PASSWORD}\n{PASSWORD}\n")
            assert done.returncode == 0, f"{command}: {done.stderr}"
            assert '"error"' not in done.stdout


def test_the_reference_of_settings_is_the_one_the_code_makes() -> None:
    assert (ROOT / "docs/configuration.md").read_text() == reference(), "run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    words = document.read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", words)
    paths = re.findall(r"`((?:spk|templates|static|tests)/[\w/.-]+)`", words)
    assert [target for target in targets if not (document.parent / target).exists()] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []
