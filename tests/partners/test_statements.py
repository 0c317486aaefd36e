"""What the dashboard asks of the database: how much, not how quickly."""

from flask import Flask

from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk
from tests.support.browser import Browser
from tests.support.statements import sent_by

STATEMENTS = 7
"""Who is signed in; what stands around the list; the numbers; which claims are listed, and which of those that can no
longer be disputed; their lines; closures.
"""


def test_the_dashboard_takes_so_many_statements_and_their_texts_stay_as_they_are(
    app: Flask, browser: Browser, desk: Desk
) -> None:
    desk.claim(Status.PARTNER_ACTION_REQUIRED)
    desk.claim()
    desk.claim(Status.SUBMITTED)
    with sent_by(app) as first:
        browser.get("/claims")
    desk.claim(Status.SUBMITTED)
    with sent_by(app) as again:
        browser.get("/claims")
    assert len(first) == STATEMENTS, "\n".join(first)
    assert again == first, "what has another text each time is never prepared"
