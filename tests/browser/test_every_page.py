"""Every page of the sample, by WCAG 2.2 AA: as each person, light and dark, at 320 px, with scripts and without.

Page after page comes in the next language, so that each language is seen on a fifth of the pages; pages that two
people share come once; every third comes without scripts too. With CPOR_TEST_EVERY_PAGE=1 everybody sees every
page in every language, with scripts and without (many minutes).
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlalchemy import text

from cpor_web.rules.languages import LANGUAGES
from tests.browser.conftest import SLOWEST
from tests.browser.rules import problems
from tests.support import sample
from tests.support.installation import Installation
from tests.support.installation_fixtures import start
from tests.support.person import Person
from tests.support.servers import Servers

pytestmark = pytest.mark.browser

EVERY = os.environ.get("CPOR_TEST_EVERY_PAGE") == "1"
PEOPLE = ("ines", "gita", "vera", "rosa", "ada", "nobody")
SHARED = {"gita": "/claims/", "vera": "/claims/", "ada": "/review/"}
"""Where somebody's pages are those of ines or rosa, with fewer or the same buttons."""


@pytest.fixture(scope="module")
def installation(
    running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The sample, with a contact who was replaced by another."""
    with start("every_page", running, worker_number, tmp_path_factory) as started:
        sample.load(started)
        sample.name_another_contact(started)
        yield started


@pytest.fixture(scope="module")
def pages_of(installation: Installation) -> Callable[[str], list[str]]:
    """Tells what somebody's links lead to, following them once."""
    kinds = sample.kinds_of_claims(installation)

    @cache
    def follow(who: str) -> list[str]:
        start = "/login" if who == "nobody" else "/"
        paths = sample.pages(sample.signed_in(installation, who), kinds, start)
        shared = SHARED.get(who)
        return [path for path in paths if EVERY or not shared or not path.startswith(shared)]

    return follow


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def context(request: pytest.FixtureRequest, browser: Browser, installation: Installation) -> Iterator[BrowserContext]:
    """A browser window. Without scripts means that none of ours comes: axe is one too, and must run."""
    context = browser.new_context(base_url=installation.url, reduced_motion="reduce")
    context.set_default_timeout(SLOWEST)
    if not request.param:
        context.route("**/*.js*", _nothing)
    yield context
    context.close()


def _nothing(route: Route) -> None:
    route.fulfill(body="", content_type="text/javascript")


def _for_this(request: pytest.FixtureRequest, paths: list[str]) -> list[str]:
    return paths if EVERY or "without scripts" not in request.node.name else paths[::3]


def _in_languages(installation: Installation, who: str, paths: list[str]) -> Iterator[str]:
    """Yield the paths, each after the account of `who` was given the language that it is to be seen in."""
    languages = cycle(LANGUAGES)
    for path in paths:
        for language in LANGUAGES if EVERY else [next(languages)]:
            _speak(installation, who, language)
            yield path


def _speak(installation: Installation, who: str, language: str) -> None:
    with installation.engine.begin() as connection:
        change = text("UPDATE users SET language = :language WHERE email = :email")
        connection.execute(change, {"language": language, "email": sample.ADDRESSES.get(who, "")})


@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_of_everybody_is_accessible(
    request: pytest.FixtureRequest,
    installation: Installation,
    context: BrowserContext,
    pages_of: Callable[[str], list[str]],
    who: str,
) -> None:
    page = _sign_in(context, sample.signed_in(installation, who))
    paths = _for_this(request, pages_of(who))

    found = [
        problem for path in _in_languages(installation, who, [*paths, "/missing"]) for problem in _seen(page, path)
    ]

    assert not found, "\n".join(found)
    assert paths


def test_every_state_of_a_customers_link_is_accessible(
    request: pytest.FixtureRequest, installation: Installation, context: BrowserContext
) -> None:
    paths = _for_this(request, list(sample.pages_of_links(installation).values()))
    languages = cycle(LANGUAGES)
    page = context.new_page()

    for path in paths:
        for language in LANGUAGES if EVERY else [next(languages)]:
            found = _seen(page, f"{path}?lang={language}")
            assert not found, "\n".join(found)
    assert context.cookies() == []


@pytest.mark.parametrize(
    ("who", "path", "button"),
    [
        ("nobody", "/login", "Sign in"),
        ("ines", "/claims/new", "Save"),
        ("gita", "/team", "Send the invitation"),
        ("ada", "/admin/partners", "Add partner"),
        ("ada", "/admin/calendar", "Add closure"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_first(
    installation: Installation, context: BrowserContext, who: str, path: str, button: str
) -> None:
    _speak(installation, who, "en")
    page = _sign_in(context, sample.signed_in(installation, who))
    page.goto(path)
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")

    page.get_by_role("button", name=button, exact=True).click()

    page.locator(".error-summary:focus").wait_for()
    assert not problems(page)
    for link in page.locator(".error-summary a").all():
        link.click()
        field = page.locator(f"[id='{(link.get_attribute('href') or '').removeprefix('#')}']")
        assert field.evaluate("field => field.matches(':focus')"), f"{link.inner_text()} leads to no field"


def _sign_in(context: BrowserContext, person: Person) -> Page:
    """Return a page of the one who has signed in without a browser."""
    context.add_cookies([{"name": c.name, "value": c.value or "", "url": person.home} for c in person.cookies])
    return context.new_page()


def _seen(page: Page, path: str) -> list[str]:
    page.goto(path)
    return [f"{path}: {problem}" for problem in problems(page)]
