"""spk and two views that answer the same, one to keys alone: python -m bench.app PORT CLASS WORKERS."""

import logging
import sys

from flask import Blueprint, Flask

from spk import create_app, logs
from spk.api.auth import ApiBlueprint
from spk.server import SLOTS, Server
from spk.slots import Slots

bare = Blueprint("bare", __name__)
key = ApiBlueprint("key", __name__, feature="api_access")


@bare.get("/bare")
@key.get("/key")
def ok() -> dict[str, bool]:
    return {"ok": True}


def make() -> Flask:
    app = create_app()
    for blueprint in (bare, key):
        app.register_blueprint(blueprint, url_prefix="/api/v1/bench")
    return app


class BenchServer(Server):
    """spk's own server, with these views and, where it is asked for, workers of another kind."""

    def load(self) -> Slots:
        return Slots(make(), SLOTS)

    def load_config(self) -> None:
        super().load_config()
        if sys.argv[2] != "own":
            self.cfg.set("worker_class", sys.argv[2])
            logging.getLogger("spk.access").disabled = True  # as the peers, which write no lines
        self.cfg.set("timeout", 300)  # s: under callgrind a start takes more than the 30 s a worker has


if __name__ == "__main__":
    logs.configure()
    BenchServer(f"127.0.0.1:{sys.argv[1]}", workers=int(sys.argv[3])).run()
