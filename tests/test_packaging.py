"""spk as a package: it says what it needs."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_architecture import ROOT, imports

DECLARED = [Requirement(line) for line in requires("spk") or ()]
OURS = {"spk", "tests", "bench", "_typeshed"} | sys.stdlib_module_names
# They run in environments of their own, each beside a requirements.txt.
ELSEWHERE = re.compile(r"bench/peers/|tests/clients/\w+_client\.py")
BY_NAME = {"psycopg", "tzdata"}  # imported where a setting asks for PostgreSQL, or a system has no time zones


def tracked(*places: str) -> list[str]:
    command = ["git", "ls-files", "-z", *places]
    names = subprocess.check_output(command, cwd=ROOT, text=True).split("\0")[:-1]
    return [name for name in names if (ROOT / name).exists()]


def imported(*places: str) -> set[str]:
    """The packages that files import, under the names they are installed by."""
    files = [ROOT / name for name in tracked(*places) if name.endswith(".py") and not ELSEWHERE.match(name)]
    modules = {each.split(".")[0] for file in files for each in imports(file)} - OURS
    known = packages_distributions()
    return {canonicalize_name(known.get(module, [module])[0]) for module in modules}


def test_spk_requires_what_it_imports_and_nothing_else() -> None:
    required = {canonicalize_name(each.name) for each in DECLARED if each.marker is None}
    assert imported("spk", "wsgi.py", "migrations") | BY_NAME == required


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    assert imported("tests", "bench") - {canonicalize_name(each.name) for each in DECLARED} == set()
