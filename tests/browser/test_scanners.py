"""A mail scanner with a browser of its own: it opens each link, runs the scripts and presses whatever it finds."""

import pytest

from tests.browser.conftest import NewVisitor
from tests.support import quick_claims
from tests.support.cast import link_in
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_browser_that_presses_every_button_of_every_link_decides_nothing(
    installation: Installation, visitor: NewVisitor, scripts: bool
) -> None:
    asked, denied = (quick_claims.running(installation) for _ in range(2))
    notice = installation.mail_to(denied.address, "You can deny it")
    installation.person().open(link_in(notice, "d")).press("Deny this association", {"Why do you deny it?": "Other"})
    links = [
        link_in(installation.mail_to(asked.address, "You can deny it"), "d"),
        link_in(installation.mail_to(denied.address, "Recorded"), "u"),
    ]
    before = installation.settled_rows()

    scanner = visitor(scripts=scripts)
    pressed = []
    for link in links:
        scanner.page.goto(link, wait_until="networkidle")
        for number in range(scanner.page.locator("main form").count()):
            scanner.page.goto(link)
            button = scanner.page.locator("main form").nth(number).locator("button")
            pressed.append(button.inner_text())
            button.click()
            scanner.page.get_by_text("There is a problem").wait_for()
    scanner.complaints.clear()  # the console notes each 422

    assert len(pressed) == 4, pressed
    assert installation.rows() == before
    assert scanner.context.cookies() == []
