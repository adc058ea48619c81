"""The canary: after all that can be done with tokens, none of them is found anywhere."""

import http.cookiejar
import re
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

from spk.models.accounts import token as codec
from tests.data_dirs import database_at_rest
from tests.people import PASSWORD, serve, token_in

ROOT = Path(__file__).parent.parent


class Visitor:
    """A browser of the standard library: cookies, forms, redirects."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self.cookies_seen = ""
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def open(
        self, path: str, data: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> str:
        body = None if data is None else urllib.parse.urlencode(data).encode()
        try:
            with self.opener.open(urllib.request.Request(self.url + path, body, headers or {})) as answer:
                text: str = answer.read().decode()
        except HTTPError as refusal:
            with refusal:
                text = refusal.read().decode()
        self.cookies_seen += " ".join(str(cookie.value) for cookie in self.cookies)
        return text

    def submit(self, page: str, path: str, **fields: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.open(page))
        assert found
        return self.open(path, {"csrf_token": found[1], **fields})


def use_everywhere(visitor: Visitor, token: str) -> None:
    """Send a token rightly, and in every wrong way somebody has tried."""
    bearer = {"Authorization": f"Bearer {token}"}
    visitor.open("/api/v1/whoami", headers=bearer)
    visitor.open("/api/v1/nothing", headers=bearer)
    visitor.open(f"/api/v1/whoami?access_token={token}")
    visitor.open(f"/api/v1/{token}", headers={"Referer": f"http://evil/{token}"})
    visitor.open(f"/{token}?next={token}", headers={"User-Agent": token})
    visitor.open("/api/v1/whoami", headers={"Authorization": f"Basic {token}"})
    visitor.submit("/user/security", "/user/security/api-keys", name=token, nonce=token)
    visitor.submit("/user/security", f"/user/security/api-keys/{token}/revoke")


def test_no_token_is_found_in_database_log_cookies_or_later_pages(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        visitor = Visitor(server.url)
        setup = re.search(r"Setup token: (\S+)", server.log())
        assert setup
        visitor.submit("/setup", "/setup", token=setup[1], email="ada@example.com", password=PASSWORD)
        tokens = [
            token_in(visitor.submit("/user/security", "/user/security/api-keys", name=f"key {number}"))
            for number in range(3)
        ]
        never_issued = codec.generate()
        for token in tokens[:2]:
            visitor.open("/api/v1/whoami", headers={"Authorization": f"Bearer {token}"})
        use_everywhere(visitor, never_issued)
        visitor.submit("/user/security", f"/user/security/api-keys/{tokens[0][:12]}/revoke")
        visitor.open("/api/v1/whoami", headers={"Authorization": f"Bearer {tokens[0]}"})
        later = "".join(
            visitor.open(path) for path in ("/user/security", "/user/plan", "/help/api-keys", "/")
        )
        files = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
        files["database in use"] = database_at_rest(server.environ)  # with its WAL
    files |= {"database at rest": database_at_rest(server.environ), "log": server.log().encode()}
    files |= {"cookies": visitor.cookies_seen.encode(), "later pages": later.encode()}
    assert len(tokens) == 3
    for token in tokens:
        for place in ("database in use", "database at rest"):  # the search does find what is there
            assert token[:12].encode() in files[place]
        for place, contents in files.items():
            assert token[12:].encode() not in contents, place
            assert PASSWORD.encode() not in contents, place
    assert never_issued[:12].encode() in files["log"]
    assert never_issued[12:].encode() not in files["log"]


def test_no_file_of_the_repository_holds_a_token() -> None:
    """Not even one that never worked: programs that look for lost secrets would report it."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in names.stdout.split("\0")[:-1]]
    assert Path(__file__) in files
    assert [path for path in files if path.exists() and tokens_in(path.read_bytes())] == []


def test_a_token_in_a_file_would_be_found() -> None:
    token = codec.generate()
    assert tokens_in(f"curl -H 'Authorization: Bearer {token}'".encode()) == [token]


def tokens_in(contents: bytes) -> list[str]:
    """Every token, with its checksum, wherever it stands."""
    looks_so = re.findall(rb"(?=(spk_[0-9A-Za-z]{46}))", contents)
    return [text for text in map(bytes.decode, looks_so) if codec.is_well_formed(text)]
