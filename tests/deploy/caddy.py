"""A real Caddy with the sample as it is shipped, but for ports, directories and certificates of its own."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.nginx import ROOT
from tests.deploy.tls_client import Client, wait_until_up
from tests.people import free_port

SAMPLE = ROOT / "deploy" / "caddy" / "Caddyfile"
PROGRAM = shutil.which("caddy", path="/usr/bin:/usr/local/bin")
FOR_TESTS = """{{
    admin off
    default_bind 127.0.0.1
    http_port {http}
    https_port {https}
    local_certs
    skip_install_trust
    storage file_system {here}/caddy
"""


@dataclass(frozen=True)
class Caddy:
    log_file: Path
    https: int

    def client(self, name: str) -> Client:
        return Client(name, self.https)

    def log(self) -> str:
        return self.log_file.read_text()


@contextmanager
def run_caddy(
    here: Path, spk: str, program: int, changes: Mapping[str, str] | None = None
) -> Iterator[Caddy]:
    """Run Caddy for spk at an address and for a program at a port; when it has ended its log is whole."""
    caddy = Caddy(here / "caddy.log", free_port())
    for_tests = FOR_TESTS.format(http=free_port(), https=caddy.https, here=here)
    text = SAMPLE.read_text().replace("\n{\n", f"\n{for_tests}", 1)
    text = text.replace("127.0.0.1:8000", spk).replace("127.0.0.1:9000", f"127.0.0.1:{program}")
    for shipped, mine in (changes or {}).items():
        text = text.replace(shipped, mine)
    (here / "Caddyfile").write_text(text)
    command = [str(PROGRAM), "run", "--config", str(here / "Caddyfile"), "--adapter", "caddyfile"]
    with caddy.log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"HOME": str(here)})
    try:
        for name in ("status.example.com", "app.example.com"):
            wait_until_up(caddy.client(name), process, caddy.log_file)
        yield caddy
    finally:
        process.terminate()
        process.wait(timeout=20)
