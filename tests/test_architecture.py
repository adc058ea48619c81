"""The rules of the house that a test can check."""

import ast
import base64
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask

from spk.api.auth import ApiBlueprint
from spk.models.accounts import scope
from spk.models.accounts.plan import Plan

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "spk").rglob("*.py"))
VENDORED = {
    # pragma: allowlist nextline secret (a hash)
    "static/vendor/htmx/htmx.min.js": "Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn",
    # pragma: allowlist nextline secret (a hash)
    "static/vendor/htmx/hx-csp.min.js": "l1UlMMjlxqJ9heYFHycJZCe5JK5ercIbf4mufiyK4B5B/8Hk3xk05wPOiWNv2OUX",
    "static/vendor/sortablejs/sortable.min.js": (
        # pragma: allowlist nextline secret (a hash)
        "DgmC6Xe2bSN2WjTDXzWYbUbxyhNP+NNkGDR/g78pCXV7E7rcVTGxVg0uIVCUUcBc"
    ),
    "static/vendor/swagger-ui/swagger-ui-bundle.js": (
        # pragma: allowlist nextline secret (a hash)
        "gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"
    ),
    "static/vendor/swagger-ui/swagger-ui.css": (
        # pragma: allowlist nextline secret (a hash)
        "WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I"
    ),
}
# What a layer may not know: imports run downwards only.
ABOVE = {
    "spk/config/settings.py": ("spk.",),
    "spk/config/": ("spk.db", "spk.models", "spk.web", "spk.api", "spk.cli"),
    "spk/db.py": ("spk.models", "spk.web", "spk.api", "spk.cli", "flask.request", "flask.g"),
    "spk/models/": ("spk.web", "spk.api", "spk.cli", "spk.errors", "spk.rate_limit", "flask.request"),
    "spk/models/accounts/": ("spk.models.status_pages",),
    "spk/web/": ("spk.api", "spk.cli"),
    "spk/api/": ("spk.web", "spk.cli", "flask_login", "flask.session"),
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Every module and every name of a module that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("layer", ABOVE)
def test_imports_run_downwards_only(layer: str) -> None:
    files = [path for path in SOURCES if name(path).startswith(layer)]
    assert files
    upwards = {
        (name(path), found) for path in files for found in imports(path) if found.startswith(ABOVE[layer])
    }
    assert upwards == set()


def test_queries_live_in_the_models_only() -> None:
    queries = {f"sqlalchemy.{name}" for name in ("select", "insert", "update", "delete", "text")}
    elsewhere = [path for path in SOURCES if "models" not in path.parts]
    assert [name(path) for path in elsewhere if imports(path) & queries] == []
    assert [
        name(path) for path in elsewhere if re.search(r"session\.(execute|scalar|get)", path.read_text())
    ] == []


def test_models_never_commit() -> None:
    assert [name(path) for path in SOURCES if "models" in path.parts and ".commit(" in path.read_text()] == []


def test_spk_calls_no_other_server_and_runs_no_command() -> None:
    """Its databases aside, whose drivers do that: so nothing a request says can lead it anywhere.

    `spk scan --report` calls the server that the operator names; no request leads there.
    """
    reports = {("spk/cli/scan.py", "urllib.request"), ("spk/cli/scan.py", "http.client.HTTPException")}
    never = (
        *("urllib.request", "http.client", "requests", "httpx", "aiohttp", "smtplib", "ftplib", "ssl"),
        *("subprocess", "os.system", "os.popen", "os.exec", "os.spawn", "pty", "pickle", "marshal", "xml"),
    )
    found = {(name(path), each) for path in SOURCES for each in imports(path)}
    assert ("spk/models/accounts/token.py", "hmac") in found
    assert {each for each in found if each[1].startswith(never)} == reports


def test_a_file_can_be_read_at_one_sitting() -> None:
    assert [name(path) for path in SOURCES if len(path.read_text().splitlines()) > 170] == []


def test_a_function_fits_on_a_screen() -> None:
    long = [
        (name(path), node.name)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 35
    ]
    assert long == []


def test_every_address_of_the_api_asks_for_a_key_and_a_plan_feature(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    assert rules
    for rule in rules:
        blueprint = app.blueprints[rule.endpoint.split(".")[0]]
        if rule.rule == "/api/v1/credentials/revoke":
            continue  # whoever has a token may end its key
        assert isinstance(blueprint, ApiBlueprint), rule
        assert any(blueprint.feature in plan.features for plan in plans(app)), rule


def test_every_address_of_the_api_but_whoami_asks_for_a_scope(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        blueprint = app.blueprints.get(rule.endpoint.split(".")[0])
        if isinstance(blueprint, ApiBlueprint):
            with app.test_request_context(method=next(iter(rule.methods or ()))):
                scopes = blueprint.needed_scopes()
            assert set(scopes) <= scope.LABELS.keys(), rule
            assert scopes or rule.endpoint == "whoami.whoami", rule


def plans(app: Flask) -> list[Plan]:
    return list(app.config["PLANS"].values())


def test_every_address_under_user_asks_who_is_signed_in(app: Flask) -> None:
    client = app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/user")]
    assert rules
    for rule in rules:
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        path = re.sub("<[^>]+>", "spk_AbCd1234", re.sub("<int[^>]+>", "1", rule.rule))
        answer = client.open(path, method=method)
        assert answer.headers["Location"].startswith("/login?next="), rule


def test_there_is_one_function_for_each_method_and_path(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert len((rule.methods or set()) - {"HEAD", "OPTIONS"}) == 1, rule


@pytest.mark.parametrize("path", VENDORED)
def test_vendored_files_are_the_published_ones(path: str) -> None:
    digest = hashlib.sha384((ROOT / path).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == VENDORED[path]
    assert (ROOT / path).with_name("LICENSE").exists()


def test_no_vendored_file_is_unknown() -> None:
    vendored = ROOT / "static/vendor"
    files = {name(path) for kind in ("*.js", "*.css") for path in vendored.rglob(kind)}
    assert files == set(VENDORED)


def test_the_first_paint_waits_for_the_last_element_of_a_page() -> None:
    """Chromium waits for the start of what it is told to expect: text after it would move."""
    base = (ROOT / "templates/base.html").read_text()
    (expected,) = re.findall('<link rel="expect" href="#([^"]+)"', base)
    assert re.search(rf'<div id="{expected}"></div>\s*</body>', base)


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<style|style=|<script>|\son\w+=|hx-on|js:|\|\s*safe", text), path


def test_every_htmx_element_carries_the_nonce() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        for tag in re.findall(r"<(?!hx-partial)\w+[^>]*\shx-(?:get|post)=[^>]*>", path.read_text()):
            assert 'hx-nonce="{{ csp_nonce() }}"' in tag, path
            assert "hx-swap=" in tag, path
