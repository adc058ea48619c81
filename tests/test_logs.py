import json
import logging
import sys
from typing import Any

import pytest
from flask import Flask, g

from spk import logs
from spk.models.accounts import token as tokens
from spk.request_state import RequestState
from tests.people import Person, bearer

TOKEN = tokens.generate()
CUT = f"{TOKEN[:12]}…"


def line(message: str, *args: object, **fields: object) -> str:
    """What is logged; `fields` are what logging calls `extra`."""
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, message, args, None)
    vars(record).update(fields)
    return logs.Formatter().format(record)


def traceback() -> str:
    try:
        raise ValueError(f"cannot use {TOKEN}") from KeyError(TOKEN)
    except ValueError:
        return line("failed", exc_info=sys.exc_info())


@pytest.mark.parametrize(
    "logged",
    [
        pytest.param(line(f"refused {TOKEN}."), id="message"),
        pytest.param(line("refused %s.", TOKEN), id="argument"),
        pytest.param(line("refused %(token)s.", {"token": TOKEN}), id="named argument"),
        pytest.param(line("refused %r.", {"token": [TOKEN]}), id="nested argument"),
        pytest.param(line("refused", token=TOKEN), id="field"),
        pytest.param(line("refused", headers={"Authorization": [f"Bearer {TOKEN}"]}), id="nested field"),
        pytest.param(line("refused", **{TOKEN: 1}), id="name of a field"),
        pytest.param(line("refused %r", TOKEN.encode()), id="bytes"),
        pytest.param(line("refused", error=ValueError(TOKEN)), id="exception as a field"),
        pytest.param(line("refused", stack_info=f"Stack: {TOKEN}"), id="stack"),
        pytest.param(line(f"/x?a=1&access_token={TOKEN}&b=2"), id="query"),
        pytest.param(line(f'"{TOKEN}"\n{TOKEN}\té{TOKEN}'), id="beside escapes"),
        pytest.param(line(TOKEN + TOKEN), id="twice"),
        pytest.param(line(TOKEN[:-7]), id="cut off"),
        pytest.param(traceback(), id="traceback"),
    ],
)
def test_a_token_is_cut_to_its_prefix(logged: str) -> None:
    assert CUT in str(json.loads(logged))
    assert TOKEN[12:20] not in logged  # the start of the secret


def test_a_prefix_is_left_as_it_is() -> None:
    assert json.loads(line("revoked %s", TOKEN[:12]))["message"] == f"revoked {TOKEN[:12]}"


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    assert len(line("two\nlines\u2028\x85\x9b", agent="a\r\nb\x0b").splitlines()) == 1
    assert "\n" not in traceback()


def test_a_line_says_when_how_bad_where_and_what() -> None:
    found = json.loads(line("saved %d rows", 3, table="users"))
    assert found.pop("timestamp")
    assert found == {"level": "ERROR", "name": "test", "message": "saved 3 rows", "table": "users"}


@pytest.mark.parametrize("value", ["half a character: \ud83d", b"\xff", {b"\xff": 1.5}, object()], ids=type)
def test_whatever_is_in_a_line_it_is_written(value: object) -> None:
    assert json.loads(line(f"refused {TOKEN} %r", value, value=value))["message"].startswith(f"refused {CUT}")


def test_a_line_of_a_request_has_its_id(app: Flask) -> None:
    with app.test_request_context("/"):
        g.request_state = RequestState(id="0123")
        assert json.loads(line("within"))["request_id"] == "0123"


def test_a_line_of_no_request_has_no_id() -> None:
    assert "request_id" not in json.loads(line("at the start"))


def access(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """The access line of one request, and the id that its answer carries."""
    caplog.set_level(logging.INFO, "spk.access")
    response = app.test_client().get(path, headers=headers)
    record = next(record for record in caplog.records if record.name == "spk.access")
    return {**vars(record), "id": response.headers["X-Request-ID"]}


def test_a_request_is_logged_with_its_path_but_not_its_query(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    found = access(app, caplog, "/login?next=/user/security&password=hunter2")
    assert (found["method"], found["path"], found["status"]) == ("GET", "/login", 200)
    assert "hunter2" not in str(found)


def test_a_request_is_logged_with_where_it_came_from_and_how_long_it_took(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    found = access(app, caplog, "/healthz")
    assert found["address"] == "127.0.0.1"
    assert 0 < found["milliseconds"] < 10_000


def test_a_request_is_logged_with_its_route_and_the_prefix_of_its_key(
    app: Flask, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    key = ada.create_key()
    found = access(app, caplog, "/api/v1/pages/acme", bearer(key))
    assert (found["route"], found["key"]) == ("/api/v1/pages/<page>", key[:12])
    caplog.clear()
    found = access(app, caplog, "/nothing")
    assert (found["route"], found["key"]) == (None, None)


def test_two_requests_have_different_ids(app: Flask) -> None:
    client = app.test_client()
    assert len({client.get("/healthz").headers["X-Request-ID"] for _ in range(2)}) == 2
