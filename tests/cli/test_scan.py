import io
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text as sql

from spk.cli import main
from spk.db import db, reading, writing
from spk.models import Event
from spk.models.accounts import token
from spk.models.accounts.found_token import CHUNK, tokens_in
from tests.cli.output import Spk
from tests.people import Person, free_port

WRONG = [
    "spk_" + "a" * 45,
    "spk_" + "a" * 47,
    "spk-" + "a" * 46,
    "SPK_" + "a" * 46,
    "spk_" + "a" * 20 + "-" + "a" * 25,
]


def found(result: Result) -> list[list[str]]:
    """The rows of a scan that went well."""
    assert (result.exit_code, result.stderr) in ((0, ""), (1, ""))
    return [line.split("\t") for line in result.stdout.splitlines()]


def failed(result: Result) -> str:
    """The last line of what a scan that isn’t one says."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    return result.stderr.splitlines()[-1].removeprefix("Error: ")


def same_prefix(text: str) -> str:
    """Another token with the same prefix."""
    body = text[4:12] + token.generate()[12:44]
    return f"spk_{body}{token.checksum(body)}"


def test_a_token_that_works_is_found_with_its_owner_name_and_place(
    spk: Spk, ada: Person, tmp_path: Path
) -> None:
    text = ada.create_key("GitHub Actions deploy")
    file = tmp_path / "app.env"
    file.write_text(f"DEBUG=1\n\nSPK_TOKEN={text}\n")
    result = spk("scan", str(file))
    assert found(result) == [
        [text[:12], "works", "ada@example.com", "GitHub Actions deploy", f"{file}:3"],
    ]
    assert result.exit_code == 1


def test_tokens_that_have_ended_are_told_apart_and_fail_no_build(spk: Spk, ada: Person, eve: Person) -> None:
    ended = [ada.create_key("revoked"), ada.create_key("expired"), eve.create_key("disabled")]
    ada.revoke(ended[0])
    ada.age(ended[1], expires_at=timedelta(seconds=1))
    eve.disable()
    result = spk("scan", "-", typed="\n".join(ended))
    assert found(result) == [
        [ended[0][:12], "revoked", "ada@example.com", "revoked", "-:1"],
        [ended[1][:12], "expired", "ada@example.com", "expired", "-:2"],
        [ended[2][:12], "disabled", "eve@example.com", "disabled", "-:3"],
    ]
    assert result.exit_code == 0


def test_a_token_that_a_plan_has_paused_counts_as_working(spk: Spk, ada: Person) -> None:
    text = ada.create_key()
    ada.set_plan("free")
    result = spk("scan", "-", typed=text)
    assert (found(result)[0][1], result.exit_code) == ("paused", 1)


def test_a_token_of_no_key_here_is_unknown(spk: Spk) -> None:
    text = token.generate()
    result = spk("scan", "-", typed=text)
    assert (found(result), result.exit_code) == ([[text[:12], "unknown", "-", "-", "-:1"]], 0)


def test_what_only_looks_like_a_token_is_not_found(spk: Spk, ada: Person) -> None:
    text = ada.create_key()
    mistyped = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    assert found(spk("scan", "-", typed="\n".join([*WRONG, text[:-1], mistyped]))) == []


def test_a_token_is_found_whatever_is_around_it(spk: Spk, ada: Person) -> None:
    """After %20, or before the next column in a file of SQLite: the checksum is enough."""
    tokens = [ada.create_key() for _ in range(4)]
    text = (
        rf"\n{tokens[0]}\n%20{tokens[1]}CI_{tokens[2]}".encode() + b"\xff\x00spk_aaspk_" + tokens[3].encode()
    )
    assert [row[0] for row in found(spk("scan", "-", typed=text))] == [text[:12] for text in tokens]


def test_a_token_that_begins_in_what_looks_like_one_is_found() -> None:
    text = token.generate()
    assert list(tokens_in(io.BytesIO(f"spk_{'a' * 43}{text}".encode()))) == [(text, 1)]


@pytest.mark.parametrize("before", [1, 4, 25, 49, 50])
def test_a_token_across_two_reads_is_found_once_with_its_line(before: int) -> None:
    text = token.generate().encode()
    padding = b"\n" * (CHUNK - before)
    stream = io.BytesIO(padding + text + b"\n" + text)
    assert list(tokens_in(stream)) == [(text.decode(), len(padding) + 1), (text.decode(), len(padding) + 2)]


def test_a_stream_of_any_length_takes_little_memory() -> None:
    class Endless(io.BytesIO):
        left = 40

        def read(self, size: int | None = -1, /) -> bytes:
            self.left -= 1
            return b"spk_" * ((size or 0) // 4) if self.left else b""

    tracemalloc.start()
    try:
        assert list(tokens_in(Endless())) == []
        assert tracemalloc.get_traced_memory()[1] < 5 * CHUNK
    finally:
        tracemalloc.stop()


def test_a_token_is_listed_once_with_its_first_place(spk: Spk, ada: Person, tmp_path: Path) -> None:
    text = ada.create_key()
    for name in ("b", "a"):
        (tmp_path / name).write_text(f"\n{text}\n{text}\n")
    assert [row[4] for row in found(spk("scan", str(tmp_path)))] == [f"{tmp_path}/a:2"]


def test_a_directory_is_searched_in_order_but_for_links_devices_and_git_objects(
    spk: Spk, tmp_path: Path
) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    names = ("z", "a/b/c", ".git/config", ".git/objects/aa", "objects/aa")
    for path in (outside / "x", *(inside / name for name in names)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(token.generate())
    (inside / "file").symlink_to(outside / "x")
    (inside / "directory").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    os.mkfifo(inside / "pipe")
    places = [row[4] for row in found(spk("scan", str(inside)))]
    assert places == [f"{inside}/{name}:1" for name in ("z", ".git/config", "a/b/c", "objects/aa")]


def test_a_token_that_was_taken_out_again_is_found_in_the_history(
    spk: Spk, ada: Person, tmp_path: Path
) -> None:
    text = ada.create_key()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for contents in (text, "none"):
        (tmp_path / "app.env").write_text(contents)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--no-gpg-sign", "-m", "Change"], check=True)
    history = subprocess.run([*git, "log", "-p", "--all"], check=True, capture_output=True).stdout
    assert found(spk("scan", str(tmp_path))) == []
    assert [row[:2] for row in found(spk("scan", "-", typed=history))] == [[text[:12], "works"]]


def test_what_can_not_be_read_is_a_warning_and_the_rest_is_searched(spk: Spk, tmp_path: Path) -> None:
    text = token.generate()
    (tmp_path / "app.env").write_text(text)
    result = spk("scan", "/proc/self/mem", str(tmp_path))
    assert result.stdout == f"{text[:12]}\tunknown\t-\t-\t{tmp_path}/app.env:1\n"
    assert (result.stderr, result.exit_code) == ("Warning: /proc/self/mem: Input/output error.\n", 0)


def test_neither_results_nor_errors_hold_a_whole_token(spk: Spk, ada: Person, tmp_path: Path) -> None:
    text = ada.create_key()
    (tmp_path / text).write_text(text)
    results = [spk("scan", str(tmp_path)), spk("scan", text), spk("scan", "-", "--revoke", typed=text)]
    assert [result.exit_code for result in results] == [1, 2, 1]
    assert f"{tmp_path}/{text[:12]}…:1\n" in results[0].stdout
    assert [result for result in results if text[12:] in result.output] == []


def test_the_name_of_a_file_makes_no_line_of_its_own(spk: Spk, tmp_path: Path) -> None:
    name = os.fsdecode(b"a\nb\t\x1b[31m\xff")
    (tmp_path / name).write_text(token.generate())
    assert [row[4] for row in found(spk("scan", str(tmp_path)))] == [f"{tmp_path}/a�b��[31m�:1"]


def test_a_token_that_was_in_the_open_is_revoked_and_still_fails_the_build(
    spk: Spk, app: Flask, ada: Person
) -> None:
    text = ada.create_key()
    results = [spk("scan", "-", "--revoke", typed=text) for _ in range(2)]
    assert [found(result)[0][1] for result in results] == ["revoked now", "revoked"]
    assert [result.exit_code for result in results] == [1, 0]
    assert ada.key(text).status == "Revoked"
    with app.app_context(), reading():
        last = list(Event.all())[-1]
        assert (last.action, last.subject, last.door) == ("api_key:revoke", text[:12], "command")


def test_a_token_without_revoke_is_left_alone(spk: Spk, ada: Person) -> None:
    text = ada.create_key()
    spk("scan", "-", typed=text)
    assert ada.key(text).status == "Active"


def test_a_key_that_an_account_or_a_plan_suspends_is_revoked_too(spk: Spk, ada: Person, eve: Person) -> None:
    tokens = [ada.create_key(), eve.create_key()]
    ada.set_plan("free")
    eve.disable()
    rows = found(spk("scan", "-", "--revoke", typed=" ".join(tokens)))
    assert [row[1] for row in rows] == ["revoked now", "revoked now"]


def test_another_token_with_the_same_prefix_ends_nothing(spk: Spk, ada: Person) -> None:
    text = ada.create_key()
    result = spk("scan", "-", "--revoke", typed=same_prefix(text))
    assert (found(result), result.exit_code) == ([[text[:12], "unknown", "-", "-", "-:1"]], 0)
    assert ada.key(text).status == "Active"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "Name files or directories, or “-” for standard input."),
        ("- nowhere", "nowhere doesn’t exist or can’t be read."),
        ("- --rules ggshield", "Invalid value for '--rules': 'ggshield' is not one of "),
        ("- --report http://status.example.com", "Invalid value for '--report': write the address"),
        ("- --report http://localhost.example.com", "Invalid value for '--report': write the address"),
        ("- --report http://localhost@example.com", "Invalid value for '--report': write the address"),
        ("- --report https://example.com/?a=b", "Invalid value for '--report': write the address"),
        ("- --report file:///etc", "Invalid value for '--report': write the address"),
    ],
)
def test_wrong_use_has_a_status_of_its_own_and_searches_nothing(
    spk: Spk, ada: Person, words: str, why: str
) -> None:
    result = spk("scan", *words.split(), typed=ada.create_key())
    assert failed(result).startswith(why)
    assert result.stdout == ""


def test_settings_that_do_not_fit_are_no_result(spk: Spk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPK_WORKERS", "many")
    assert failed(spk("scan", "-")) == "SPK_WORKERS must be a whole number, 1 or more, not many."


@pytest.mark.only_sqlite("its file is broken")
def test_a_database_that_can_not_be_used_is_no_result(spk: Spk, environ: dict[str, str]) -> None:
    Path(environ["SPK_DATA_DIR"], "spk.db").write_bytes(b"nonsense" * 1000)
    result = spk("scan", "-", typed=token.generate())
    assert failed(result).startswith("The database can’t be used")


def test_a_table_that_an_upgrade_will_make_is_no_result(spk: Spk, app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(sql("ALTER TABLE api_keys RENAME COLUMN expires_at TO gone"))
        db.session.execute(sql("UPDATE alembic_version SET version_num = '0001'"))
    assert failed(spk("scan", "-", typed=token.generate())).startswith("The database can’t be used")


def test_a_place_where_spk_init_has_not_run_is_no_result(spk: Spk, new_data_dir: Path) -> None:
    assert "`spk init`" in failed(spk("scan", "-", typed=token.generate()))


def test_standard_input_that_can_not_be_read_is_no_result(environ: dict[str, str]) -> None:
    command = [str(Path(sys.executable).with_name("spk")), "scan", "-"]
    with Path("/proc/self/mem").open("rb") as unreadable:
        done = subprocess.run(
            command, env=os.environ | environ, stdin=unreadable, capture_output=True, check=False, timeout=60
        )
    assert (done.returncode, done.stderr) == (2, b"Error: [Errno 5] Input/output error\n")


class OtherSpk(HTTPServer):
    """What another spk is told, and what it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reports)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status = 202
        self.told: list[list[str]] = []


class Reports(BaseHTTPRequestHandler):
    server: OtherSpk

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.path, list(body)) == ("/status/api/v1/credentials/revoke", ["credentials"])
        self.server.told.append(body["credentials"])
        self.send_response(self.server.status, body["credentials"][0])
        self.send_header("Location", "/status/api/v1/credentials/revoke")
        self.end_headers()

    do_GET = do_POST  # noqa: N815  # the name in http.server

    def log_message(self, *_words: object) -> None: ...


@contextmanager
def running(server: OtherSpk) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def other() -> Iterator[OtherSpk]:
    with OtherSpk() as server, running(server):
        yield server


def test_another_spk_is_told_of_all_tokens(spk: Spk, ada: Person, other: OtherSpk) -> None:
    tokens = [ada.create_key(), token.generate()]
    result = spk("scan", "-", "--report", f"{other.url}/status/", typed="\n".join([*tokens, tokens[0]]))
    assert other.told == [tokens]
    assert (result.exit_code, result.stderr) == (1, f"{other.url}/status was told of 2 tokens.\n")


def test_a_report_has_a_thousand_tokens_at_most(spk: Spk, other: OtherSpk) -> None:
    tokens = [token.generate() for _ in range(1_001)]
    assert spk("scan", "-", "--report", f"{other.url}/status", typed=" ".join(tokens)).exit_code == 0
    assert other.told == [tokens[:1_000], tokens[1_000:]]


def test_nobody_is_told_of_nothing(spk: Spk, other: OtherSpk) -> None:
    result = spk("scan", "-", "--report", f"{other.url}/status", typed="nothing")
    assert (result.exit_code, result.output, other.told) == (0, "", [])


@pytest.mark.parametrize("status", [200, 302, 307, 308, 404, 429, 500])
def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(
    spk: Spk, other: OtherSpk, status: int
) -> None:
    other.status = status
    text = token.generate()
    result = spk("scan", "-", "--report", f"{other.url}/status", typed=text)
    assert failed(result) == (f"{other.url}/status answers {status}, not 202: it may know nothing of them.")
    assert result.stdout.startswith(text[:12])
    assert other.told == [[text]]


def test_a_report_that_reaches_nobody_is_a_failure(spk: Spk, ada: Person) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = spk("scan", "-", "--report", url, typed=ada.create_key())
    assert failed(result).startswith(f"{url} can’t be told: ")


def test_no_proxy_sees_a_report(spk: Spk, other: OtherSpk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert spk("scan", "-", "--report", f"{other.url}/status", typed=token.generate()).exit_code == 0


def rule(tool: str) -> str:
    """What is printed where neither settings nor a database are right."""
    result = CliRunner().invoke(main, ["scan", "--rules", tool], env={"SPK_WORKERS": "many"}, prog_name="spk")
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_the_rules_for_gitleaks_are_toml_that_finds_tokens() -> None:
    (found,) = tomllib.loads(rule("gitleaks"))["rules"]
    assert sorted(found) == ["description", "id", "keywords", "regex"]
    assert found["keywords"] == ["spk_"]
    assert_finds_tokens(found["regex"])


def test_the_rules_for_trufflehog_are_yaml_that_finds_tokens() -> None:
    (found,) = yaml.safe_load(rule("trufflehog"))["detectors"]
    assert sorted(found) == ["keywords", "name", "regex"]
    assert found["keywords"] == ["spk_"]
    assert_finds_tokens(found["regex"]["token"])


def test_the_rules_for_github_find_tokens_and_their_own_test_string() -> None:
    fields = dict(line.split(": ", 1) for line in rule("github").splitlines())
    after = fields["After secret"].replace(r"\z", r"\Z")
    pattern = f"(?:{fields['Before secret']})({fields['Secret format']})(?:{after})"
    assert_finds_tokens(pattern)
    assert re.search(pattern, fields["Test string"])
    assert not token.is_well_formed(fields["Test string"])


def assert_finds_tokens(pattern: str) -> None:
    text = token.generate()
    assert re.findall(pattern, f'Bearer {text}", "{text}\n\n{text}') == [text] * 3
    assert [wrong for wrong in WRONG if re.search(pattern, wrong)] == []


def test_detect_secrets_finds_a_token_with_the_rules_for_it(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(rule("detect-secrets"))
    text = token.generate()
    (tmp_path / "with.txt").write_text(f"first\ncurl -H 'Authorization: Bearer {text}'\n")
    (tmp_path / "without.txt").write_text("\n".join(WRONG))
    command = [str(Path(sys.executable).with_name("detect-secrets")), "scan", "--no-verify", "--all-files"]
    done = subprocess.run(
        [*command, "-p", "plugin.py", "with.txt", "without.txt"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    )
    ours = [
        (each["filename"], each["line_number"])
        for in_file in json.loads(done.stdout)["results"].values()
        for each in in_file
        if each["type"] == "spk API key"
    ]
    assert ours == [("with.txt", 2)]
