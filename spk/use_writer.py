"""A thread of each worker that writes how keys were used, a moment after it was counted and at the end."""

import atexit
import logging
import time
from threading import Lock, Thread

from flask import Flask

from spk.models.accounts.use_counter import write_uses

LOOK_EVERY = 1  # s
_writing = Lock()  # at the end, what is being written is waited for: it may come back
_log = logging.getLogger("spk")


def start_use_writer(app: Flask) -> None:
    Thread(target=_run, args=[app], name="use writer", daemon=True).start()
    atexit.register(_write, app, everything=True)


def _run(app: Flask) -> None:
    while True:
        time.sleep(LOOK_EVERY)
        try:
            _write(app)
        except Exception:  # whatever it is, the next uses are to be written
            _log.exception("could not write how keys were used")


def _write(app: Flask, *, everything: bool = False) -> None:
    with _writing, app.app_context():
        write_uses(everything=everything)
