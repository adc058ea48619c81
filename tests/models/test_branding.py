"""Colours and logos of a page."""

import re
from base64 import b64decode
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from spk import ROOT
from spk.models.refusal import InvalidValue
from spk.models.status_pages.branding import (
    CONTRAST,
    DARK,
    LIGHT,
    LOGO_SIZE,
    clean_accent,
    clean_logo,
    clean_origins,
    clean_website,
    contrast,
    readable,
)


def picture(size: tuple[int, int] = (300, 100), kind: str = "PNG", exif: Image.Exif | None = None) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, kind, exif=exif or Image.Exif())
    return file.getvalue()


@given(st.integers(0, 0xFFFFFF))
def test_any_colour_is_made_one_that_can_be_read(number: int) -> None:
    for paper in (LIGHT, DARK):
        made = readable(f"#{number:06x}", paper)
        assert contrast(ImageColor.getrgb(made), ImageColor.getrgb(paper)) >= CONTRAST


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable("#17635c", LIGHT) == "#17635c"
    assert readable("#7fd0c5", DARK) == "#7fd0c5"


def test_black_on_white_has_the_most_contrast() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def test_it_is_read_on_what_pages_are_written_on() -> None:
    style = (ROOT / "static/style.css").read_text()
    papers = re.findall(r"--(?:paper|sheet): light-dark\((#\w+), (#\w+)\)", style)
    assert LIGHT in {light for light, _ in papers}
    assert DARK in {dark for _, dark in papers}


@pytest.mark.parametrize("wrong", ["", "red", "#123", "17635c", "#17635g", "#17635c;", "#17635c\n"])
def test_what_is_no_colour_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidValue, match="Use a colour like #17635c"):
        clean_accent(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            "javascript:alert(1)",
            "//example.com",
            "example.com",
            "https://",
            "https://a b",
            "ftp://example.com",
        ),
        *("https://user@example.com", "https://[::1", f"https://{'a' * 500}"),
    ],
)
def test_what_is_no_website_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidValue):
        clean_website(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *("*", "https://*.example.com", "example.com", "https://example.com/path", "'self'", "data:"),
        *("https://a.b; script-src *", "https://a.b\nX: y", "https://a.b https://c.d", "https://-a", ""),
    ],
)
def test_what_is_no_origin_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidValue):
        clean_origins([wrong])


def test_origins_are_kept_once_and_in_lower_case() -> None:
    assert clean_origins(["https://A.example/", "https://a.example", "http://b:8080"]) == [
        "https://a.example",
        "http://b:8080",
    ]
    with pytest.raises(InvalidValue, match="List 10"):
        clean_origins([f"https://{number}.example" for number in range(11)])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_fits(kind: str) -> None:
    logo = clean_logo(picture((3000, 1000), kind))
    with Image.open(BytesIO(b64decode(logo.data))) as drawn:
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGBA", (288, LOGO_SIZE[1]))
    assert re.fullmatch("[0-9a-f]{12}-288x96", logo.name)


def test_nothing_else_of_the_file_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET of the camera"
    file = picture(kind="JPEG", exif=exif) + b"SECRET behind it <script>"
    assert b"SECRET" in file
    assert b"SECRET" not in b64decode(clean_logo(file).data)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<svg/>",
        b"GIF89a",
        picture(kind="GIF"),
        picture()[:60],
        picture(kind="BMP"),
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["nothing", "SVG", "half a GIF", "GIF", "half a PNG", "BMP", "a signature"],
)
def test_what_is_no_picture_is_refused(file: bytes) -> None:
    with pytest.raises(InvalidValue, match="Use a PNG, JPEG or WebP picture"):
        clean_logo(file)


def test_a_picture_that_unpacks_to_very_much_is_refused_unread() -> None:
    bomb = picture((5_000, 5_000))
    assert len(bomb) < 200_000
    with pytest.raises(InvalidValue, match="4 million pixels"):
        clean_logo(bomb)
