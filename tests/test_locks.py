"""The lock files: whole, exact, and installed as they are."""

import re
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.clients.conftest import CLASHING, CLIENTS, installed
from tests.test_architecture import ROOT
from tests.test_packaging import tracked

LOCKS = tracked("*requirements*.lock")
OWN = [("requirements.lock", "spk[build]"), ("requirements-dev.lock", "spk[build,dev]")]


def lines(lock: str) -> list[tuple[Requirement, str]]:
    """Each requirement with its hashes; what uv remarks is left out."""
    text = (ROOT / lock).read_text().replace("\\\n", "")
    parts = [line.partition(" --hash") for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [(Requirement(requirement), start + rest) for requirement, start, rest in parts]


def locked(lock: str, **python: str) -> dict[str, Requirement]:
    """What a lock has for this Python or another; raises where it has a package twice."""
    found = [each for each, _ in lines(lock) if each.marker is None or each.marker.evaluate(python)]
    assert len({canonicalize_name(each.name) for each in found}) == len(found)
    return {canonicalize_name(each.name): each for each in found}


def asked(lock: str) -> list[Requirement]:
    lines = (ROOT / lock).with_suffix(".txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if not line.startswith("#")]
    return [each for each in requirements if each.marker is None or each.marker.evaluate()]


def check(lock: str, waiting: list[Requirement], site: Path) -> None:
    """What these need, and what that needs in turn, is installed, and in the lock just so."""
    there = {canonicalize_name(each.name): each for each in distributions(path=[str(site)])}
    has, seen = locked(lock), set()
    while waiting:
        requirement = waiting.pop()
        found, name = there[canonicalize_name(requirement.name)], canonicalize_name(requirement.name)
        if name != "spk":
            assert str(has[name].specifier) == f"=={found.version}"
            assert requirement.specifier.contains(found.version), requirement
            assert requirement.extras <= has[name].extras, requirement
        seen.add(str(requirement))
        for each in map(Requirement, found.requires or ()):
            markers = [{"extra": extra} for extra in requirement.extras or {""}]
            applies = each.marker is None or any(map(each.marker.evaluate, markers))
            if applies and str(each) not in seen:
                waiting.append(each)
    assert len(seen) > 10


@pytest.mark.parametrize("lock", LOCKS)
def test_each_line_is_one_version_and_its_hashes(lock: str) -> None:
    for requirement, hashes in lines(lock):
        assert requirement.url is None
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert re.fullmatch(r"( --hash=sha256:[0-9a-f]{64}\s*)+", hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("python", ["3.11.0", "3.11.9", "3.12.0", "3.13.0", "3.14.0"])
def test_no_python_gets_a_package_twice(lock: str, python: str) -> None:
    assert locked(lock, python_full_version=python, python_version=python.rpartition(".")[0])


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if "/" in lock])
def test_what_was_asked_for_is_in_the_lock(lock: str) -> None:
    has = {name: str(each.specifier).removeprefix("==") for name, each in locked(lock).items()}
    for each in asked(lock):
        assert each.specifier.contains(has[canonicalize_name(each.name)]), each


@pytest.mark.parametrize(("lock", "top"), OWN)
def test_the_lock_has_all_that_spk_needs(lock: str, top: str) -> None:
    check(lock, [Requirement(top)], Path(sysconfig.get_path("purelib")))


@pytest.mark.parametrize(("folder", "environment"), [("clients", CLIENTS), ("clients/clashing", CLASHING)])
def test_the_locks_of_the_clients_have_all_that_they_need(folder: str, environment: Path) -> None:
    lock = f"tests/{folder}/requirements.lock"
    installed(environment / "requirements.lock", environment / "bin/python")
    (site,) = environment.glob("lib/python*/site-packages")
    check(lock, asked(lock), site)


def test_whoever_installs_a_lock_takes_it_whole_and_by_its_hashes() -> None:
    names = tracked("Makefile", "Dockerfile", "*.sh", "*.md")
    text = "\n".join((ROOT / name).read_text() for name in names)
    (install,) = re.findall(r"^INSTALL = (.*)$", text, re.MULTILINE)
    commands = re.findall(r"install\b[^&\n]* -r .*", text.replace("$(INSTALL)", install))
    assert len(commands) >= 5
    assert [command for command in commands if "--no-deps --require-hashes -r" not in command] == []
