"""What the review queue asks of the database: how much, not how quickly."""

from datetime import datetime, timedelta

from flask import Flask

from tests.reviewers.conftest import FileClaim
from tests.support.browser import Browser
from tests.support.statements import sent_by

STATEMENTS = 7
"""Who is signed in; the numbers; which claims are listed; their lines; who is asked; mails for a person; closures."""


def test_the_queue_takes_so_many_statements_and_their_texts_stay_as_they_are(
    app: Flask, desk: Browser, file_claim: FileClaim, now: datetime
) -> None:
    file_claim()
    file_claim(at=now - timedelta(days=30))
    with sent_by(app) as first:
        desk.get("/review")
    file_claim()
    with sent_by(app) as again:
        desk.get("/review")
    assert len(first) == STATEMENTS, "\n".join(first)
    assert again == first, "what has another text each time is never prepared"
