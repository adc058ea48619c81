"""What people write at length: text with links and a little Markdown, as HTML that can do no harm."""

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

from spk.models.text import MultiLine

# Of CommonMark: no headings, lists, pictures, tables or HTML. What nests grows, and is cut where it is deep.
RULES = ["newline", "escape", "emphasis", "backticks", "fence", "link", "autolink", "linkify"]
ATTRIBUTES = {"link_open": {"rel": "nofollow ugc"}, "paragraph_open": {"dir": "auto"}}
SCHEMES = ("http:", "https:", "mailto:")
MOST_BARE_LINKS = 100  # the library looks for their ends by the square of their number


class Parser(MarkdownIt):
    """Markdown with links to websites and addresses alone."""

    def __init__(self, *, is_linking: bool) -> None:
        super().__init__("zero", {"breaks": True, "linkify": is_linking, "maxNesting": 20})
        self.enable(RULES)
        self.core.ruler.push("attributes", _set_attributes)
        if self.linkify:
            self.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
            for schema in ("//", "ftp:", "mailto:"):
                self.linkify.add(schema, None)

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return url.lower().startswith(SCHEMES)


def _set_attributes(state: StateCore) -> None:
    for token in state.tokens:
        for each in [token, *(token.children or ())]:
            for name, value in ATTRIBUTES.get(each.type, {}).items():
                each.attrSet(name, value)


_LINKING, _PLAIN = Parser(is_linking=True), Parser(is_linking=False)


class Written(str):
    """A text beside its HTML, which is made before any lock: the longest takes a second."""

    __slots__ = ("html",)
    html: str


def render(text: str) -> str:
    """The text as HTML."""
    parser = _LINKING if text.count("://") <= MOST_BARE_LINKS else _PLAIN
    html: str = parser.render(text)
    return html


@dataclass(frozen=True)
class Prose(MultiLine):
    """Text that is kept with its HTML."""

    def __call__(self, text: str) -> Written:
        written = Written(super().__call__(text))
        written.html = render(written)
        return written
