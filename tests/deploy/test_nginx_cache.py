"""What nginx keeps of spk: public pages for a second, and while spk is away; nothing else."""

import gzip
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from spk.db import now
from tests.deploy.conftest import BEHIND_A_PROXY
from tests.deploy.nginx import MISSING, place, run_nginx
from tests.deploy.tls_client import Answer, Client
from tests.people import Api, LiveServer, Person, make_operator, serve
from tests.postgres import Postgres

PUBLIC = ["/", "/p/acme", "/p/acme/history", "/p/acme/history.atom", "/p/acme/badge.svg", "/badge.svg"]
JSON = ["/api/v2/summary.json", "/p/acme/api/v2/status.json"]
NOT_PUBLIC = ["/login", "/user/security", "/user/pages", "/api/v1/whoami", "/healthz", "/api/docs", "/setup"]
KEPT_FOR = 2.1  # s: nginx counts whole ones


@dataclass(frozen=True)
class Kept:
    """spk behind an nginx that keeps pages, and what lies in its cache."""

    spk: LiveServer
    owner: Person
    acme: Api
    site: Client
    cache: Path

    def keys(self) -> set[str]:
        files = [file.read_bytes() for file in self.cache.rglob("*") if file.is_file()]
        return {key.decode().split(" ")[0] for file in files for key in re.findall(rb"\nKEY: (.*)\n", file)}


@contextmanager
def keep(**settings: str) -> Iterator[Kept]:
    if MISSING:
        pytest.skip(f"There is no {' and no '.join(MISSING)} here: run tests/install-services.sh.")
    with place() as here:
        socket = f"unix:{here}/spk.sock"
        with (
            serve(here, SPK_BIND=socket, **BEHIND_A_PROXY, **settings) as spk,
            run_nginx(here, socket) as nginx,
        ):
            owner = make_operator(spk)
            acme = owner.page_api("Acme", "Web")
            yield Kept(spk, owner, acme, nginx.client("status.example.com"), here / "cache")


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    with keep() as kept:
        yield kept


def asked(kept: Kept, path: str) -> int:
    """How often spk was asked for this."""
    return len(re.findall(f'"path":"{path}"', kept.spk.log()))


def ask_later(kept: Kept, path: str) -> Answer:
    """Ask once the second is over for which nginx keeps what it has; meanwhile something else."""
    until = time.monotonic() + KEPT_FOR
    while time.monotonic() < until:
        kept.site.get("/healthz")
    return kept.site.get(path)


def test_many_who_come_at_once_are_one_for_spk(kept: Kept) -> None:
    before = asked(kept, "/p/acme")
    answers = [kept.site.get("/p/acme") for _ in range(20)]
    assert {answer.status for answer in answers} == {200}
    assert asked(kept, "/p/acme") - before < 20


@pytest.mark.parametrize("path", [PUBLIC[1], *JSON])
def test_a_change_is_shown_once_the_second_is_over(path: str, kept: Kept) -> None:
    assert kept.site.get(path).status == 200
    kept.acme.patch("", name=f"Seen at {path}")
    assert f"Seen at {path}".encode() in ask_later(kept, path).body


def test_while_spk_or_its_database_is_gone_the_last_page_is_shown_with_its_time(postgres: Postgres) -> None:
    with keep(SPK_DATABASE_URL=postgres.new_database()) as kept:
        before = {path: kept.site.get(path) for path in (*PUBLIC, *JSON)}
        gone = kept.owner.page_api("Gone")
        assert kept.site.get("/p/gone").status == 200
        gone.delete("")
        assert ask_later(kept, "/p/gone").status == 404
        postgres.stop()
        is_the_same(kept, before)
        assert kept.site.get("/p/acme/subscribe").status == 503  # nobody has read it before
        kept.spk.process.terminate()
        assert kept.spk.process.wait(timeout=20) == 0
        is_the_same(kept, before)
        assert kept.site.get("/p/acme/subscribe").status == 503
        assert kept.site.get("/user/security").status == 503
        assert kept.site.get("/p/gone").status == 404  # it doesn't come back
    postgres.start()  # for whoever stops it
    assert b"As of " in before["/p/acme"].body


def is_the_same(kept: Kept, before: dict[str, Answer]) -> None:
    for path, answer in before.items():
        later = kept.site.get(path)
        assert (later.status, later.body) == (200, answer.body), path
        assert parsedate_to_datetime(later.headers["Date"]) <= now()


def test_nothing_but_what_is_public_is_kept(kept: Kept) -> None:
    cookie = ("Cookie", f"__Host-spk={kept.owner.session_cookie()}")
    token = ("Authorization", f"Bearer {kept.owner.create_key()}")
    for path in (*PUBLIC, *JSON, *NOT_PUBLIC):
        for headers in ([cookie], [token], []):
            kept.site.get(path, *headers)
    assert kept.site.get("/api/v1/whoami", token).status == 200
    assert kept.site.get("/user/security", cookie).status == 200
    assert {*PUBLIC, *JSON} <= kept.keys()
    assert not kept.keys() & set(NOT_PUBLIC)


def test_the_owner_s_bar_is_neither_kept_nor_missing(kept: Kept) -> None:
    cookie = ("Cookie", f"a=b; __Host-spk={kept.owner.session_cookie()}")
    for _turn in range(3):
        assert b"This page is yours." in kept.site.get("/p/acme", cookie).body
        assert b"This page is yours." not in kept.site.get("/p/acme").body


def test_each_gets_the_form_that_they_take(kept: Kept) -> None:
    for _turn in range(2):
        whole = kept.site.get("/p/acme")
        small = kept.site.get("/p/acme", ("Accept-Encoding", "br, gzip"))
        part = kept.site.get("/p/acme", ("HX-Request", "true"))
        assert (small.headers["Content-Encoding"], gzip.decompress(small.body)) == ("gzip", whole.body)
        refused = kept.site.get("/p/acme", ("Accept-Encoding", "br, gzip;q=0"))
        empty = kept.site.get("/p/acme", ("HX-Request", ""))
        assert (refused.body, empty.body) == (whole.body, whole.body)
        assert (b"<html" in whole.body, b"<html" in part.body) == (True, False)
        assert kept.site.get("/p/acme", ("If-None-Match", whole.headers["ETag"])).status == 304
