"""Trouble of the mail server pauses all mails for a while, and costs none of them an attempt."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cpor_web.clock import CLOCKS_APART, utcnow
from cpor_web.emails import outbox
from cpor_web.emails.condition import LONGEST_PAUSE, is_late
from cpor_web.emails.condition import outbox as outbox_at
from cpor_web.emails.outbox import Recipient
from cpor_web.emails.outcomes import Outcome, Unavailable
from cpor_web.emails.transport import Transport
from cpor_web.extensions import db
from cpor_web.models import Breaker, Claim, Mail, MailState
from cpor_web.programme import Programme
from jobs import pauses
from jobs.mail import drain
from tests.jobs.mails import notice_of
from tests.support import claims
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
    waited = []
    with time_machine.travel(utcnow(), tick=False):
        for _ in range(10):
            drain()
            committed.expire_all()
            breaker = committed.get_one(Breaker, "mail")
            waited.append((breaker.open_until - utcnow()).total_seconds())
            breaker.open_until = utcnow()
            committed.commit()
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]

    smtp_server.behave()
    drain()
    committed.expire_all()
    assert committed.get(Breaker, "mail") is None
    assert notice_of(committed, claim).state is MailState.SENT


def test_trouble_that_comes_after_the_greeting_pauses_longer_each_time_too(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("MAIL", "421 4.7.0 Too many connections from you")
    waited = []
    with time_machine.travel(utcnow(), tick=False):
        for _ in range(3):
            drain()
            committed.expire_all()
            breaker = committed.get_one(Breaker, "mail")
            waited.append((breaker.open_until - utcnow()).total_seconds())
            breaker.open_until = utcnow()
            committed.commit()
    assert waited == [2, 4, 8]
    assert notice_of(committed, claim).attempts == 0


def test_a_worker_that_finds_nothing_to_do_ends_no_pause_over_a_mail_that_another_has(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    now = utcnow()
    notice_of(committed, claim).leased_until = now + CLOCKS_APART
    committed.add(Breaker(name="mail", failures=5, open_until=now, why="421 Too many connections"))
    committed.commit()
    drain()
    committed.expire_all()
    assert committed.get_one(Breaker, "mail").failures == 5


def test_trouble_after_a_mail_that_was_taken_is_the_first_again(
    claim: Claim,
    committed: Session,
    smtp_server: ScriptedServer,
    programme: Programme,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claims.approved(committed, programme, now=utcnow())
    committed.add(
        Breaker(name="mail", failures=7, open_until=utcnow(), why="connect: 421 4.7.0 Too many connections")
    )
    committed.commit()
    offer = Transport.offer

    def one_only(self: Transport, message: bytes, **about: str) -> Outcome | None:
        return Unavailable("421 4.7.0 Enough", "connect") if smtp_server.mails else offer(self, message, **about)

    monkeypatch.setattr(Transport, "offer", one_only)
    drain()
    committed.expire_all()
    assert len(smtp_server.mails) == 1
    assert committed.get_one(Breaker, "mail").failures == 1


def test_a_server_that_is_full_is_told_of_also_where_only_mail_waits_that_was_put_off_before(
    claim: Claim, committed: Session, smtp_server: ScriptedServer, programme: Programme
) -> None:
    def is_late_now() -> bool:
        found = outbox_at(committed, now=utcnow())
        committed.rollback()
        return is_late(found.oldest_due, found.put_off_since, now=utcnow())

    with time_machine.travel(utcnow(), tick=False) as clock:
        claims.approved(committed, programme, now=utcnow())
        committed.commit()
        smtp_server.fail("RCPT", "450 4.7.1 Greylisted", times=1)
        drain()
        waiting = committed.scalars(select(Mail).where(Mail.due_at.is_not(None))).one()
        assert waiting.state is MailState.DEFERRED
        assert smtp_server.mails, "another one was taken"
        waiting.due_at = utcnow() + timedelta(hours=1)
        committed.commit()

        smtp_server.fail("MAIL", "452 4.3.1 Insufficient system storage")
        clock.shift(timedelta(hours=1))
        told = []
        for _ in range(5):
            drain()
            told.append(is_late_now())
            clock.shift(LONGEST_PAUSE)
        assert told == [False, False, False, False, True]

        smtp_server.behave()
        drain()
        assert not is_late_now()


def test_a_pause_of_a_clock_that_was_ahead_for_a_moment_is_none(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    ahead = LONGEST_PAUSE + CLOCKS_APART
    smtp_server.fail("CONNECT", "421 4.3.2 Not now")
    with time_machine.travel(utcnow(), tick=False) as clock:
        clock.shift(ahead)
        drain()
        assert [each.name for each in outbox_at(committed, now=utcnow()).paused] == ["mail"]
        clock.shift(-ahead)
        assert outbox_at(committed, now=utcnow()).paused == []
        committed.rollback()
        smtp_server.behave()
        drain()
    assert notice_of(committed, claim).state is MailState.SENT
    assert committed.get(Breaker, "mail") is None


def test_a_pause_that_is_over_ends_with_the_next_connection_though_no_mail_is_due(
    work: Flask, committed: Session, smtp_server: ScriptedServer
) -> None:
    committed.add(Breaker(name="mail", failures=1, open_until=utcnow(), why="greeting: 554 5.3.2 Not here"))
    committed.commit()
    drain()
    committed.expire_all()
    assert committed.get(Breaker, "mail") is None
    assert smtp_server.connections == 1
    drain()
    assert smtp_server.connections == 1


def test_two_workers_that_meet_the_first_trouble_together_both_note_it(work: Flask, committed: Session) -> None:
    both_begin = threading.Barrier(2, timeout=30)

    def pause(why: str) -> None:
        with work.app_context():
            db.session.execute(text("SELECT 1"))
            db.session.rollback()  # each is connected
            both_begin.wait()
            pauses.pause("mail", why)

    for round_ in range(1, 6):
        with ThreadPoolExecutor(2) as both:
            assert list(both.map(pause, ("connect: refused", "connect: timed out"))) == [None, None]
        breaker = committed.get_one(Breaker, "mail", populate_existing=True)
        assert breaker.failures == 2, round_
        assert breaker.open_until > utcnow()
        committed.delete(breaker)
        committed.commit()


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
