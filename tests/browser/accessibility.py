"""How a page is looked at: in light, in dark and on a narrow screen, by axe."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

NARROW: ViewportSize = {"width": 320, "height": 640}
WIDE: ViewportSize = {"width": 1280, "height": 720}
BREACHES = """
(only) => axe.run({ resultTypes: ["violations"], ...(only && { runOnly: only }) })
  .then((found) => found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.target)]))
"""


def violations(page: Page) -> list[str]:
    """What axe has against a page, whichever way it is looked at."""
    page.evaluate(Axe().axe_script)
    found = _violations(page, "light")
    page.emulate_media(color_scheme="dark")
    found += _violations(page, "dark", ["color-contrast"])
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    found += _violations(page, "narrow")
    page.set_viewport_size(WIDE)
    return found


def _violations(page: Page, look: str, only: list[str] | None = None) -> list[str]:
    return [f"{look}: {rule} {nodes}" for rule, nodes in page.evaluate(BREACHES, only)]
