"""The production server: gunicorn, configured for spk."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from spk import create_app
from spk.config import ConfigError
from spk.slots import Slots
from spk.sweeper import start_sweeper
from spk.use_writer import start_use_writer
from spk.worker import Worker

SLOTS = 4  # per worker: requests that the application handles at once
THREADS = 100  # per worker: each reads a request, waits for a slot or sends a response


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn publishes no types
    """gunicorn without its command line; each worker creates its own application."""

    def __init__(self, bind: str, workers: int) -> None:
        self.settings = settings(bind, workers)
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self) -> Slots:
        app = create_app()
        start_sweeper(app)
        start_use_writer(app)
        return Slots(app, SLOTS)


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Passes gunicorn’s log to spk’s handler, which writes JSON and truncates tokens."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def check_bind(bind: str) -> None:
    """Raise ConfigError if the address can’t be used, where gunicorn would retry five times."""
    host, _, port = bind.rpartition(":")
    if bind.startswith("unix:"):
        with socket.socket(socket.AF_UNIX) as other, suppress(OSError):
            other.connect(bind.removeprefix("unix:"))
            raise ConfigError(f"SPK_BIND: another server listens on {bind}.")
        if not os.access(directory := Path(bind.removeprefix("unix:")).parent, os.W_OK | os.X_OK):
            raise ConfigError(f"SPK_BIND: cannot create a socket in {directory}.")
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), int(port)), family=family).close()
    except OSError as error:
        raise ConfigError(f"SPK_BIND: cannot listen on {bind}: {error.strerror}.") from None


def settings(bind: str, workers: int) -> dict[str, Any]:
    return {
        "bind": bind,
        "workers": workers,
        "worker_class": Worker,
        "threads": THREADS,
        "sendfile": False,  # it would bypass the timeout for sending
        "graceful_timeout": 30,  # s: requests under way are answered after SIGTERM
        "forwarder_headers": "",  # ProxyFix decides who may set the client's address
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},  # else gunicorn trusts them on a unix socket, and refuses contradictions
        "umask": 0,  # of a unix socket: the permissions of its directory decide who may connect
        "control_socket_disable": True,
        "accesslog": None,  # it would log query strings
        "loglevel": "warning",
        "logger_class": Logger,
        "proc_name": "spk",
    }
