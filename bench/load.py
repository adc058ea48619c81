"""A server, and wrk in front of it."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.postgres import free_port

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")  # a second of CPU time has so many
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What one run of wrk has seen."""

    rate: float  # requests a second
    p99: float  # ms
    cpu: float  # µs of the server's, a request
    refused: int
    errors: int


@dataclass(frozen=True)
class Server:
    """One that listens, and the header lines of its keys."""

    port: int
    process: "subprocess.Popen[bytes]"
    headers: Path
    started_in: float = 0.0  # s

    def load(self, path: str) -> Load:
        command = ["wrk", "-t1", "-c8", "-d1s", "--latency", "-s", "random.lua"]
        before = self.cpu_seconds()
        told = subprocess.run(
            [*command, f"http://127.0.0.1:{self.port}{path}"],
            cwd=HERE,
            env={**os.environ, "HEADERS": str(self.headers)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        requests = _number(r"(\d+) requests in", told)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
        return Load(
            rate=_number(r"Requests/sec:\s+([\d.]+)", told),
            p99=float(p99[1]) * UNITS[p99[2]] if p99 else 0.0,
            cpu=(self.cpu_seconds() - before) / requests * 1e6,
            refused=int(_number(r"Non-2xx or 3xx responses: (\d+)", told)),
            errors=sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", told))),
        )

    def cpu_seconds(self) -> float:
        files = [Path(f"/proc/{pid}/stat") for pid in (self.process.pid, *workers(self.process.pid))]
        stats = [file.read_text().rpartition(")")[2].split() for file in files]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS


def workers(server: int) -> list[int]:
    """The processes that a server has started."""
    return [*map(int, Path(f"/proc/{server}/task/{server}/children").read_text().split())]


def worker_memory(server: int) -> float:
    """MB that one worker keeps in memory; what it shares with others is counted in part."""
    told = Path(f"/proc/{workers(server)[-1]}/smaps_rollup").read_text()
    return _number(r"Pss:\s+(\d+) kB", told) / 1000


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0


@contextmanager
def serve(
    command: Sequence[str],
    environ: Mapping[str, str],
    headers: Path,
    directory: Path | None = None,
    patience: int = 60,
) -> Iterator[Server]:
    """Run a command whose {port} is a free one, until the block ends; it comes up within `patience` s."""
    port = free_port()
    argv = [each.replace("{port}", str(port)) for each in command]
    variables = {name: value.replace("{port}", str(port)) for name, value in environ.items()}
    process = subprocess.Popen(argv, env=variables, cwd=directory, stderr=subprocess.DEVNULL)
    try:
        yield Server(port, process, headers, _wait_until_up(process, port, patience))
    finally:
        process.terminate()
        process.wait(timeout=40)


def _wait_until_up(process: "subprocess.Popen[bytes]", port: int, patience: int) -> float:
    """Seconds until the first answer."""
    begin = time.monotonic()
    while time.monotonic() < begin + patience and process.poll() is None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=patience)
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
            continue
        return time.monotonic() - begin
    raise RuntimeError(f"{process.args!r} did not come up.")
