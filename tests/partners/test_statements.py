"""What the dashboard asks of the database: how much, not how quickly."""

from flask import Flask
from sqlalchemy import event

from cpor_web.extensions import db
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk
from tests.support.browser import Browser

MOST = 7
"""Statements, the session's among them. More claims add none."""


def test_the_dashboard_takes_no_more_statements_and_their_texts_stay_as_they_are(
    app: Flask, browser: Browser, desk: Desk
) -> None:
    desk.claim(Status.PARTNER_ACTION_REQUIRED)
    desk.claim()
    desk.claim(Status.SUBMITTED)
    with app.app_context():
        engine = db.engine
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        browser.get("/claims")
        first = sent[:]
        sent.clear()
        desk.claim(Status.SUBMITTED)
        sent.clear()
        browser.get("/claims")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert 0 < len(first) <= MOST, "\n".join(first)
    assert sent == first, "what has another text each time is never prepared"
