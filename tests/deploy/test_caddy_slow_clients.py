"""Clients that take their time keep Caddy waiting, and not spk."""

import socket
from pathlib import Path

import pytest

from tests.deploy.caddy import PROGRAM, run_caddy


@pytest.mark.skipif(PROGRAM is None, reason="There is no Caddy here: run tests/install-services.sh.")
def test_half_a_body_stays_with_caddy_until_the_rest_has_come(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as spk:
        spk.settimeout(20)
        with run_caddy(tmp_path, f"127.0.0.1:{spk.getsockname()[1]}", 9) as caddy:
            site = caddy.client("status.example.com")
            with site.connect() as slow, site.connect() as other:
                slow.sendall(b"POST /slow HTTP/1.1\r\nHost: status.example.com\r\nContent-Length: 2\r\n\r\nx")
                other.sendall(b"GET /other HTTP/1.1\r\nHost: status.example.com\r\n\r\n")
                first = first_line(spk)
                slow.sendall(b"x")
                assert [first, first_line(spk)] == [b"GET /other HTTP/1.1", b"POST /slow HTTP/1.1"]


def first_line(server: socket.socket) -> bytes:
    """The first line that the next connection brings; it is answered with nothing."""
    with server.accept()[0] as connection:
        return connection.recv(65536).partition(b"\r\n")[0]
