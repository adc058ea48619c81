"""A real nginx with the samples as they are shipped, but for ports, directories and the user."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.deploy.tls_client import Client, wait_until_up
from tests.people import free_port

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "deploy" / "nginx"
PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
PROGRAM = shutil.which("nginx", path=PATH)
MISSING = [name for name in ("nginx", "openssl") if shutil.which(name, path=PATH) is None]
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# What surrounds the samples, as Debian has it: an access log that holds queries too.
MAIN = """
{user}
worker_processes 2;
pid {here}/nginx.pid;
error_log {here}/error.log;
daemon off;
events {{}}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {here}/access.log;
    gzip on;
    {temporary}
    include {here}/conf.d/*.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    directory: Path
    https: int
    http: int

    def client(self, name: str) -> Client:
        return Client(name, self.https)

    def logs(self) -> dict[str, str]:
        return {path.name: path.read_text(errors="replace") for path in self.directory.glob("*.log")}


@contextmanager
def place() -> Iterator[Path]:
    """A short path, for sockets, that the workers may enter."""
    with TemporaryDirectory(prefix="spk-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        shutil.copytree(ROOT / "static", directory / "opt" / "spk" / "static")
        yield directory


@contextmanager
def run_nginx(
    directory: Path, spk: str, program: int = 9, changes: Mapping[str, str] | None = None
) -> Iterator[Nginx]:
    """Run nginx for spk at unix:/path or a port and for a program; when it has ended its logs are whole."""
    nginx = Nginx(directory, free_port(), free_port())
    write_configuration(nginx, spk, program, changes or {})
    command = [str(PROGRAM), "-p", str(directory), "-c", "nginx.conf", "-e", str(directory / "start.log")]
    subprocess.run([*command, "-t", "-q"], check=True)
    process = subprocess.Popen(command)
    try:
        wait_until_up(nginx.client("status.example.com"), process, directory / "start.log")
        yield nginx
    finally:
        process.send_signal(3)  # SIGQUIT: requests under way are answered and logged
        assert process.wait(timeout=20) == 0


def write_configuration(nginx: Nginx, spk: str, program: int, changes: Mapping[str, str]) -> None:
    here = nginx.directory
    data_dirs = {
        **changes,
        "server unix:/run/spk/spk.sock;": f"server {spk};",
        "/etc/letsencrypt/live/": f"{here}/certificates/",
        "/var/log/nginx/": f"{here}/",
        "/var/cache/nginx-spk": f"{here}/cache",
        "/opt/spk": f"{here}/opt/spk",
        "127.0.0.1:9000": f"127.0.0.1:{program}",
        "listen [::]:443 ": f"listen 127.0.0.2:{nginx.https} ",
        "listen [::]:80;": f"listen 127.0.0.2:{nginx.http};",
        "listen 443 ": f"listen 127.0.0.1:{nginx.https} ",
        "listen 80;": f"listen 127.0.0.1:{nginx.http};",
    }
    (here / "conf.d").mkdir(exist_ok=True)
    for sample in SAMPLES.glob("*.conf"):
        text = sample.read_text()
        for shipped, mine in data_dirs.items():
            text = text.replace(shipped, mine)
        (here / "conf.d" / sample.name).write_text(text)
    make_certificate(here / "certificates", "status.example.com")
    make_certificate(here / "certificates", "app.example.com")
    temporary = " ".join(f"{name}_temp_path {here}/{name};" for name in TEMPORARY)
    user = "user www-data;" if os.geteuid() == 0 else ""
    (here / "nginx.conf").write_text(MAIN.format(user=user, here=here, temporary=temporary))


def make_certificate(directory: Path, name: str) -> None:
    """Make a key, and a certificate for this name that nobody else has signed."""
    (directory / name).mkdir(parents=True, exist_ok=True)
    files = ("-keyout", directory / name / "privkey.pem", "-out", directory / name / "fullchain.pem")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    command = ("openssl", "req", "-x509", *kind, "-subj", f"/CN={name}", *files)
    subprocess.run(command, check=True, capture_output=True)
