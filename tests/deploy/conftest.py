from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.deploy.nginx import MISSING, Nginx, place, run_nginx
from tests.deploy.program import Program, run_program
from tests.deploy.tls_client import Client
from tests.people import LiveServer, Person, make_operator, serve

PLANS = """
[free]
[pro]
features = ["api_access", "status_pages"]
active_keys = 1000
status_pages = 9
[slow]
features = ["api_access"]
active_keys = 1000
requests_per_minute = 1
"""
BEHIND_A_PROXY = {"SPK_BASE_URL": "https://status.example.com", "SPK_TRUSTED_PROXIES": "1"}


@dataclass(frozen=True)
class Stack:
    """spk on a unix socket, a program to protect, and nginx in front of both."""

    spk: LiveServer
    owner: Person
    socket: str
    program: Program
    nginx: Nginx
    site: Client
    app: Client


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    if MISSING:
        pytest.skip(f"There is no {' and no '.join(MISSING)} here: run tests/install-services.sh.")
    with place() as here, run_program() as program:
        (here / "plans.toml").write_text(PLANS)
        socket = f"unix:{here}/spk.sock"
        settings = {"SPK_BIND": socket, "SPK_PLANS_FILE": str(here / "plans.toml")}
        with (
            serve(here, **BEHIND_A_PROXY, **settings) as spk,
            run_nginx(here, socket, program.port) as nginx,
        ):
            clients = (nginx.client("status.example.com"), nginx.client("app.example.com"))
            yield Stack(spk, make_operator(spk), socket, program, nginx, *clients)


@pytest.fixture
def owner(stack: Stack) -> Iterator[Person]:
    """Whose keys open the gate."""
    yield stack.owner
    stack.owner.set_plan("pro")
