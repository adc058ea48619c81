"""What is told to somebody whose token arrives wrong: which of the usual mistakes it is."""

import pytest
from flask.testing import FlaskClient

from spk.models.accounts import token as codec
from tests.people import Person

MISTAKES = {
    "": "It is empty: is the variable set that should hold it?",
    "null": "It is empty: is the variable set that should hold it?",
    '"{token}"': "There are quotes around it. Send it without them.",
    "'{token}": "There are quotes around it. Send it without them.",
    "“{token}”": "There are quotes around it. Send it without them.",
    "{token}\r": "There is a line break in it, as files end with. Remove it.",
    "{token}\\n": "There is a line break in it, as files end with. Remove it.",
    "{token}%0A": "There is a line break in it, as files end with. Remove it.",
    "$SPK_TOKEN": "It is the name of a variable, which nothing has replaced by its value.",
    "${{ secrets.SPK_TOKEN }}": "It is the name of a variable, which nothing has replaced by its value.",
    "%SPK_TOKEN%": "It is the name of a variable, which nothing has replaced by its value.",
    "<token>": "It is the name of a variable, which nothing has replaced by its value.",
    "SPK_TOKEN": "It is the name of a variable. Its value belongs here.",
    "Bearer {token}": "“Bearer” is there once too often.",
    "Authorization: Bearer {token}": "The name of the header stands in its value, too.",
    "\u200b{token}": "There is a character in it that can’t be seen or isn’t ASCII. Copy it again.",
    "{token}\xa0": "There is a character in it that can’t be seen or isn’t ASCII. Copy it again.",
    "{token:.30} {token:.20}": "There is a space in it, as where it was broken across two lines.",
    "{token:.12}": "It is only the prefix of a key; the token was shown once. Without it, create a new key.",
    "{token:.12}…": "Most of it is hidden, as in logs and lists. Send all of it.",
    "{token:.4}****": "Most of it is hidden, as in logs and lists. Send all of it.",
    "spk%5f{token:.30}": "It is percent-encoded. Send it as it is.",
    "{token:.49}": "Copy all 50 characters of it.",
}


@pytest.fixture(params=MISTAKES)
def sent(request: pytest.FixtureRequest) -> str:
    """As a server hands it on: the bytes as Latin-1 (PEP 3333)."""
    text = str(request.param)
    text = text if "{{" in text else text.format(token=codec.generate())
    return text.encode().decode("latin-1")


@pytest.fixture
def mistake(request: pytest.FixtureRequest, sent: str) -> str:
    return MISTAKES[request.node.callspec.params["sent"]]


def told(client: FlaskClient, header: str, value: str) -> str:
    answer = client.get("/api/v1/whoami", environ_overrides={header: value})
    assert answer.status_code in (400, 401)
    detail = answer.json["detail"] if answer.json else ""
    assert isinstance(detail, str)
    return detail


def test_a_mistake_in_the_authorization_header_is_told(sent: str, mistake: str, client: FlaskClient) -> None:
    assert told(client, "HTTP_AUTHORIZATION", f"Bearer {sent}").endswith(mistake)


def test_a_mistake_in_x_api_key_is_told(sent: str, mistake: str, client: FlaskClient) -> None:
    assert told(client, "HTTP_X_API_KEY", sent).endswith(mistake)


@pytest.mark.parametrize("header", ["{token}", "Token {token}", "Basic {token}", "Key={token}"])
def test_a_missing_bearer_is_told(header: str, client: FlaskClient) -> None:
    told_ = told(client, "HTTP_AUTHORIZATION", header.format(token=codec.generate()))
    assert told_.endswith("The word before the token is “Bearer”.")


def test_what_stands_before_bearer_is_told(client: FlaskClient) -> None:
    header = f"Authorization: Bearer {codec.generate()}"
    assert told(client, "HTTP_AUTHORIZATION", header).endswith(
        "The name of the header stands in its value, too."
    )


def test_no_hint_repeats_what_was_sent(sent: str, client: FlaskClient) -> None:
    random = codec.generate()[4:]
    for name in ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY"):
        for value in (f"Bearer {sent}{random}", f"{sent}{random}"):
            assert random not in told(client, name, value)


def test_a_token_that_is_right_is_told_nothing(ada: Person, client: FlaskClient) -> None:
    token = ada.create_key()
    assert client.get("/api/v1/whoami", environ_overrides={"HTTP_X_API_KEY": token}).status_code == 200
