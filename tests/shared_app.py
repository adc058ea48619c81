"""One application for the tests of a process: making one takes longer than most tests."""

from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from spk import create_app
from spk.models.accounts.use_counter import UseCounter
from spk.shared_copies import Copies


class SharedApp:
    """An application with these settings, and what it was like before any test."""

    def __init__(self, settings: dict[str, str], compiled_templates: Path) -> None:
        self.settings = settings
        self.app = create_app(settings)
        self.app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled_templates))
        # What Flask makes at the first request, and for the first template, is there from now on.
        self.app.test_client().get("/nothing")
        assert self.app.logger
        self._before = state_of(self.app)

    def renew(self) -> Flask:
        """The application, which has counted nothing yet."""
        self.app.extensions["rate_limits"].reset()
        vars(self.app.extensions["key_uses"]).update(vars(UseCounter()))
        forget_copies(self.app)
        return self.app

    def changes(self) -> list[str]:
        """What is other than it was: settings, hooks, routes, what templates know."""
        after = state_of(self.app)
        names = self._before.keys() | after.keys()
        return sorted(name for name in names if self._before.get(name) != after.get(name))


def forget_copies(app: Flask) -> None:
    """Let public pages be made anew, where a test has changed them in the database by hand."""
    vars(app.extensions["copies"]).update(vars(Copies()))


def state_of(app: Flask) -> dict[str, Any]:
    """Everything an application is made of, as far as it is in containers of Python's."""
    parts = {"app": app, "templates": app.jinja_env, "routes": app.url_map}
    return {
        f"{part}.{name}": frozen(value)
        for part, whole in parts.items()
        for name, value in vars(whole).items()
    }


def frozen(value: object) -> object:
    """A copy that doesn't change with the original; what a container holds in the end is itself."""
    if isinstance(value, dict):  # without what is empty: in a defaultdict a look makes such an entry
        return {key: kept for key, each in value.items() if (kept := frozen(each)) not in ({}, [], set())}
    if isinstance(value, list | tuple):
        return [frozen(each) for each in value]
    return set(value) if isinstance(value, set) else value
