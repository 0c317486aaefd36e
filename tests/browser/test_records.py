"""A consent record is brought to its page by hand."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SLOWEST
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_file_that_is_brought_is_verified(
    installation: Installation, browser: Browser, tmp_path: Path, *, scripts: bool
) -> None:
    brought = tmp_path / "record.json"
    brought.write_text("{}")
    page = browser.new_context(base_url=installation.url, java_script_enabled=scripts).new_page()
    page.set_default_timeout(SLOWEST)
    page.goto("/consent-record")
    page.get_by_label("Consent record").set_input_files(brought)

    page.get_by_role("button", name="Verify", exact=True).click()

    page.get_by_role("heading", name="This is no genuine consent record").wait_for()
