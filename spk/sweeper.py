"""A thread of each worker that sweeps the database once a day, where no other worker has."""

import logging
import time
from threading import Thread

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from spk.db import writing
from spk.models.sweep import Sweep, sweep

ASK_EVERY = 3_600  # s
PAUSE = 0.1  # s between two steps, for others who want to write
_log = logging.getLogger("spk")


def start_sweeper(app: Flask) -> None:
    Thread(target=_run, args=[app], name="sweeper", daemon=True).start()


def _run(app: Flask) -> None:
    while True:
        try:
            with app.app_context():
                _sweep_if_due()
        except SQLAlchemyError as error:
            _log.warning("could not sweep: %s", error)
        time.sleep(ASK_EVERY)


def _sweep_if_due() -> None:
    with writing():
        is_ours = Sweep.claim()
    if is_ours:
        for _table, _rows in sweep():
            time.sleep(PAUSE)
