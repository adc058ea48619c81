"""A wheel of spk, and an environment that has spk from nowhere else."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


def build(source: Path, directory: Path) -> Path:
    """Make the wheel of a copy of the checkout, in which that leaves files of its own."""
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory), str(source))
    (wheel,) = directory.glob("*.whl")
    return wheel


def install(wheel: Path, directory: Path) -> Path:
    """Make an environment with this wheel; the directory of its programs."""
    venv.create(directory, symlinks=True)
    _pip("--python", str(directory / "bin/python"), "install", "--no-deps", str(wheel))
    (packages,) = directory.glob("lib/python*/site-packages")
    # What spk needs is seen in the tests' environment, but not the checkout: .pth files there don't count.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return directory / "bin"


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", *words]
    subprocess.run([*command, "--no-index"], check=True)
