"""Trouble of the mail server pauses all mails for a while, and costs none of them an attempt."""

from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.clock import utcnow
from cpor_web.emails import outbox
from cpor_web.emails.outbox import Recipient
from cpor_web.models import Breaker, Claim, Mail, MailState
from jobs.mail import drain
from tests.jobs.mails import notice_of
from tests.support.claims import mail_of
from tests.support.one_mail import newest
from tests.support.smtp_server import ScriptedServer


def test_trouble_of_the_server_pauses_everything_and_costs_no_mail_an_attempt(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("CONNECT", "554 5.3.2 Not here")
    with time_machine.travel(utcnow(), tick=False):
        drain()
        breaker = committed.get_one(Breaker, "mail")
        assert breaker.failures == 1
        assert breaker.why == "greeting: 554 5.3.2 Not here"
        assert breaker.open_until > utcnow()
        notice = notice_of(committed, claim)
        assert (notice.state, notice.attempts, notice.leased_until) == (MailState.QUEUED, 0, None)

        tried = smtp_server.connections
        drain()
    assert smtp_server.connections == tried, "it was not left alone"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"mail_username": "cpor", "mail_password": "a wrong one"}, "auth: 535 5.7.8"),
        ({"mail_security": "starttls"}, "tls: "),
        ({"mail_security": "tls"}, "tls: "),
        ({"mail_port": 1}, "connect: "),
    ],
    ids=["sign-in", "no STARTTLS", "no TLS", "no server"],
)
def test_trouble_with_sign_in_tls_or_connection_pauses_everything_and_burns_no_attempt(
    work: Flask,
    claim: Claim,
    committed: Session,
    smtp_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, Any],
    why: str,
) -> None:
    smtp_server.users = {"cpor": "the right one"} if "mail_username" in told else {}
    monkeypatch.setitem(work.extensions, "settings", replace(work.extensions["settings"], **told))
    with time_machine.travel(utcnow(), tick=False):
        drain()
        breaker = committed.get_one(Breaker, "mail")
        assert breaker.why.startswith(why)
        assert breaker.open_until > utcnow()
    notice = notice_of(committed, claim)
    assert (notice.state, notice.attempts, notice.leased_until) == (MailState.QUEUED, 0, None)
    assert not smtp_server.mails


def test_each_failure_in_a_row_pauses_longer_up_to_five_minutes_and_success_forgets_them(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("CONNECT", "421 4.3.2 Not now")
    pauses = []
    with time_machine.travel(utcnow(), tick=False):
        for _ in range(10):
            drain()
            committed.expire_all()
            breaker = committed.get_one(Breaker, "mail")
            pauses.append((breaker.open_until - utcnow()).total_seconds())
            breaker.open_until = utcnow()
            committed.commit()
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]

    smtp_server.behave()
    drain()
    committed.expire_all()
    assert committed.get(Breaker, "mail") is None
    assert notice_of(committed, claim).state is MailState.SENT


def test_trouble_in_the_midst_gives_back_what_was_not_begun(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    reader = Recipient("reader@fabrikam.example.org", "", "en")
    told = mail_of(committed, claim, "approved")
    outbox.put(committed, "approved", reader, told.context, now=utcnow(), claim_id=claim.id)
    later = newest(committed)
    committed.commit()
    smtp_server.fail("MAIL", "421 4.3.2 Going down")
    drain()
    for mail in (notice_of(committed, claim), committed.get_one(Mail, later.id, populate_existing=True)):
        assert (mail.state, mail.attempts, mail.leased_until) == (MailState.QUEUED, 0, None)
    assert committed.get(Breaker, "mail") is not None
