"""Jobs run here as the worker runs them, but in the test's own process and against the scripted mail server."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import jobs.due
import jobs.mail
from cpor_web.clock import utcnow
from cpor_web.config import Settings
from cpor_web.models import Claim, Mail, MailState
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.smtp_fixtures import smtp_server as smtp_server
from tests.support.smtp_server import ScriptedServer


@pytest.fixture
def work(
    app: Flask,
    committed: Session,
    settings: Settings,
    smtp_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Flask]:
    """The application in which the jobs of this test run: the suite's, which sends to the scripted server."""
    told = {"mail_port": smtp_server.port, "mail_security": "none", "mail_timeout": 60.0}
    monkeypatch.setitem(app.extensions, "settings", replace(settings, **told))
    for module in (jobs.due, jobs.mail):
        monkeypatch.setattr(module, "app", lambda: app)
    yield app
    app.extensions.pop("composer", None)


@pytest.fixture
def claim(work: Flask, committed: Session, programme: Programme) -> Claim:
    """An approved claim. Of its mails only the customer's notice is still to be sent."""
    made = claims.approved(committed, programme, now=utcnow())
    committed.flush()
    for mail in committed.scalars(select(Mail).where(Mail.kind != "consent-notice")):
        mail.state, mail.due_at = MailState.UNKNOWN, None
    committed.commit()
    return made
