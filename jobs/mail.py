"""Works off the outbox over one kept connection.

No transaction is open while the mail server is spoken to; that a mail is being sent is committed before it is handed
over, and that it was taken before the next one is; then what follows from it.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta

from flask import current_app

from cpor_web import clock
from cpor_web.accounts.mails import account_link
from cpor_web.claims import posting
from cpor_web.claims.posting import Ready
from cpor_web.emails import condition, outbox
from cpor_web.emails.composing import Composer
from cpor_web.emails.condition import TRANSPORT
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.marking import Marks, Taken, note
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable, codes_of
from cpor_web.emails.rendering import Renderer
from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from cpor_web.extensions import bell, db
from cpor_web.queue import SEND_MAIL
from cpor_web.transactions import transaction
from cpor_web.web import current
from jobs import pauses
from jobs.app import app
from jobs.turn import Turn

log = logging.getLogger(__name__)

BATCH = 40
"""How many are leased, made ready and settled together."""

FRESH_SECONDS = 60
"""After this what was made ready is given back: its moment, and the end that it prints, are of when it was."""

HELD_UP = timedelta(seconds=5)
"""After this a mail is leased again whose claim was held by somebody else: longer than most hold one."""


def drain() -> None:
    """Send what is due, until nothing is, the turn is over, or the mail server is in trouble."""
    with app().app_context():
        if pauses.is_paused(TRANSPORT) or not _has_a_reason():
            return
        server = MailServer.from_settings(current.settings())
        with Transport(server) as transport, closing(Marks(db.engine)) as marks, _told() as put_off:
            trouble = transport.connect()
            if trouble is not None:
                pauses.pause(TRANSPORT, f"{trouble.kind}: {trouble.error}")
                return
            turn = Turn()
            _take_back_abandoned()
            while leased := _lease():
                if not HandOver(transport, marks, put_off).has_sent(leased, turn):
                    return
                if turn.is_over():
                    bell.ring(SEND_MAIL)
                    return
            if not _is_any_waiting():
                pauses.resume(TRANSPORT)


def composer() -> Composer:
    """Return the writer of this installation's mails, made once an application."""
    made: Composer | None = current_app.extensions.get("composer")
    if made is None:
        programme = current.programme_as_set_up()
        renderer, dkim = Renderer(programme.calendar.zone.key), DkimSigner.from_settings(current.settings())
        made = Composer(programme, current.signers(), renderer, account_link, dkim)
        current_app.extensions["composer"] = made
    return made


@contextmanager
def _told() -> Iterator[Counter[str]]:
    """Say at the end what mails were put off, by the server's codes alone: its words may quote an address."""
    put_off = Counter[str]()
    try:
        yield put_off
    finally:
        if put_off:
            log.warning("put off: %s", ", ".join(f"{codes} ({number})" for codes, number in put_off.items()))


def _has_a_reason() -> bool:
    """Tell whether to connect: a mail is due, or whether the mail server works again is to be seen."""
    with transaction(db.session):
        is_any_due = condition.is_any_due(db.session(), now=clock.utcnow())
    return is_any_due or pauses.has_failed(TRANSPORT)


def _is_any_waiting() -> bool:
    """Tell whether a mail is due, if only one over which another worker finds the mail server in trouble just now."""
    with transaction(db.session):
        return condition.is_any_waiting(db.session(), now=clock.utcnow())


def _lease() -> Sequence[int]:
    with transaction(db.session):
        return list(outbox.lease(db.session(), now=clock.utcnow(), most=BATCH))


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


class HandOver:
    """Hands leased mails over, one after the other.

    They are made ready together, and those that the server took are settled together. In between each is marked just
    before it is handed over, and that the one before was taken is noted with it: at most one is ever in doubt. While
    the mark is on its way to the disk, the mail is written and offered to the server: only its text waits for it.
    """

    def __init__(self, transport: Transport, marks: Marks, put_off: Counter[str]) -> None:
        self._transport, self._marks, self._put_off = transport, marks, put_off
        self._taken: list[Taken] = []
        self._is_noted = True
        self._has_got_past = False
        self._unsettled: list[tuple[int, Outcome, datetime]] = []

    def has_sent(self, mail_ids: Sequence[int], turn: Turn) -> bool:
        """Send leased mails; return False, and leave the mail server alone for a while, where it is in trouble.

        What was not begun before the `turn` was over, or while it was fresh, is given back; so is what
        comes after a mail that could not be settled, for with it all was rolled back that had been read.
        """
        fresh = Turn(FRESH_SECONDS)
        ready = _made_ready(mail_ids)
        left, trouble = list(ready), None
        with ExitStack() as at_the_end:  # from the last to the first, each also where another one fails
            at_the_end.callback(_give_back, left)
            at_the_end.callback(self._settle_again)
            at_the_end.callback(self._settle_taken)
            while left and trouble is None and not (self._unsettled or turn.is_over() or fresh.is_over()):
                trouble = self._trouble_with(ready[left.pop(0)])
        if self._has_got_past:  # not before: that it takes no mail a server may say after its greeting, too
            pauses.resume(TRANSPORT)
        if trouble is not None:
            pauses.pause(TRANSPORT, f"{trouble.kind}: {trouble.error}")
        return trouble is None

    def _trouble_with(self, ready: Ready) -> Unavailable | None:
        """Send one mail; return what is wrong with the mail server, if something is."""
        before = None if self._is_noted else self._taken[-1]
        self._marks.begin(ready.mail, now=clock.utcnow(), taken=before)
        try:
            text, refusal = self._offered(ready)
        finally:
            is_marked = self._marks.is_marked()
        self._is_noted = True
        if not is_marked:
            self._transport.withdraw()
            return None
        mail_id, outcome = ready.mail.id, refusal or self._transport.hand_over(text)
        if isinstance(outcome, Accepted):
            self._taken.append(Taken(mail_id, outcome.answer, clock.utcnow()))
            self._is_noted = False
        elif not _is_settled(mail_id, outcome, at := clock.utcnow()):
            self._unsettled.append((mail_id, outcome, at))
        if isinstance(outcome, Unavailable):
            return outcome
        if isinstance(outcome, Transient):
            self._put_off[codes_of(outcome.answer) or "no answer"] += 1
        self._has_got_past = True
        return None

    def _offered(self, ready: Ready) -> tuple[bytes, Outcome | None]:
        """Write a mail and offer it to the mail server; return its bytes, and why they are not waited for, if not."""
        text, mail = _written(ready), ready.mail
        if text is None:
            return b"", Permanent("the mail cannot be written")
        sender = current.return_addresses().address(mail.id, key=mail.key_id) or current.programme().mail_from
        return text, self._transport.offer(text, mail_from=sender, rcpt_to=mail.to_address)

    def _settle_taken(self) -> None:
        """Settle those that were taken, together; where that fails, each alone."""
        if not self._taken:
            return
        try:
            with transaction(db.session):
                posting.settle_taken(db.session(), self._taken, programme=current.programme())
        except Exception as error:
            number = len(self._taken)
            log.warning("%d mails cannot be settled together, so each alone: %s", number, type(error).__name__)
            with transaction(db.session):
                note(db.session(), self._taken[-1])
            for each in self._taken:  # noted as taken, so settled when its lease is over, and never sent again
                _is_settled(each.mail_id, Accepted(each.answer), each.at)

    def _settle_again(self) -> None:
        """Try once more to settle what was not taken; where that fails too, it is in doubt when its lease is over."""
        for mail_id, outcome, at in self._unsettled:
            _is_settled(mail_id, outcome, at)


def _made_ready(mail_ids: Sequence[int]) -> Mapping[int, Ready]:
    """Make mails ready; those whose claims somebody holds are left alone for a moment, and hold no other up."""
    with transaction(db.session):
        session, now, programme = db.session(), clock.utcnow(), current.programme()
        ready = posting.make_ready(session, mail_ids, now=now, programme=programme)
        held_up = set(mail_ids) - ready.keys()
        if held_up:
            outbox.release(session, held_up, until=now + HELD_UP)
    return ready


def _give_back(left: Sequence[int]) -> None:
    if left:
        with transaction(db.session):
            outbox.release(db.session(), left)


def _is_settled(mail_id: int, outcome: Outcome, at: datetime) -> bool:
    try:
        with transaction(db.session):
            posting.settle(db.session(), mail_id, outcome, now=at, programme=current.programme())
    except Exception:  # it holds no other mail up
        log.exception("mail %d cannot be settled", mail_id)
        return False
    return True


def _written(ready: Ready) -> bytes | None:
    """Return a mail's bytes, None where it cannot be written: such a one never stops the rest."""
    try:
        text = composer().compose(ready.mail, ready.invited)
    except Exception:
        log.exception("mail %d cannot be written", ready.mail.id)
        text = None
    if db.session().in_transaction():  # an account's link is made of what is read: with that, the reading is over
        db.session.commit()
    return text
