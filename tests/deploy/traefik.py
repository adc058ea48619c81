"""A real Traefik with the sample as it is shipped, but for ports and certificates of its own."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.nginx import ROOT
from tests.deploy.tls_client import Client, wait_until_up
from tests.people import free_port

SAMPLE = ROOT / "deploy" / "traefik" / "dynamic.yml"
PROGRAM = ROOT / ".venv" / "traefik" / "bin" / "traefik"
STATIC = """
entryPoints: {{websecure: {{address: "127.0.0.1:{port}"}}}}
providers: {{file: {{filename: "{dynamic}"}}}}
accessLog: {{fields: {{names: {{RequestPath: drop, RequestLine: drop}}}}}}
global: {{checkNewVersion: false, sendAnonymousUsage: false}}
"""


@contextmanager
def run_traefik(
    here: Path, spk: str, program: int, changes: Mapping[str, str] | None = None
) -> Iterator[tuple[int, Path]]:
    """Run Traefik for spk at an address and for a program at a port; its own port and its log."""
    port, log_file = free_port(), here / "traefik.log"
    text = SAMPLE.read_text().replace("{certResolver: letsencrypt}", "{}")
    text = text.replace("127.0.0.1:8000", spk).replace("127.0.0.1:9000", f"127.0.0.1:{program}")
    for shipped, mine in (changes or {}).items():
        assert shipped in text
        text = text.replace(shipped, mine)
    dynamic, static = here / "dynamic.yml", here / "static.yml"
    dynamic.write_text(text)
    static.write_text(STATIC.format(port=port, dynamic=dynamic))
    with log_file.open("wb") as log:
        process = subprocess.Popen([PROGRAM, f"--configFile={static}"], stdout=log, stderr=log)
    try:
        app = Client("app.example.com", port)
        wait_until_up(app, process, log_file, lambda: app.get("/").status != 404)
        yield port, log_file
    finally:
        process.terminate()
        process.wait(timeout=20)
