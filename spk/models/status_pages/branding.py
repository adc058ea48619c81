"""How a page shows whose it is: its colour, its logo, its website, and where it may be framed."""

import hashlib
import re
from base64 import b64encode
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit

from PIL import Image, ImageColor, ImageOps

from spk.models.refusal import InvalidValue

WEBSITE_LENGTH = 500  # characters
MOST_ORIGINS = 10
LOGO_FORMATS = ("PNG", "JPEG", "WEBP")
LOGO_PIXELS = 4_000_000  # of a file; as many as 16 MB when it is unpacked
LOGO_SIZE = (480, 96)  # px, at most: twice as it is shown
CONTRAST = 4.5  # of text on its background (WCAG 2.2, 1.4.3)
DIM = 0.04045  # below it sRGB is linear
LIGHT, DARK = "#faf9f6", "#1a1d21"  # the darker and the lighter of paper and sheet in style.css
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
Rgb = tuple[int, ...]


class Logo(NamedTuple):
    """A picture as PNG in base64, and its name: what it depends on, and its size."""

    data: str
    name: str


def clean_website(text: str) -> str:
    """The same address; raises InvalidValue unless it is one of the web."""
    text = text.strip()
    if len(text) > WEBSITE_LENGTH:
        raise InvalidValue(f"Use {WEBSITE_LENGTH} characters or fewer.")
    try:
        url = urlsplit(text)
        is_web = url.scheme in ("http", "https") and url.hostname and not url.username
    except ValueError:
        is_web = False
    if not is_web or not text.isprintable() or " " in text:
        raise InvalidValue("Use an address that begins with https:// or http://.")
    return text


def clean_accent(text: str) -> str:
    """The colour in lower case; raises InvalidValue unless it is like #17635c."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise InvalidValue("Use a colour like #17635c.")
    return text.lower()


def clean_origins(given: list[str]) -> list[str]:
    """Each once, in lower case; raises InvalidValue naming what is no origin (RFC 6454, 4)."""
    origins = list(dict.fromkeys(each.strip().lower().rstrip("/") for each in given))
    if len(origins) > MOST_ORIGINS:
        raise InvalidValue(f"List {MOST_ORIGINS} addresses or fewer.")
    for origin in origins:
        if len(origin) > WEBSITE_LENGTH or not _ORIGIN.fullmatch(origin):
            raise InvalidValue(f"“{origin[:60]}” isn’t an origin like https://example.com.")
    return origins


def clean_logo(file: bytes) -> Logo:
    """The picture drawn anew, so that nothing else of the file is kept; raises InvalidValue.

    It may take a tenth of a second, so call it before a lock.
    """
    try:
        with Image.open(BytesIO(file), formats=LOGO_FORMATS) as image:
            if image.width * image.height > LOGO_PIXELS:
                raise InvalidValue("Use a picture with 4 million pixels or fewer.")
            picture = ImageOps.exif_transpose(image).convert("RGBA")
    except InvalidValue:
        raise
    except Exception:  # the library raises whatever hostile bytes make it stumble over
        raise InvalidValue("Use a PNG, JPEG or WebP picture.") from None
    picture.thumbnail(LOGO_SIZE)
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    drawn = BytesIO()
    clean.save(drawn, "PNG", optimize=True)
    digest = hashlib.sha256(drawn.getvalue()).hexdigest()[:12]
    return Logo(b64encode(drawn.getvalue()).decode(), f"{digest}-{clean.width}x{clean.height}")


def readable(accent: str, paper: str) -> str:
    """The colour, as much darker or lighter as it takes to be read on the paper."""
    colour, background = ImageColor.getrgb(accent), ImageColor.getrgb(paper)
    towards = 0 if _luminance(background) > 0.5 else 255  # half way between black and white
    for step in range(21):
        mixed = tuple(round(each + (towards - each) * step / 20) for each in colour)
        if contrast(mixed, background) >= CONTRAST:
            break
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def contrast(one: Rgb, other: Rgb) -> float:
    """From 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    """From 0 to 1 (WCAG 2.2, relative luminance)."""
    shares = [each / 255 for each in colour]
    linear = [each / 12.92 if each <= DIM else ((each + 0.055) / 1.055) ** 2.4 for each in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
