"""What shows whose a page is: its logo and colour, and the picture that links to it are previewed with."""

from base64 import b64decode
from functools import lru_cache
from io import BytesIO

from flask import Response, abort, render_template
from PIL import Image, ImageDraw, ImageFont

from spk.models.status_pages.branding import DARK, LIGHT, readable
from spk.models.status_pages.page_states import load_states
from spk.models.status_pages.vocabulary import Level
from spk.published_page import find_published_page
from spk.shared_copies import FOR_PROGRAMS, shared
from spk.web import public
from spk.web.filters import COLOURS, headline

CARD_SIZE = (1200, 630)  # px, which previews crop least
MARGIN = 80  # px


@public.get("/p/<slug>/logo.png")
@shared(FOR_PROGRAMS)
def logo(slug: str) -> Response:
    page = find_published_page(slug)
    data = page.logo or abort(404, "This page has no logo.")
    return Response(b64decode(data), mimetype="image/png")


@public.get("/p/<slug>/accent.css")
@shared(FOR_PROGRAMS)
def accent(slug: str) -> Response:
    """The colours of the page, in both schemes dark or light enough to be read."""
    page = find_published_page(slug)
    accent = page.accent or abort(404, "This page has no colour of its own.")
    style = render_template(
        "public_page/accent.css", accent=accent, light=readable(accent, LIGHT), dark=readable(accent, DARK)
    )
    return Response(style, mimetype="text/css")


@public.get("/p/<slug>/card.png")
@shared(FOR_PROGRAMS)
def card(slug: str) -> Response:
    """The state as a picture, which chats show beside a link."""
    page = find_published_page(slug)
    load_states([page])
    return Response(draw_card(page.name, page.level), mimetype="image/png")


@lru_cache(maxsize=32)
def draw_card(name: str, level: Level) -> bytes:
    """A PNG with the state; with the name, too, if the font has its letters."""
    image = Image.new("RGB", CARD_SIZE, COLOURS[level])
    draw, room = ImageDraw.Draw(image), CARD_SIZE[0] - 2 * MARGIN
    large, small = ImageFont.load_default(size=84), ImageFont.load_default(size=48)
    draw.text((MARGIN, CARD_SIZE[1] // 2), headline(level), "white", large, anchor="lm")
    if name.isascii():
        while small.getlength(name) > room:
            name = f"{name[:-2]}…"
        draw.text((MARGIN, MARGIN), name, "white", small, anchor="lt")
    png = BytesIO()
    image.save(png, "PNG", optimize=True)
    return png.getvalue()
