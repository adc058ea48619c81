"""How a page is looked at: in light, in dark and on a narrow screen, by axe."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 720}


def violations(page: Page) -> list[str]:
    """What axe has against a page, whichever way it is looked at."""
    found = _violations(page, "light")
    page.emulate_media(color_scheme="dark")
    found += _violations(page, "dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    found += _violations(page, "narrow")
    page.set_viewport_size(WIDE)
    return found


def _violations(page: Page, look: str) -> list[str]:
    return [
        f"{look}: {violation['id']} {[node['target'] for node in violation['nodes']]}"
        for violation in Axe().run(page).response["violations"]
    ]
