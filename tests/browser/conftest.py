"""A real Chromium before a real installation; without one these tests do not run, unless they are required to."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.visitor import WINDOWS, Visitor
from tests.support.installation import Installation
from tests.support.installation_fixtures import installation as installation

NAMES = ("chromium", "chromium-browser", "google-chrome")
SLOWEST = 60_000  # milliseconds

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        assert os.environ.get("CPOR_TEST_BROWSER") != "required", f"none of {', '.join(NAMES)} is on the PATH"
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH")
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=options, timeout=2 * SLOWEST)
        expect.set_options(timeout=SLOWEST)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser, installation: Installation) -> Iterator[NewVisitor]:
    """Makes people with a browser window of their own, who complain of all that the browser complains of."""
    visitors: list[Visitor] = []

    def new(*, scripts: bool = True, windows: Sequence[tuple[Any, Any]] = WINDOWS, rules: bool = True) -> Visitor:
        context = browser.new_context(java_script_enabled=scripts, base_url=installation.url, reduced_motion="reduce")
        context.set_default_timeout(SLOWEST)
        visitors.append(Visitor(context, installation.url, windows=windows, rules=scripts and rules))
        return visitors[-1]

    yield new
    for each in visitors:
        each.context.close()
    complaints = [complaint for each in visitors for complaint in each.complaints]
    assert not complaints, "\n".join(complaints)
