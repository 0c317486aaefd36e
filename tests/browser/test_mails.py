"""Every mail in a window as narrow as a phone's, by day and by night."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from cpor_web.emails.catalogue import KINDS
from cpor_web.emails.rendering import BILINGUAL, Renderer
from cpor_web.rules.languages import LANGUAGES
from cpor_web.samples.mails import LINKS, SPECIMENS, kind_of
from tests.browser.conftest import SLOWEST
from tests.browser.rules import NARROW

pytestmark = pytest.mark.browser

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
LONG = {"customer": "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik", "claim_name": "x" * 90}

renderer = Renderer("Europe/Berlin")
axe = Axe()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A narrow window that notes everything that a mail asks for."""
    context = browser.new_context(viewport=NARROW, offline=True)  # type: ignore[arg-type]
    context.set_default_timeout(SLOWEST)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert not asked, "a mail asks nobody for anything"


def show(page: Page, name: str, language: str, **changes: str) -> None:
    context, links = SPECIMENS[name]
    given = {**context, **{key: value for key, value in changes.items() if key in context}}
    page.set_content(renderer.render(kind_of(name), given, language=language, links={**LINKS, **links}).html)


@pytest.mark.parametrize("name", KINDS)
def test_a_mail_can_be_read_by_day_and_by_night(page: Page, name: str) -> None:
    show(page, name, "en")
    page.add_style_tag(content="html { background-color: Canvas; }")  # as it is; axe takes none for white

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.run(page, options=WCAG)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


@pytest.mark.parametrize("name", SPECIMENS)
def test_no_mail_is_wider_than_a_phone(page: Page, name: str) -> None:
    for language in LANGUAGES if kind_of(name) in BILINGUAL else ("en", "de"):
        for changes in ({}, LONG):
            show(page, name, language, **changes)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= NARROW["width"], language


def test_a_button_is_large_enough_for_a_thumb_and_dark_at_night(page: Page) -> None:
    show(page, "consent-notice", "hu")
    button = page.locator("a.button").first
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    assert box["width"] > NARROW["width"] * 0.8

    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours.append(page.locator("td.cell").first.evaluate("cell => getComputedStyle(cell).backgroundColor"))
    assert colours == ["rgb(11, 87, 194)", "rgb(141, 184, 248)"]
