"""What spk gives people to copy runs for real: the recipes of docs/ci.md, and the snippets beside a token."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from spk import ROOT, create_app
from spk.db import writing
from spk.models import User
from spk.models.status_pages.owned_pages import OwnedPages
from tests.people import LiveServer, Person, make_operator, serve, token_in

WORDS = (ROOT / "docs" / "ci.md").read_text()
FILES: dict[str, str] = dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", WORDS, re.DOTALL))
slugs = (f"acme-{number}" for number in count())
Environ = dict[str, str]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("ci")) as server:
        yield server


@pytest.fixture(scope="module")
def operator(live: LiveServer) -> Person:
    return make_operator(live, "business")


@pytest.fixture(scope="module")
def token(operator: Person) -> str:
    return operator.create_key()


@pytest.fixture(scope="module")
def dialog(operator: Person) -> str:
    """The page on which a new token is shown."""
    return operator.browser().create_key().text


@pytest.fixture
def job(live: LiveServer, token: str, tmp_path: Path) -> Environ:
    """What a job knows: a page of its own, and a deploy script that asks how the page looks meanwhile."""
    slug = next(slugs)
    app = create_app(live.environ)
    with app.app_context(), writing():
        owner = User.find("operator@example.com")
        assert owner is not None
        OwnedPages(owner).create(name="Acme", slug=slug).create_component(name="API")
    deploy = tmp_path / "deploy.sh"
    look = f"curl --silent --fail {live.url}/p/{slug}/api/v2/summary.json > meanwhile.json"
    deploy.write_text(f'#!/bin/sh\n{look}\nexit "$RESULT"\n')
    deploy.chmod(0o755)
    return {
        "PATH": "/usr/bin:/bin",
        "SPK_TOKEN": f"{token}\r\n",  # as a secret from a file or a form may end
        "PAGE": f"{live.url}/api/v1/pages/{slug}",
        "PUBLIC": f"{live.url}/p/{slug}/api/v2",
        "COMPONENT": "api",
    }


def sh(script: str, environ: Environ, directory: Path, *arguments: str) -> int:
    command = ["sh", "-e", "-c", script, "sh", *arguments]
    return subprocess.run(command, env=environ, cwd=directory, check=False).returncode


def summary(job: Environ) -> dict[str, Any]:
    with urllib.request.urlopen(f"{job['PUBLIC']}/summary.json") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def meanwhile(directory: Path) -> tuple[str, list[str]]:
    """The component’s status and the maintenance, as the page had them during the deploy."""
    found = json.loads((directory / "meanwhile.json").read_text())
    windows = [window["status"] for window in found["scheduled_maintenances"]]
    return found["components"][0]["status"], windows


def assert_over(job: Environ, directory: Path, result: int) -> None:
    assert meanwhile(directory) == ("under_maintenance", ["in_progress"])
    after = summary(job)
    assert after["scheduled_maintenances"] == []
    assert after["components"][0]["status"] == ("operational" if result == 0 else "degraded_performance")


@pytest.mark.parametrize("result", [0, 3])
def test_the_shell_script_puts_a_window_around_a_deploy(job: Environ, tmp_path: Path, result: int) -> None:
    script = FILES["deploy-with-window"]
    assert sh(script, job | {"RESULT": str(result)}, tmp_path, "./deploy.sh") == result
    assert_over(job, tmp_path, result)


def test_the_shell_script_closes_its_window_when_it_is_interrupted(job: Environ, tmp_path: Path) -> None:
    script = tmp_path / "deploy-with-window"
    script.write_text(FILES["deploy-with-window"])
    deploy = "./deploy.sh; kill -TERM $PPID; exec sleep 1"
    code = subprocess.run(
        ["sh", str(script), "sh", "-c", deploy], env=job | {"RESULT": "0"}, cwd=tmp_path, check=False
    ).returncode
    assert code == 130
    assert_over(job, tmp_path, code)


def test_the_shell_script_deploys_though_the_status_page_is_down(job: Environ, tmp_path: Path) -> None:
    down = job | {"PAGE": "http://127.0.0.1:9/api/v1/pages/acme", "RESULT": "0"}
    assert (
        sh(FILES["deploy-with-window"].replace("--retry 3", "--retry 0"), down, tmp_path, "./deploy.sh") == 0
    )
    assert (tmp_path / "meanwhile.json").exists()


@pytest.mark.parametrize("result", [0, 1])
def test_the_github_workflow_puts_a_window_around_a_deploy(job: Environ, tmp_path: Path, result: int) -> None:
    workflow = yaml.safe_load(FILES["deploy.yml"])
    known = {
        "github.run_id": "4711",
        "github.run_attempt": str(result),
        "secrets.SPK_TOKEN": job["SPK_TOKEN"],
    }
    given = {name: expand(value, known) for name, value in workflow["env"].items()} | job
    failed = False
    for step in workflow["jobs"]["deploy"]["steps"]:
        runs = {"failure()": failed, "success()": not failed, "always()": True, None: not failed}
        if "run" in step and runs[step.get("if")]:
            code = sh(step["run"], given | {"RESULT": str(result)}, tmp_path)
            failed |= code != 0 and not step.get("continue-on-error")
    assert failed == bool(result)
    assert_over(job, tmp_path, result)


def expand(value: str, known: dict[str, str]) -> str:
    """What GitHub puts in place of ${{ … }}."""
    return re.sub(r"\$\{\{ *(\S+) *\}\}", lambda found: known[found[1]], value)


@pytest.mark.parametrize("result", [0, 1])
def test_the_gitlab_job_puts_a_window_around_a_deploy(job: Environ, tmp_path: Path, result: int) -> None:
    deploy = yaml.safe_load(FILES[".gitlab-ci.yml"])["deploy"]
    given = job | {"WINDOW": f"deploy-{result}", "RESULT": str(result)}
    main = "\n".join([*deploy["before_script"], *deploy["script"]])
    assert (sh(main, given, tmp_path) == 0) == (result == 0)
    outcome = {"CI_JOB_STATUS": "success" if result == 0 else "failed"}
    assert sh("\n".join(deploy["after_script"]), given | outcome, tmp_path) == 0
    assert_over(job, tmp_path, result)


def test_the_check_opens_one_incident_and_resolves_it(job: Environ, tmp_path: Path) -> None:
    script = FILES["check-and-tell"]
    assert sh(script, job, tmp_path, "true") == 0
    assert summary(job)["status"]["indicator"] == "none"
    for _ in range(2):
        assert sh(script, job, tmp_path, "false") == 0
    broken = summary(job)
    assert (len(broken["incidents"]), broken["components"][0]["status"]) == (1, "major_outage")
    assert len(broken["incidents"][0]["incident_updates"]) == 1
    assert sh(script, job, tmp_path, "true") == 0
    assert summary(job)["incidents"] == []
    assert summary(job)["components"][0]["status"] == "operational"
    assert sh(script, job, tmp_path, "false") == 0
    assert len(summary(job)["incidents"]) == 1


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("snippet", ["curl", "Python", "GitHub Actions"])
def test_a_new_token_is_tried_with_the_snippet_beside_it(snippet: str, ending: str, dialog: str) -> None:
    code = re.search(rf"<summary>{snippet}</summary>.*?<code[^>]*>(.*?)</code>", dialog, re.DOTALL)
    assert code
    program = unescape(code[1])
    if snippet == "GitHub Actions":
        (step,) = yaml.safe_load(program)
        assert step["env"] == {"SPK_TOKEN": "${{ secrets.SPK_TOKEN }}"}
        program = step["run"]
    shell = [sys.executable, "-c"] if snippet == "Python" else ["sh", "-ec"]
    environ = {"PATH": "/usr/bin:/bin", "SPK_TOKEN": f"{token_in(dialog)}{ending}"}
    done = subprocess.run([*shell, program], env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["key"]["name"] == "CI"
