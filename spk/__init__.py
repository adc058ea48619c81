"""spk: a self-hosted status page whose API is opened by keys that people manage themselves."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

__version__ = "0.1.0"

PACKAGE = Path(__file__).parent
# Where templates, static files and migrations are: beside the package in a checkout, inside it from a wheel.
ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent


class Application(Flask):
    """Flask, which asks of every hook of every request whether it is a coroutine: here none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """Build the application from SPK_… variables; raises ConfigError where they do not fit."""
    from spk import api, config, db, errors, headers, health, logs, look_up, rate_limit, verify, web
    from spk.models.plan import load_plans

    settings = config.load(environ)
    app = Application("spk", root_path=str(ROOT), instance_path=str(settings["DATA_DIR"]))
    app.config.update(settings)
    app.url_map.merge_slashes = False  # the API answers //, too, without a redirect
    app.config["PLANS"] = load_plans(app.config["PLANS_FILE"], app.config["DEFAULT_PLAN"])
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # the way Flask documents

    logs.init_app(app)
    db.init_app(app)
    look_up.init_app(app)
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    rate_limit.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    health.init_app(app)
    web.init_app(app)
    api.init_app(app)
    verify.init_app(app)
    if app.config["METRICS"]:
        from spk import metrics

        metrics.init_app(app)
    return app
