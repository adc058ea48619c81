"""Fuzz the reader of the Authorization header and what makes and checks tokens.

atheris is no part of the development environment; in one of your own, where spk can be imported:
`pip install atheris`, then `python -m tests.fuzz.bearer -max_total_time=600`.
"""

import sys
from urllib.parse import parse_qsl

import atheris  # type: ignore[import-untyped]  # only there by hand

with atheris.instrument_imports(include=["spk", "werkzeug"]):
    from flask import Flask
    from werkzeug.test import create_environ

    from spk.api.bearer import QUERY_PARAMETERS, bearer_token
    from spk.api.problem import Problem
    from spk.models.accounts import token as codec
    from tests.fuzz.credentials import token_in

app = Flask(__name__)
REFUSALS = ((400, "invalid_request"), (401, "credentials_required"))
ENVIRON = create_environ()
FORMS = [
    "{text}",
    "Bearer {text}",
    "OAuth {text}",
    "Bearer {token}{text}",
    "{text} {token}",
    "Bearer {token}",
]
QUERIES = ["", "", "{text}", "access_token={text}", "x&api_key={text}", "%61pi_{text}"]


def one_input(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    form, query = provider.PickValueInList(FORMS), provider.PickValueInList(QUERIES)
    place, wrong = provider.ConsumeIntInRange(0, 49), chr(provider.ConsumeIntInRange(0, 255))
    raw = provider.ConsumeBytes(1000)
    text, token = raw.decode("latin-1"), _whole(raw[:40])  # latin-1: so a WSGI server hands headers over
    _check_codec(token, place, wrong)
    for each in (text, raw.decode(errors="replace")):
        codec.is_in(each), codec.is_prefix(each), codec.prefix(each)  # no error
        assert not codec.is_well_formed(each) or each == _whole(each[4:44].encode())
    _check_header(form.format(text=text, token=token), query.format(text=_printable(raw)))


def _printable(raw: bytes) -> str:
    """What gunicorn lets through in an address."""
    return "".join(chr(each) for each in raw if 0x20 < each < 0x7F)


def _whole(characters: bytes) -> str:
    """A token whose random part is made of these."""
    random = "".join(chr(each) if chr(each) in codec.ALPHABET else "0" for each in characters.ljust(40, b"0"))
    return f"spk_{random}{codec.checksum(random)}"


def _check_codec(token: str, place: int, wrong: str) -> None:
    assert codec.is_well_formed(token)
    assert codec.is_in(f"<{token}>")
    assert codec.is_prefix(codec.prefix(token))
    mistyped = token[:place] + wrong + token[place + 1 :]
    assert codec.is_well_formed(mistyped) is (mistyped == token)
    assert not codec.is_well_formed(token[:place] + token[place + 1 :])
    assert not codec.is_well_formed(token[:place] + wrong + token[place:])


def _check_header(header: str, query: str) -> None:
    environ = {**ENVIRON, "HTTP_AUTHORIZATION": header, "QUERY_STRING": query}
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True, max_num_fields=None)}
    expected = None if names & set(QUERY_PARAMETERS) else token_in(header)
    with app.request_context(environ):
        assert _found() == expected


def _found() -> str | None:
    try:
        return bearer_token()
    except Problem as refusal:
        if (refusal.code, refusal.error_code) not in REFUSALS:
            raise
        return None


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
