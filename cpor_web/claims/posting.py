"""What the sending of a mail does to its claim: ends are printed, clocks start, failures are told of.

Each function is one step of a worker's transaction; nothing here talks to a mail server.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web import history, holding, lifecycle
from cpor_web.claims import partners_clock
from cpor_web.claims.deciding import request_taken
from cpor_web.consent import rounds, stops
from cpor_web.emails import outbox
from cpor_web.emails.catalogue import ASKS, to_partner, to_staff
from cpor_web.emails.outcomes import Accepted, Outcome
from cpor_web.models import FAILED, Claim, Invitation, Mail, MailState
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM

TAKEN: Mapping[str, Callable[..., None]] = {
    "consent-notice": rounds.notice_taken,
    "confirmation-request": rounds.notice_taken,
    "information-requested": request_taken,
    "contact-needed": stops.contact_asked,
}
"""What starts when the mail server has taken a mail: clocks that count only if the question was asked."""


def begin(session: Session, mail_id: int, *, now: datetime, programme: Programme) -> Mail | None:
    """Mark a leased mail as being sent, and fix the end that it prints; None where it is not to be sent."""
    due = session.get(Mail, mail_id)
    if due is not None and due.kind in ASKS:  # no window is closed over an end that is just being printed
        lifecycle.hold(session, session.get_one(Claim, due.claim_id))
    host = programme.mail_from.rpartition("@")[2]
    mail = outbox.begin(session, mail_id, now=now, host=host, link_keys=programme.link_keys)
    if mail is None:
        return None
    if mail.kind in ASKS and not mail.repeats:
        rounds.print_end(session.get_one(Invitation, mail.invitation_id), now=now, programme=programme)
    return mail


def settle(session: Session, mail_id: int, outcome: Outcome, *, now: datetime, programme: Programme) -> None:
    """Note what became of a mail that `begin` marked, with everything that follows from it."""
    mail = session.get_one(Mail, mail_id)
    if mail.claim_id is not None:  # the order of locks: claim, round, history head, outbox
        lifecycle.hold(session, session.get_one(Claim, mail.claim_id))
    started = TAKEN.get(mail.kind)
    if started is not None and isinstance(outcome, Accepted) and mail.state is MailState.SENDING:
        started(session, mail, now=now, programme=programme)
    settled = outbox.settle(session, mail_id, outcome, now=now)
    if settled is not None and settled.claim_id is not None:
        _follow_up(session, settled, session.get_one(Claim, settled.claim_id), now, programme)


def take_back(session: Session, mail_id: int, *, now: datetime, programme: Programme) -> None:
    """Settle a mail whose worker was stopped before it noted the server's answer, with everything that follows."""
    mail = session.get_one(Mail, mail_id)
    claim = lifecycle.hold(session, session.get_one(Claim, mail.claim_id)) if mail.claim_id is not None else None
    settled = outbox.take_back(session, mail_id, now=now)
    if settled is not None and claim is not None:
        _follow_up(session, settled, claim, now, programme)


def lose(session: Session, mail_id: int, *, why: str, now: datetime, programme: Programme) -> None:
    """End a mail that was to be sent and may have been, nobody knows: a person decides. `why` is for them."""
    mail = session.get_one(Mail, mail_id)
    claim = lifecycle.hold(session, session.get_one(Claim, mail.claim_id)) if mail.claim_id is not None else None
    outbox.lose(mail, why=why, now=now, host=programme.mail_from.rpartition("@")[2])
    if claim is not None:
        _follow_up(session, mail, claim, now, programme)


def _follow_up(session: Session, mail: Mail, claim: Claim, now: datetime, programme: Programme) -> None:
    """Put a mail's end into its claim's history; where it did not surely get through, tell those whom it concerns."""
    if mail.state not in {MailState.SENT, MailState.REFUSED, MailState.UNKNOWN}:
        return
    data = {"mail": mail.kind, "to": mail.to_name, "answer": mail.answer}
    internal = bool(mail.context.get("for_reviewer"))
    history.append(session, claim, f"mail:{mail.state}", actor=SYSTEM, now=now, data=data, is_internal=internal)
    if mail.state in FAILED and mail.kind != "not-delivered":
        to_staff.not_delivered(session, claim, mail, now=now, programme=programme)
    if mail.state is MailState.REFUSED:
        if mail.kind in TAKEN and mail.invitation_id is None and mail.user_id is None:
            to_partner.to_the_partners_others(session, claim, mail, now=now)
        if mail.kind in ASKS:
            stops.notice_failed(session, mail, now=now, programme=programme)
    if mail.state in FAILED and mail.kind in TAKEN and mail.invitation_id is None:
        partners_clock.failed(session, claim, mail, now=now, programme=programme)
    if mail.state in FAILED and mail.kind in ASKS:
        holding.watch(session, now=now, programme=programme)
