"""What one person has decided, and another undoes at the same moment or takes afterwards."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from spk.db import writing
from spk.models import BrowserSession, User
from tests.attack.connection import Connection, SignedIn
from tests.attack.servers import Installation, open_installation
from tests.people import PASSWORD, Person, password_hash

PAGE = "/user/security/password"


@pytest.fixture(scope="module")
def installation(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    place = tmp_path_factory.mktemp("undone")
    with open_installation(place, database, SPK_LOGIN_LIMIT="1000/minute") as installation:
        yield installation


@pytest.mark.parametrize("number", range(9))
def test_a_password_that_was_reset_stays_reset(installation: Installation, number: int) -> None:
    """A thief with the old password and a session goes on changing it to others while it is reset."""
    person = installation.person(f"victim{number}")
    thief, is_reset = SignedIn.at(installation.urls[0], person.email), Event()
    known = [PASSWORD]

    def change_on() -> None:
        while not is_reset.is_set():
            wanted = secrets.token_hex()
            fields = {"current_password": known[-1], "new_password": wanted}
            if thief.send(installation.urls[0], PAGE, htmx=False, **fields).status in (302, 303):
                known.append(wanted)

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(change_on) for _ in range(2)]
        reset = secrets.token_hex()
        new_hash = password_hash(reset)
        with installation.app.app_context(), writing(urgent=True):
            user = User.find(person.email)
            assert user
            user.set_password(new_hash)
            BrowserSession.end_all(user)
        is_reset.set()
        for each in running:
            each.result()
    with installation.app.app_context(), writing():
        user = User.find(person.email)
        assert user
        assert user.password_hash == new_hash


def test_nothing_that_is_given_up_goes_to_a_stranger(installation: Installation) -> None:
    """Neither the front page, nor the address of a page that was renamed or deleted."""
    owner, stranger = Person(installation.app, "ada@example.com"), installation.signed_in("stranger")
    owner.create_page("Acme")
    url, mine = installation.urls[0], SignedIn.at(installation.urls[0], owner.email)
    settings = {"name": "Acme", "slug": "new", "description": "", "time_zone": "UTC"}
    assert mine.send(url, "/user/pages/acme/settings", htmx=False, **settings).status == 303
    for name in ("Acme", "acme"):
        assert stranger.send(url, "/user/pages", htmx=False, name=name).status == 303
    with Connection(url) as connection:
        assert connection.ask("GET", "/p/acme", {}).status == 308
        assert mine.send(url, "/user/pages/new/delete", htmx=False).status == 303
        assert stranger.send(url, "/user/pages", htmx=False, name="New").status == 303
        assert [connection.ask("GET", path, {}).status for path in ("/p/acme", "/p/new", "/badge.svg")] == [
            404
        ] * 3
