"""Requests over a connection that a server may break, and people who send forms over it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

from tests.people import PASSWORD, bearer
from tests.test_leaks import Visitor

Form = Mapping[str, str | list[str]]
NO_ANSWER = 0
KEYS = "/user/security/api-keys"


@dataclass(frozen=True)
class Answer:
    """What came back; status NO_ANSWER where the connection ended without an answer."""

    status: int
    text: str = ""
    headers: Message | None = None


class Connection:
    """A program's connection to one server: kept from one request to the next, or new for each."""

    def __init__(self, url: str, *, keep: bool = True) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.keep = keep

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def ask(self, method: str, path: str, headers: dict[str, str], form: Form | None = None) -> Answer:
        """Send one request; one that is never answered raises TimeoutError."""
        if form is not None:
            headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            self.connection.request(method, path, urlencode(form, doseq=True) if form else None, headers)
            with self.connection.getresponse() as response:
                answer = Answer(response.status, response.read().decode(), response.headers)
        except (ConnectionError, HTTPException):
            self.connection.close()  # it is opened again with the next request
            return Answer(NO_ANSWER)
        if not self.keep:
            self.connection.close()
        return answer

    def use(self, token: str) -> int:
        """The status that a token gets."""
        return self.ask("GET", "/api/v1/whoami", bearer(token)).status


@dataclass(frozen=True)
class SignedIn:
    """A browser's session, for as many threads and servers as there are."""

    cookie: str
    csrf_token: str

    @classmethod
    def at(cls, url: str, email: str) -> "SignedIn":
        visitor = Visitor(url)
        visitor.submit("/login", "/login", email=email, password=PASSWORD)
        found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.open("/user/security"))
        assert found
        return cls("; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies), found[1])

    def send(self, url: str, path: str, *, htmx: bool = True, **fields: str | list[str]) -> Answer:
        """Send a form, as a browser without an open connection."""
        headers = {"Cookie": self.cookie} | ({"HX-Request": "true"} if htmx else {})
        with Connection(url, keep=False) as connection:
            return connection.ask("POST", path, headers, {"csrf_token": self.csrf_token, **fields})

    def create(self, url: str, name: str = "CI", *, htmx: bool = True, **fields: str) -> Answer:
        return self.send(url, KEYS, htmx=htmx, name=name, **fields)

    def revoke(self, url: str, token: str, *, htmx: bool = True) -> Answer:
        return self.send(url, f"{KEYS}/{token[:12]}/revoke", htmx=htmx)
