"""spk as a package: it says what it needs, and its wheel runs without a checkout."""

import re
import shutil
import subprocess
import sys
import sysconfig
from contextlib import chdir
from functools import cache
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.people import PASSWORD, LiveServer, bearer, serve
from tests.test_architecture import ROOT, imports
from tests.wheel import build, install

# As installed: what an older build left beside the code may say otherwise.
(SPK,) = distributions(name="spk", path=[sysconfig.get_path("purelib")])
DECLARED = [Requirement(line) for line in SPK.requires or ()]
OURS = {"spk", "tests", "bench", "_typeshed"} | sys.stdlib_module_names
# They run in environments of their own, each beside a requirements.txt.
ELSEWHERE = re.compile(r"bench/peers/|tests/clients/\w+_client\.py")
BY_NAME = {"psycopg", "tzdata"}  # imported where a setting asks for PostgreSQL, or a system has no time zones


def tracked(*places: str) -> list[str]:
    command = ["git", "ls-files", "-z", *places]
    names = subprocess.check_output(command, cwd=ROOT, text=True).split("\0")[:-1]
    return [name for name in names if (ROOT / name).exists()]


installed_modules = cache(packages_distributions)  # it reads the list of files of every package


def imported(*places: str) -> set[str]:
    """The packages that files import, under the names they are installed by."""
    files = [ROOT / name for name in tracked(*places) if name.endswith(".py") and not ELSEWHERE.match(name)]
    modules = {each.split(".")[0] for file in files for each in imports(file)} - OURS
    known = installed_modules()
    return {canonicalize_name(known.get(module, [module])[0]) for module in modules}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from what a clone has."""
    directory = tmp_path_factory.mktemp("wheel")
    for name in tracked():
        copy = directory / "source" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    return build(directory / "source", directory)


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with ZipFile(wheel) as files:
        return set(files.namelist())


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("environment"))


def ask(url: str, token: str) -> tuple[int, str]:
    try:
        with urlopen(Request(url, headers=bearer(token))) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        with refusal:
            return refusal.status or 0, ""


def test_spk_requires_what_it_imports_and_nothing_else() -> None:
    required = {canonicalize_name(each.name) for each in DECLARED if each.marker is None}
    assert imported("spk", "wsgi.py", "migrations") | BY_NAME == required


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    assert imported("tests", "bench") - {canonicalize_name(each.name) for each in DECLARED} == set()


def test_the_wheel_has_the_folders_of_the_checkout_inside_the_package(contents: set[str]) -> None:
    names = tracked("spk", "templates", "static", "migrations")
    assert {"spk/py.typed", "migrations/script.py.mako", "static/vendor/swagger-ui/NOTICE"} <= set(names)
    expected = {f"spk/{name.removeprefix('spk/')}" for name in names}
    assert {name for name in contents if ".dist-info/" not in name} == expected


def test_the_wheel_has_every_licence_where_tools_look_for_it(contents: set[str]) -> None:
    licences = {name for name in tracked("LICENSE", "static") if re.search("LICENSE|NOTICE", name)}
    assert {name.split("/licenses/")[1] for name in contents if "/licenses/" in name} == licences


def test_an_installed_spk_finds_its_files_in_itself(programs: Path, tmp_path: Path) -> None:
    script = "import spk; print(spk.ROOT)"
    root = subprocess.check_output([programs / "python", "-c", script], cwd=tmp_path, text=True)
    assert Path(root.strip()).is_relative_to(programs.parent)


def test_a_key_is_created_used_and_revoked_without_a_checkout(programs: Path, tmp_path: Path) -> None:
    def spk(server: LiveServer, *words: str, said: str = "") -> str:
        return subprocess.check_output(
            [programs / "spk", *words], env=server.environ, input=said, text=True, stderr=subprocess.DEVNULL
        ).strip()

    with chdir(tmp_path), serve(tmp_path, str(programs / "spk"), "serve") as server:
        spk(server, "user", "create", "ada@example.com", "--plan=pro", "--password-stdin", said=PASSWORD)
        token = spk(server, "key", "create", "ada@example.com", "CI")
        assert ask(f"{server.url}/api/v1/whoami", token)[0] == 200
        _, page = ask(f"{server.url}/login", token)
        styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
        assert [ask(server.url + style, token)[0] for style in styles] == [200]
        spk(server, "key", "revoke", token[:12])
        assert ask(f"{server.url}/api/v1/whoami", token)[0] == 401
