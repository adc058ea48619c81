"""Who takes part: spk with so many keys, and its peers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.load import HERE, Server, serve
from bench.seed import PEPPER

PATH = {"PATH": os.environ["PATH"]}
PEERS = ("drf_api_key", "drf_token", "flask_httpauth", "knox", "better_auth")


def spk_environ(directory: Path, database_url: str = "") -> dict[str, str]:
    return {
        **PATH,
        "PYTHONPATH": str(HERE.parent),
        "SPK_DATA_DIR": str(directory),
        "SPK_DATABASE_URL": database_url,
        "SPK_SECRET_KEY": "0" * 32,
        "SPK_TOKEN_PEPPER": PEPPER,
        "SPK_FAILURE_LIMIT": "999999/second",
    }


def seed_spk(directory: Path, keys: int, database_url: str = "") -> Path:
    """Make a place with so many keys; the file of their header lines."""
    directory.mkdir()
    headers = directory / "headers.txt"
    command = [sys.executable, "-m", "bench.seed", str(keys), str(headers)]
    subprocess.run(command, env=spk_environ(directory, database_url), check=True)
    return headers


@contextmanager
def spk(directory: Path, worker_class: str = "own", database_url: str = "") -> Iterator[Server]:
    command = [sys.executable, "-m", "bench.app", "{port}", worker_class, "2"]
    with serve(command, spk_environ(directory, database_url), directory / "headers.txt") as server:
        yield server


@contextmanager
def peer(name: str, directory: Path, keys: int) -> Iterator[Server]:
    home = HERE / "peers" / name
    directory.mkdir()
    environ = {**PATH, "PYTHONPATH": str(home.parent), "PEER_DATA": str(directory), "PORT": "{port}"}
    if name == "better_auth":
        node = str(home / "node_modules/.bin/node")
        seed, command = [node, "seed.mjs"], [node, "server.mjs"]
    else:
        programs = home / ".venv/bin"
        seed = [str(programs / "python"), "seed.py"]
        options = "--workers=2 --no-control-socket --bind=127.0.0.1:{port} app:application"
        command = [str(programs / "gunicorn"), *options.split()]
    subprocess.run([*seed, str(keys)], cwd=home, env=environ, check=True)
    with serve(command, environ, directory / "headers.txt", home) as server:
        yield server


@contextmanager
def peers(directory: Path, keys: int) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(peer(name, directory / name, keys)) for name in PEERS}
