"""spk: a self-hosted status page whose API is opened by keys that people manage themselves."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from spk.client_address import with_plain_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__version__ = "0.1.0"

PACKAGE = Path(__file__).parent
# Where templates, static files and migrations are: beside the package in a checkout, inside it in a wheel.
ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent


class Application(Flask):
    """Flask without its check, for every hook of every request, whether it is a coroutine: none is."""

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Know a host in whatever case it is written (RFC 9110, 4.2.3)."""
        environ["HTTP_HOST"] = environ.get("HTTP_HOST", "").lower()
        return super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """Build the application from the SPK_… variables; raises ConfigError if one is invalid."""
    from spk import (
        api,
        autocommit,
        config,
        db,
        engines,
        errors,
        headers,
        health,
        logs,
        rate_limit,
        request_state,
        shared_copies,
        verify,
        web,
    )
    from spk.models.accounts import use_counter
    from spk.models.accounts.plan import load_plans

    app = _application(config.load(environ))
    app.config["PLANS"] = load_plans(app.config["PLANS_FILE"], app.config["DEFAULT_PLAN"])
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    # The order matters. before_request hooks run in this order, after_request hooks in reverse: the request
    # state exists for all others, and the log is written last, with the final response. WSGI middleware runs
    # in reverse, too: the gate's, added last, drops X-Forwarded-Host before ProxyFix reads it.
    hooks = (use_counter, request_state, logs, rate_limit, headers, errors)
    for module in (engines, autocommit, shared_copies, *hooks, health, web, api, verify):
        module.init_app(app)
    if app.config["METRICS"]:
        from spk import metrics

        metrics.init_app(app)
    return app


def _application(settings: dict[str, Any]) -> Application:
    app = Application("spk", root_path=str(ROOT), instance_path=str(settings["DATA_DIR"]))
    app.config.update(settings)
    app.url_map.merge_slashes = False  # else Flask redirects a path with //, which the API never does
    app.url_map.strict_slashes = False  # a / at the end leads nowhere else; but the gate has one address
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if hops := settings["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # the way Flask documents
            with_plain_address(app.wsgi_app), x_for=hops, x_proto=hops, x_host=hops
        )
    return app
