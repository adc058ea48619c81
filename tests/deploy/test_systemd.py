"""The systemd units: what systemd says of them, and the server that they start."""

import re
import shlex
import shutil
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from spk import server
from spk.config.settings import NAMES

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "deploy/systemd").iterdir())
UNITS = [file for file in FILES if file.suffix in (".service", ".timer")]
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
SERVICE = ROOT / "deploy/systemd/spk.service"
ENVIRONMENT = ROOT / "deploy/systemd/spk.env"
SPK = Path(sys.executable).with_name("spk")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze, of Debian's package systemd"
)


def setting(name: str, unit: Path = SERVICE) -> str:
    """What the unit says last of this."""
    found: list[str] = re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)
    return found[-1]


def with_paths(words: str, **data_dirs: Path) -> str:
    """The same with the checkout, the data and the socket elsewhere."""
    words = words.replace("/opt/spk/.venv/bin/spk", str(SPK)).replace("/opt/spk", str(ROOT))
    return words.replace("/var/lib/spk", str(data_dirs["data"])).replace("/run/spk", str(data_dirs["run"]))


def analyze(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        (tmp_path / unit.name).write_text(with_paths(unit.read_text(), data=tmp_path, run=tmp_path))
    done = analyze("verify", *sorted(tmp_path.iterdir()))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_systemd_calls_the_exposure_of_a_service_low(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--threshold=19", unit)  # 1.9 of 10; it calls that OK
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_setting_and_path_in_a_file_is_there(file: Path) -> None:
    words = file.read_text()
    assert set(re.findall(r"SPK_[A-Z_]+", words)) <= NAMES
    paths = [path for path in re.findall(r"/opt/spk/([\w./-]+)", words) if not path.startswith(".venv/")]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_services_agree_on_who_owns_the_data() -> None:
    assert {(setting("User", unit), setting("Group", unit)) for unit in SERVICES} == {("spk", "www-data")}
    assert {setting("EnvironmentFile", unit) for unit in SERVICES} == {"/etc/spk/spk.env"}


def test_systemd_waits_until_the_server_has_ended_by_itself() -> None:
    assert int(setting("TimeoutStopSec")) > server.settings("", 1)["graceful_timeout"]


def test_the_service_starts_and_only_its_group_gets_to_its_socket(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    run.chmod(int(setting("RuntimeDirectoryMode"), 8))
    words = with_paths(ENVIRONMENT.read_text(), data=tmp_path / "data", run=run)
    environ = dict(line.split("=", 1) for line in words.splitlines() if not line.startswith("#"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        process = subprocess.Popen(
            shlex.split(with_paths(setting("ExecStart"), data=tmp_path, run=run)),
            env={**environ, "SPK_WORKERS": "1", "NOTIFY_SOCKET": str(tmp_path / "notify")},
            cwd=with_paths(setting("WorkingDirectory"), data=tmp_path, run=run),
            stderr=subprocess.DEVNULL,
        )
        try:
            assert systemd.recv(1024).startswith(b"READY=1\n")  # what Type=notify waits for
            assert run.stat().st_mode & 0o777 == 0o750
            assert (run / "spk.sock").stat().st_mode & 0o060 == 0o060
            assert status_over(run / "spk.sock", "/readyz") == 200
        finally:
            process.terminate()
            assert process.wait(timeout=int(setting("TimeoutStopSec"))) == 0


def status_over(path: Path, target: str) -> int:
    """What the server on a unix socket answers."""
    connection = HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(str(path))
    connection.request("GET", target)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
