"""How a page shows whose it is."""

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.models.test_branding import picture
from tests.people import Api, Person
from tests.web.page_text import errors, messages

SETTINGS = {"name": "Acme", "slug": "acme", "time_zone": "UTC"}


@pytest.fixture
def acme(ada: Person) -> Api:
    return ada.page_api("Acme", "Web")


def save(ada: Person, logo: bytes | None = None, **fields: str) -> str:
    """Save the settings, and return the words that come back."""
    browser = ada.browser()
    token = re.findall('name="csrf_token" value="([^"]+)"', browser.get("/user/plan").text)[0]
    data: dict[str, object] = {**SETTINGS, **fields, "csrf_token": token}
    if logo is not None:
        data["logo_file"] = (BytesIO(logo), "logo.png")
    answer = browser.client.post(
        "/user/pages/acme/settings", data=data, content_type="multipart/form-data", follow_redirects=True
    )
    found = errors(answer) or {"": messages(answer)[0]}
    return next(iter(found.values()))


def logo_of(client: FlaskClient) -> str:
    found = re.search(
        '<img src="([^"]+)" alt="Acme" width="([0-9]+)" height="([0-9]+)"', client.get("/p/acme").text
    )
    assert found
    return found[1]


def test_a_logo_stands_for_the_name(acme: Api, ada: Person, client: FlaskClient) -> None:
    assert save(ada, picture((600, 192))) == "The settings are saved."
    answer = client.get(logo_of(client))
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    with Image.open(BytesIO(answer.data)) as drawn:
        assert drawn.size == (300, 96)
    assert 'alt="Acme" width="150" height="48"' in client.get("/p/acme").text


def test_a_logo_stays_until_it_is_removed(acme: Api, ada: Person, client: FlaskClient) -> None:
    save(ada, picture())
    save(ada)
    logo_of(client)
    save(ada, remove_logo="y")
    assert client.get("/p/acme/logo.png").status_code == 404
    assert "<img" not in client.get("/p/acme").text.partition("<main")[0]


def test_another_logo_has_another_address(acme: Api, ada: Person, client: FlaskClient) -> None:
    save(ada, picture())
    first = logo_of(client)
    save(ada, picture((200, 100)))
    assert logo_of(client) != first


def test_what_is_no_picture_is_refused_and_nothing_is_saved(acme: Api, ada: Person) -> None:
    before = acme.get()
    assert save(ada, b"<svg onload=alert(1)>", name="Other") == "Use a PNG, JPEG or WebP picture."
    assert acme.get() == before


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("website", "javascript:alert(1)", "Use an address that begins with https:// or http://."),
        ("accent", "red", "Use a colour like #17635c."),
        (
            "frame_origins",
            "https://a.example;",
            "“https://a.example;” isn’t an origin like https://example.com.",
        ),
    ],
)
def test_what_does_not_fit_is_named(field: str, value: str, words: str, acme: Api, ada: Person) -> None:
    assert save(ada, **{field: value}) == words  # type: ignore[arg-type]  # a field, and no logo
    sent = {field: [value] if field == "frame_origins" else value}
    assert acme.patch("", 422, **sent)["fields"] == {field: [words]}


def test_what_is_set_by_hand_is_read_by_scripts(acme: Api, ada: Person) -> None:
    fields = {"website": "https://www.example.com/", "accent": "#C9B3FF", "hidden_from_search": "y"}
    save(ada, frame_origins="https://a.example\nhttps://b.example", **fields)  # type: ignore[arg-type]  # as above
    page = acme.get()
    assert (page["website"], page["accent"]) == ("https://www.example.com/", "#c9b3ff")
    assert (page["frame_origins"], page["hidden_from_search"]) == (
        ["https://a.example", "https://b.example"],
        True,
    )
    save(ada)
    page = acme.get()
    assert [page[name] for name in ("website", "accent", "frame_origins")] == [None, None, []]
    assert page["hidden_from_search"] is False


def test_the_page_links_back_to_the_website(acme: Api, client: FlaskClient) -> None:
    acme.patch(website='https://www.example.com/?a="b"')
    for path in ("/p/acme", "/p/acme/history"):
        assert '<a href="https://www.example.com/?a=&#34;b&#34;">example.com</a>' in client.get(path).text


def test_the_colour_is_one_that_can_be_read(acme: Api, client: FlaskClient) -> None:
    assert "accent.css" not in client.get("/p/acme").text
    assert client.get("/p/acme/accent.css").status_code == 404
    acme.patch(accent="#c9b3ff")
    assert '<link rel="stylesheet" href="/p/acme/accent.css?of=%23c9b3ff">' in client.get("/p/acme").text
    style = client.get("/p/acme/accent.css")
    assert style.mimetype == "text/css"
    light, dark = re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", style.text)[0]
    assert dark == "#c9b3ff"
    assert light != "#c9b3ff"


def test_no_website_may_frame_a_page_unless_it_is_named(acme: Api, client: FlaskClient) -> None:
    answer = client.get("/p/acme")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    acme.patch(frame_origins=["https://a.example", "https://b.example"])
    for path in ("/p/acme", "/p/acme/history", "/"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors https://a.example https://b.example;" in policy
        assert "X-Frame-Options" not in answer.headers


def test_what_is_a_persons_own_is_never_framed(acme: Api, ada: Person) -> None:
    acme.patch(frame_origins=["https://a.example"])
    for path in ("/user/pages/acme", "/user/security", "/login"):
        answer = ada.browser().get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_page_can_hide_from_search_engines(acme: Api, client: FlaskClient) -> None:
    tag = '<meta name="robots" content="noindex">'
    assert tag not in client.get("/p/acme").text
    acme.patch(hidden_from_search=True)
    for path in ("/p/acme", "/p/acme/history", "/p/acme/components/web", "/p/acme/subscribe"):
        assert tag in client.get(path).text


@pytest.mark.parametrize("name", ["Acme", "W" * 120, "東京", "<b>"])
def test_a_link_is_previewed_with_the_state(name: str, acme: Api, client: FlaskClient) -> None:
    acme.patch(name=name)
    acme.patch("/components/web", status="major_outage")
    page = client.get("/p/acme").text
    found = re.search('<meta property="og:image" content="http://127.0.0.1:8000([^"]+)">', page)
    assert found
    assert found[1] == "/p/acme/card.png?state=critical"
    answer = client.get(found[1])
    with Image.open(BytesIO(answer.data)) as card:
        assert (card.format, card.size) == ("PNG", (1200, 630))
        assert card.getpixel((5, 5)) == (0xB0, 0x24, 0x18)
    assert len(answer.data) < 50_000
