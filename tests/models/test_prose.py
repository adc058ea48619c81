"""What people write at length, as HTML."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spk.models.prose import MOST_BARE_LINKS, Prose, render

# Each tag, and the attributes it may have.
ALLOWED = {
    **{tag: set() for tag in ("em", "strong", "pre", "br")},
    "p": {"dir"},
    "a": {"href", "rel", "title"},
    "code": {"class"},
}
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/user/security)",
    "<javascript:alert(1)>",
    "![x](https://example.com/x.png)",
    '[x](https://example.com "" onmouseover="alert(1)")',
    'https://example.com/"onmouseover="alert(1)',
    "https://example.com/<script>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "```html onload=alert(1)\nx\n```",
    "`</code><script>`",
    "# Heading",
    "<div hx-get=/user>x</div>",
    "[x]: javascript:alert(1)\n\n[x]",
    "&lt;script&gt;",
]


class Elements(HTMLParser):
    """The elements of a text, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        allowed = ALLOWED.get(tag)
        if allowed is None or names - allowed:
            self.wrong.append(f"{tag} {names}")
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def check(text: str) -> Elements:
    found = Elements(render(text))
    assert (found.wrong, found.open) == ([], [])
    assert {urlsplit(link).scheme.lower() for link in found.links} <= {"http", "https", "mailto"}
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_would_do_harm_is_text(attack: str) -> None:
    check(attack)
    check(f"Before {attack} after")
    check(f"- {attack}\n- *{attack}*")


@given(st.text(alphabet=st.sampled_from("[]()<>*_`\\!\"'&#:;/. \n-1ahtps@"), max_size=200))
def test_of_any_text_there_is_nothing_but_what_is_allowed(text: str) -> None:
    check(text)


@given(st.text(max_size=200))
def test_any_characters_can_be_rendered(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Bold** and *italic*", "<strong>Bold</strong> and <em>italic</em>"),
        ("`GET /`", "<code>GET /</code>"),
        ("One\nTwo", "One<br>\nTwo"),
        ("a_b_c 2 * 3 * 4", "a_b_c 2 * 3 * 4"),
        ("\\*plain\\*", "*plain*"),
        (
            "See https://example.com/a_b, or not.",
            'See <a href="https://example.com/a_b" rel="nofollow ugc">https://example.com/a_b</a>, or not.',
        ),
        ("[plan](https://example.com)", '<a href="https://example.com" rel="nofollow ugc">plan</a>'),
        ("v1.example.com stays", "v1.example.com stays"),
    ],
)
def test_a_little_markdown_is_understood(text: str, html: str) -> None:
    assert render(text) == f'<p dir="auto">{html}</p>\n'


def test_blocks_of_code_are_understood() -> None:
    assert render("```\n<b>\n```") == "<pre><code>&lt;b&gt;\n</code></pre>\n"


def test_nothing_is_nothing() -> None:
    assert render("") == ""


@given(st.text(alphabet=st.sampled_from("ab*_-`#>. \n12[]"), max_size=300))
def test_no_letter_is_lost(text: str) -> None:
    written = re.sub("<[^>]+>", "", render(text))
    assert re.sub("[^ab12]", "", written) == re.sub("[^ab12]", "", text)


@pytest.mark.parametrize("piece", ["- ", "> ", "* ", "- - - - ", "[", "*_"])
def test_what_nests_is_not_lost_and_hardly_grows(piece: str) -> None:
    html = render(piece * 1_000 + "hello")
    assert "hello" in html
    assert len(html) < 10 * 1_000 * len(piece)


def test_a_text_brings_its_html() -> None:
    written = Prose(100)("**Bold**")
    assert (written, written.html) == ("**Bold**", render("**Bold**"))


@pytest.mark.parametrize("schema", ["//a.b", "ftp://a.b", "mailto:a@b.example", "a.example"])
def test_only_what_begins_like_the_web_is_a_bare_link(schema: str) -> None:
    assert check(f"See {schema} now").links == []


def test_bare_links_are_bounded() -> None:
    assert len(check("https://a.b " * MOST_BARE_LINKS).links) == MOST_BARE_LINKS
    assert check("https://a.b " * (MOST_BARE_LINKS + 1)).links == []
