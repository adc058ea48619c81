"""What people read on a page that the tests got."""

import html
import re

from werkzeug.test import TestResponse


def text(answer: TestResponse) -> str:
    """What people read, with single spaces."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.text)).split())


def messages(answer: TestResponse) -> list[str]:
    return re.findall(r'<p class="message(?: failed)?">([^<]+)</p>', answer.text)


def errors(answer: TestResponse) -> dict[str, str]:
    return dict(re.findall(r'<p class="error" id="([^"]+)-error">([^<]+)</p>', answer.text))
