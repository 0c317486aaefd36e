"""What every page must keep to, as a browser sees it: axe's rules by day and night, and room on a narrow screen."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
"""A desk; and a phone, or the desk at 400 % (WCAG 2.2, 1.4.10)."""

ALL = {"rules": {"target-size": {"enabled": True}}}
"""axe's own choice and the one rule of WCAG 2.2 AA that it leaves out by default."""

CONTRAST = {"runOnly": ["color-contrast"]}
"""All that the colours of the night can break."""

_axe = Axe()


def problems(page: Page) -> list[str]:
    """Return a sentence for everything that is wrong with the page that is shown."""
    _look(page, WIDE, "dark")
    found = _violations(page, CONTRAST)
    _look(page, NARROW, "light")
    found += _violations(page, ALL)
    width = page.evaluate("document.scrollingElement.scrollWidth")
    return found + ([f"{width} px wide on a screen of {NARROW['width']}"] if width > NARROW["width"] else [])


def _look(page: Page, size: Any, scheme: Any) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    return [
        f"{broken['id']} ({broken['help']}): {node['target']} {node['html'][:200]}"
        for broken in _axe.run(page, options=options).response["violations"]
        for node in broken["nodes"]
    ]
