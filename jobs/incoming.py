"""Reads the mailbox for what comes back, draws the consequences of it, and erases it once its time is over."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.extensions import db
from cpor_web.incoming import receiving, retention, settling
from cpor_web.incoming.mailbox import UNREADABLE, Mailbox, MailboxTrouble, NotGiven
from cpor_web.programme import Programme
from cpor_web.queue import POLL_MAILBOX, SETTLE_RECEIVED
from cpor_web.silence import unread
from cpor_web.transactions import transaction
from cpor_web.web import current
from jobs import pauses, seldom
from jobs.app import app
from jobs.due import each_due
from jobs.pauses import MAILBOX
from jobs.turn import Turn

log = logging.getLogger(__name__)

POLL_EVERY = timedelta(seconds=30)
MOST_ERASED = 200


def poll() -> None:
    """Take in what lies in the mailbox. Nothing where none is set, or it was looked at a moment ago.

    Only where it was read to its end is that noted: what is due later than this look began closes after the next.
    """
    with app().app_context():
        settings = current.settings()
        if not settings.imap_server:
            return
        with transaction(db.session):
            unread.forget_what_is_ahead(db.session(), now=clock.utcnow())
        if pauses.is_paused(MAILBOX):
            return
        if not seldom.is_time(MAILBOX, every=POLL_EVERY):  # a server is not asked without end
            return
        begun_at = clock.utcnow()
        try:
            with Mailbox.from_settings(settings) as mailbox:
                is_all = _take_in(mailbox, Turn())
        except MailboxTrouble as trouble:
            pauses.pause(MAILBOX, str(trouble))
            return
        if is_all:
            with transaction(db.session):
                unread.note_emptied(db.session(), begun_at=begun_at)
        pauses.resume(MAILBOX)
        if not is_all:
            seldom.go_on_soon(MAILBOX, POLL_MAILBOX)


def settle() -> None:
    """Draw the consequences of what came in."""
    each_due(SETTLE_RECEIVED, _received, settling.settle)


def erase() -> None:
    """Erase what was kept long enough."""
    with app().app_context():
        days, erased = current.settings().keep_received_days, MOST_ERASED
        while erased == MOST_ERASED:
            with transaction(db.session):
                erased = retention.erase_due(db.session(), days=days, now=clock.utcnow(), most=MOST_ERASED)


def _take_in(mailbox: Mailbox, turn: Turn) -> bool:
    """Return False where there is more. Raises MailboxTrouble, after all else was taken in, for what is kept back."""
    kept_back = 0
    for uid in mailbox.uids():
        if turn.is_over():
            return False
        try:
            raw = mailbox.fetch(uid)
        except NotGiven:
            kept_back += 1
        else:
            if raw is not None:
                _take(mailbox, uid, raw)
    if kept_back:
        raise MailboxTrouble(f"the server does not give away what it holds, mails: {kept_back}")
    return True


def _take(mailbox: Mailbox, uid: int, raw: bytes) -> None:
    """Put one mail away once it is stored for good: killed in between, it is read again, which changes nothing.

    One that cannot be stored, and not a second time, is set aside for a person: it holds no other up.
    """
    if _is_stored(uid, raw) or _is_stored(uid, raw):
        mailbox.put_away(uid)
        return
    try:
        with transaction(db.session):
            receiving.set_aside(db.session(), raw, now=clock.utcnow())
    except Exception as error:  # then it is no fault of this mail's
        raise MailboxTrouble(f"what comes in cannot be stored: {type(error).__name__}") from None
    mailbox.put_away(uid, UNREADABLE)


def _is_stored(uid: int, raw: bytes) -> bool:
    try:
        with transaction(db.session):
            receiving.receive(db.session(), raw, returns=current.return_addresses(), now=clock.utcnow())
    except Exception as error:  # its name alone: what the mail says belongs into no log
        log.error("mail %d of the mailbox cannot be stored: %s", uid, type(error).__name__)  # noqa: TRY400
        return False
    return True


def _received(session: Session, _programme: Programme, most: int) -> Sequence[int]:
    return settling.due(session, most=most)
