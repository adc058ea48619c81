"""Instructions that a worker runs for a request, counted by callgrind: python -m bench.instructions.

Noise hardly moves them, so they are a gate: with a key at most LIMIT times as many as without.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from bench.load import Server, serve, workers
from bench.peer_servers import seed_spk, spk_environ

LIMIT = 1.18
COUNT = 400
CALLGRIND = ["valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=counted.%p"]
WARM = 10  # requests to each view, so that nothing is done for the first time when it is counted


def ask(server: Server, view: str, times: int) -> None:
    name, _, value = server.headers.read_text().splitlines()[0].partition(": ")
    request = Request(f"http://127.0.0.1:{server.port}/api/v1/bench/{view}", headers={name: value})
    for _ in range(times):
        with urlopen(request) as answer:
            answer.read()


def count(place: Path, view: str = "") -> int:
    """All instructions of a worker that starts, warms up and is asked for a view."""
    headers = place / "headers.txt"
    command = [*CALLGRIND, sys.executable, "-m", "bench.app", "{port}", "sync", "1"]
    environ = spk_environ(place) | {"PYTHONHASHSEED": "0"}
    with serve(command, environ, headers, place, patience=300) as server:
        ask(server, "bare", WARM)
        ask(server, "key", WARM)
        if view:
            ask(server, view, COUNT)
        (worker,) = workers(server.process.pid)
    (total,) = re.findall(r"^totals: (\d+)", (place / f"counted.{worker}").read_text(), re.MULTILINE)
    return int(total)


def main() -> int:
    with TemporaryDirectory() as directory:
        place = Path(directory) / "spk"
        seed_spk(place, 1)
        start = count(place)
        bare, key = ((count(place, view) - start) / COUNT for view in ("bare", "key"))
    print(f"bare {bare:,.0f}, with a key {key:,.0f}: {key / bare:.3f}, at most {LIMIT}")
    return key / bare > LIMIT


if __name__ == "__main__":
    sys.exit(main())
