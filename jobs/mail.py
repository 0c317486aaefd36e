"""Works off the outbox over one kept connection.

No transaction is open while the mail server is spoken to; that a mail is being sent is committed before it is handed
over; what became of it is noted with everything that follows from it.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import current_app
from sqlalchemy.orm import Session

from cpor_web import clock, current, history, lifecycle
from cpor_web.accounts.mails import account_link
from cpor_web.claims import operations
from cpor_web.config import Settings
from cpor_web.consent import rounds, stops
from cpor_web.emails import catalogue, outbox
from cpor_web.emails.composing import ASKS, Composer
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Unavailable
from cpor_web.emails.rendering import Renderer
from cpor_web.emails.transport import MailServer, Transport
from cpor_web.extensions import bell, db
from cpor_web.models import Breaker, Claim, Invitation, Mail, MailState
from cpor_web.queue import SEND_MAIL
from cpor_web.rules.roles import SYSTEM
from cpor_web.transactions import transaction
from jobs.app import app

log = logging.getLogger(__name__)

BATCH = 20
WORK_SECONDS = 60
"""After this a drain rings for the next one: well under the 420 seconds after which RQ takes a worker for dead."""

TRANSPORT = "mail"
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)

TAKEN: Mapping[str, Callable[..., None]] = {
    "consent-notice": rounds.notice_taken,
    "confirmation-request": rounds.notice_taken,
    "information-requested": operations.request_taken,
    "contact-needed": stops.contact_asked,
}
"""What starts when the mail server has taken a mail: clocks that count only if the question was asked."""


def drain() -> None:
    """Send what is due, until nothing is, the time is up, or the mail server is in trouble."""
    with app().app_context():
        if _is_paused():
            return
        with Transport(mail_server(current.settings())) as transport:
            trouble = transport.connect()
            if trouble is not None:
                _pause(trouble)
                return
            _resume()
            if not _work_off(transport, time.monotonic() + WORK_SECONDS):
                bell.ring(SEND_MAIL)


def mail_server(settings: Settings) -> MailServer:
    """Return the SMTP server that the settings name."""
    return MailServer(
        host=settings.mail_server,
        port=settings.mail_port,
        security=settings.mail_security,
        username=settings.mail_username or None,
        password=settings.mail_password or None,
        timeout=settings.mail_timeout,
        ca_file=settings.mail_ca_file or None,
    )


def composer() -> Composer:
    """Return the writer of this installation's mails, made once an application."""
    made: Composer | None = current_app.extensions.get("composer")
    if made is None:
        programme = current.programme()
        made = Composer(programme, current.signers(), Renderer(programme.calendar.zone.key), account_link)
        current_app.extensions["composer"] = made
    return made


def _work_off(transport: Transport, until: float) -> bool:
    """Return False where the time ran out before the mails did."""
    while True:
        with transaction(db.session):
            batch = list(outbox.lease(db.session(), now=clock.utcnow(), most=BATCH))
        if not batch:
            return True
        while batch:
            if time.monotonic() > until:
                _release(batch)
                return False
            outcome = _send(transport, batch.pop(0))
            if isinstance(outcome, Unavailable):
                _release(batch)
                _pause(outcome)
                return True


def _send(transport: Transport, mail_id: int) -> Outcome | None:
    message = _prepare(mail_id)
    if message is None:
        return None
    to, text = message
    if text is None:
        outcome: Outcome = Permanent("the mail cannot be written")
    else:
        outcome = transport.send(text, mail_from=current.programme().mail_from, rcpt_to=to)
    with transaction(db.session):
        _settle(db.session(), mail_id, outcome)
    return outcome


def _prepare(mail_id: int) -> tuple[str, bytes | None] | None:
    """Commit that a mail is being sent, and return its address and bytes; None where it is not to be sent.

    Without bytes it cannot be written at all.
    """
    now, programme, session = clock.utcnow(), current.programme(), db.session()
    with transaction(db.session):
        host = programme.mail_from.rpartition("@")[2]
        mail = outbox.begin(session, mail_id, now=now, host=host)
        if mail is None:
            return None
        invited = session.get(Invitation, mail.invitation_id) if mail.invitation_id else None
        if invited is not None and mail.kind in ASKS and not mail.repeats:
            rounds.print_end(invited, now=now, programme=programme)
        try:
            return mail.to_address, composer().compose(mail, invited)
        except Exception:  # one mail that cannot be written never stops the rest
            log.exception("mail %d cannot be written", mail_id)
            return mail.to_address, None


def _settle(session: Session, mail_id: int, outcome: Outcome) -> None:
    now, programme = clock.utcnow(), current.programme()
    mail = session.get_one(Mail, mail_id)
    if mail.claim_id is not None:  # the order of locks: claim, round, history head, outbox
        lifecycle.hold(session, session.get_one(Claim, mail.claim_id))
    started = TAKEN.get(mail.kind)
    if started is not None and isinstance(outcome, Accepted) and mail.state is MailState.SENDING:
        started(session, mail, now=now, programme=programme)
    settled = outbox.settle(session, mail_id, outcome, now=now)
    if settled is not None:
        _follow_up(session, settled)


def _follow_up(session: Session, mail: Mail) -> None:
    """Put a mail's end into its claim's history; where it did not get through, tell those whom it concerns."""
    now, programme = clock.utcnow(), current.programme()
    if mail.claim_id is None or mail.state not in {MailState.SENT, MailState.REFUSED, MailState.UNKNOWN}:
        return
    claim = session.get_one(Claim, mail.claim_id)
    data = {"mail": mail.kind, "to": mail.to_name, "answer": mail.answer}
    internal = bool(mail.context.get("for_reviewer"))
    history.append(session, claim, f"mail:{mail.state}", actor=SYSTEM, now=now, data=data, is_internal=internal)
    if mail.state is MailState.REFUSED and mail.kind != "not-delivered":
        catalogue.not_delivered(session, claim, mail, now=now, programme=programme)
        if mail.kind in ASKS:
            stops.notice_failed(session, mail, now=now, programme=programme)


def _release(mail_ids: list[int]) -> None:
    with transaction(db.session):
        outbox.release(db.session(), mail_ids)


def _is_paused() -> bool:
    breaker = db.session.get(Breaker, TRANSPORT, populate_existing=True)
    paused = breaker is not None and breaker.open_until > clock.utcnow()
    db.session.rollback()
    return paused


def _pause(trouble: Unavailable) -> None:
    """Leave the mail server alone for a while: the trouble is not any single mail's."""
    log.warning("mail server: %s: %s", trouble.kind, trouble.error)
    with transaction(db.session):
        now = clock.utcnow()
        breaker = db.session.get(Breaker, TRANSPORT, with_for_update=True, populate_existing=True)
        if breaker is None:
            breaker = Breaker(name=TRANSPORT, failures=0, open_until=now, why="")
            db.session.add(breaker)
        breaker.failures += 1
        breaker.open_until = now + min(FIRST_PAUSE * 2 ** min(breaker.failures - 1, 20), LONGEST_PAUSE)
        breaker.why = f"{trouble.kind}: {trouble.error}"


def _resume() -> None:
    with transaction(db.session):
        breaker = db.session.get(Breaker, TRANSPORT, with_for_update=True, populate_existing=True)
        if breaker is not None:
            db.session.delete(breaker)
