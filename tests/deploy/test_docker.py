"""The container image and its compose file, without Docker: what goes in is enough, and no more."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from spk import server
from spk.config.settings import NAMES
from tests.people import LiveServer, free_port, serve
from tests.wheel import build, install

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
IGNORE = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]


def service() -> dict[str, Any]:
    found = yaml.safe_load(COMPOSE)["services"]["spk"]
    assert isinstance(found, dict)
    return found


def is_sent(path: str) -> bool:
    """Whether Docker is sent this file: the last line that fits it or a folder above it decides."""
    above = [path, *map(str, Path(path).parents)][:-1]
    sent = True
    for line in IGNORE:
        pattern = line.removeprefix("!").removeprefix("**/")
        if any(fnmatch(Path(part).name if line.startswith("**/") else part, pattern) for part in above):
            sent = line.startswith("!")
    return sent


def one(pattern: str, text: str = DOCKERFILE) -> str:
    (found,) = re.findall(pattern, text, re.MULTILINE)
    assert isinstance(found, str)
    return found


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server, from a wheel of the files that Docker is sent and of no others."""
    directory = tmp_path_factory.mktemp("image")

    def left_out(folder: str, names: list[str]) -> list[str]:
        where = Path(folder).relative_to(ROOT)
        return [name for name in names if not is_sent(str(where / name))]

    shutil.copytree(ROOT, directory / "sent", ignore=left_out)
    programs = install(build(directory / "sent", directory), directory / "image")
    with serve(directory, str(programs / "spk"), "serve") as running:
        yield running


def health_check(port: int) -> int:
    command = json.loads(one(r"^HEALTHCHECK .* CMD (.*\])$", DOCKERFILE.replace("\\\n", "")))
    code = command[-1].replace("8000", str(port))
    return subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode


def test_what_goes_into_the_image_is_enough_to_serve(container: LiveServer) -> None:
    port = int(container.environ["SPK_BIND"].split(":")[1])
    assert health_check(port) == 0
    for path in ("/login", "/static/style.css"):
        with urlopen(container.url + path) as answer:
            assert answer.status == 200


def test_the_health_check_fails_where_nothing_answers() -> None:
    assert health_check(free_port()) != 0


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/spk",
        "data/secret_key",
        "database_url",
        "spk/__pycache__/server.cpython-313.pyc",
        "tests/people.py",
    ],
)
def test_neither_data_nor_history_goes_into_the_image(path: str) -> None:
    assert not is_sent(path)


def test_every_file_the_image_is_made_from_is_there() -> None:
    named = [line.removeprefix("!") for line in IGNORE if line.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)
    assert [path for path in (*named, *copied) if not (ROOT / path).exists()] == []


def test_every_setting_is_one_of_spks() -> None:
    assert set(re.findall(r"SPK_[A-Z_]+", DOCKERFILE + COMPOSE)) <= NAMES


def test_the_ports_and_the_place_of_the_data_agree() -> None:
    port = one(r"^EXPOSE (\d+)$")
    assert one(r"SPK_BIND=0\.0\.0\.0:(\d+)") == one(r"HTTPConnection\('127\.0\.0\.1', (\d+)") == port
    assert service()["ports"] == [f"127.0.0.1:8000:{port}"]
    data = one(r"^VOLUME (\S+)$")
    assert one(r"SPK_DATA_DIR=(\S+)") == data
    assert service()["volumes"] == [f"data:{data}"]


def test_docker_waits_until_the_server_has_ended_by_itself() -> None:
    assert int(service()["stop_grace_period"].removesuffix("s")) > server.settings("", 1)["graceful_timeout"]


def test_a_container_that_writes_nowhere_else_has_a_place_for_temporary_files() -> None:
    assert service()["read_only"] is True
    assert service()["tmpfs"] == ["/tmp"]
