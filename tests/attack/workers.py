"""The processes of a running `spk serve`."""

import os
import signal
import time
from pathlib import Path

from tests.people import LiveServer

ABORT = 1 << (signal.SIGABRT - 1)


def workers_of(server: LiveServer) -> list[int]:
    main = server.process.pid
    return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]


def kill_workers(server: LiveServer) -> None:
    """Kill all of them at the same moment, and wait until there are as many others."""
    killed = workers_of(server)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = workers_of(server)
        if len(found) == len(killed) and not set(found) & set(killed) and all(map(has_started, found)):
            return
        time.sleep(0.02)  # who has no parent's ear hears of no birth: it has to be looked for
    raise AssertionError("the workers were not replaced")


def wait_until_started(server: LiveServer) -> None:
    """Until then a SIGTERM may be lost: a worker begins with its parent's ear for signals."""
    deadline = time.monotonic() + 30
    while not all(map(has_started, workers_of(server))):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_started(pid: int) -> bool:
    """Whether it hears SIGABRT, as a worker does and its parent does not."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) & ABORT)
