"""spk in processes that are forked from one that has loaded it: to load it takes longer than most tests."""

import atexit
import os
import sys
from multiprocessing import get_context
from pathlib import Path

from spk.cli import main

forks = get_context("forkserver")
forks.set_forkserver_preload([__name__])


class Forked:
    """`spk serve`, with what subprocess.Popen has for it."""

    def __init__(self, environ: dict[str, str], log_file: Path) -> None:
        self._process = forks.Process(target=_serve, args=(environ, log_file))
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError("spk serve did not end.")
        return self._process.exitcode


def _serve(environ: dict[str, str], log_file: Path) -> None:
    os.environ.clear()
    os.environ.update(environ)
    with log_file.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = ["spk", "serve"]
    try:
        main(prog_name="spk")
    finally:
        atexit._run_exitfuncs()  # as at the end of a program; multiprocessing ends without them
