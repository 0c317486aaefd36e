"""Works off the outbox over one kept connection.

No transaction is open while the mail server is spoken to; that a mail is being sent is committed before it is handed
over; what became of it is noted with everything that follows from it.
"""

import logging
import time
from collections.abc import Sequence
from functools import partial

from flask import current_app

from cpor_web import clock, current
from cpor_web.accounts.mails import account_link
from cpor_web.claims import posting
from cpor_web.emails import outbox
from cpor_web.emails.composing import Composer
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.outcomes import Outcome, Permanent, Unavailable
from cpor_web.emails.rendering import Renderer
from cpor_web.emails.transport import MailServer, Transport
from cpor_web.extensions import bell, db
from cpor_web.models import Invitation
from cpor_web.queue import SEND_MAIL
from cpor_web.transactions import transaction
from jobs import pauses
from jobs.app import app
from jobs.leases import work_off

log = logging.getLogger(__name__)

BATCH = 20
WORK_SECONDS = 60
"""After this a drain rings for the next one: well under the 420 seconds after which RQ takes a worker for dead."""

TRANSPORT = "mail"


def drain() -> None:
    """Send what is due, until nothing is, the time is up, or the mail server is in trouble."""
    with app().app_context():
        if pauses.is_paused(TRANSPORT):
            return
        with Transport(MailServer.from_settings(current.settings())) as transport:
            trouble = transport.connect()
            if trouble is not None:
                pauses.pause(TRANSPORT, f"{trouble.kind}: {trouble.error}")
                return
            pauses.resume(TRANSPORT)
            until = time.monotonic() + WORK_SECONDS
            if not work_off(_lease, outbox.release, partial(_has_sent, transport), until=until):
                bell.ring(SEND_MAIL)


def composer() -> Composer:
    """Return the writer of this installation's mails, made once an application."""
    made: Composer | None = current_app.extensions.get("composer")
    if made is None:
        programme = current.programme_as_set_up()
        renderer, dkim = Renderer(programme.calendar.zone.key), DkimSigner.from_settings(current.settings())
        made = Composer(programme, current.signers(), renderer, account_link, dkim)
        current_app.extensions["composer"] = made
    return made


def _lease() -> Sequence[int]:
    _take_back_abandoned()
    with transaction(db.session):
        return list(outbox.lease(db.session(), now=clock.utcnow(), most=BATCH))


def _has_sent(transport: Transport, mail_id: int) -> bool:
    """Send one mail; return False, and leave the mail server alone for a while, where it is in trouble."""
    outcome = _send(transport, mail_id)
    if isinstance(outcome, Unavailable):
        pauses.pause(TRANSPORT, f"{outcome.kind}: {outcome.error}")
    return not isinstance(outcome, Unavailable)


def _take_back_abandoned() -> None:
    """Settle what a worker was killed over: it is in doubt, and goes once more or not at all."""
    with transaction(db.session):
        left = outbox.abandoned(db.session(), now=clock.utcnow(), most=BATCH)
    for mail_id in left:
        try:
            with transaction(db.session):
                posting.take_back(db.session(), mail_id, now=clock.utcnow(), programme=current.programme())
        except Exception:  # it stays abandoned until the next look, and holds no other mail up
            log.exception("mail %d cannot be taken back", mail_id)


def _send(transport: Transport, mail_id: int) -> Outcome | None:
    message = _prepare(mail_id)
    if message is None:
        return None
    sender, to, text = message
    if text is None:
        outcome: Outcome = Permanent("the mail cannot be written")
    else:
        outcome = transport.send(text, mail_from=sender, rcpt_to=to)
    with transaction(db.session):
        posting.settle(db.session(), mail_id, outcome, now=clock.utcnow(), programme=current.programme())
    return outcome


def _prepare(mail_id: int) -> tuple[str, str, bytes | None] | None:
    """Commit that a mail is being sent; return its return address, its address and its bytes, None if it is not.

    Without bytes it cannot be written at all.
    """
    now, programme, session = clock.utcnow(), current.programme(), db.session()
    with transaction(db.session):
        mail = posting.begin(session, mail_id, now=now, programme=programme)
        if mail is None:
            return None
        invited = session.get(Invitation, mail.invitation_id) if mail.invitation_id else None
        sender = current.return_addresses().address(mail_id, key=mail.key_id) or programme.mail_from
        try:
            return sender, mail.to_address, composer().compose(mail, invited)
        except Exception:  # one mail that cannot be written never stops the rest
            log.exception("mail %d cannot be written", mail_id)
            return sender, mail.to_address, None
