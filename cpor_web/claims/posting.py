"""What the sending of a mail does to its claim: ends are printed, clocks start, failures are told of.

Each function is one step of a worker's transaction; nothing here talks to a mail server.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cpor_web import history, lifecycle
from cpor_web.claims import partners_clock
from cpor_web.claims.deciding import request_taken
from cpor_web.consent import locking, rounds, stops
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails import marking, outbox, recalling
from cpor_web.emails.catalogue import ASKS, to_staff
from cpor_web.emails.marking import Taken, mark
from cpor_web.emails.outcomes import Accepted, Outcome
from cpor_web.entities import ahead, detached
from cpor_web.entities.ahead import Known
from cpor_web.models import FAILED, OPEN_STATES, Claim, Invitation, Mail, MailState, Round
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from cpor_web.silence import holding

TAKEN: Mapping[str, Callable[..., None]] = {
    "consent-notice": stops.notice_taken,
    "confirmation-request": stops.notice_taken,
    "information-requested": request_taken,
    "contact-needed": stops.contact_asked,
}
"""What starts when the mail server has taken a mail: clocks that count only if the question was asked."""


@dataclass(frozen=True)
class Ready:
    """A mail that has its identity, with the invitation that it belongs to, on which the end is that it prints."""

    mail: Mail
    invited: Invitation | None


def make_ready(
    session: Session, mail_ids: Collection[int], *, now: datetime, programme: Programme
) -> Mapping[int, Ready]:
    """Return by their ids those of these leased mails that are to be sent, the longest due first, ready to be begun.

    Each has its identity, and if it asks a customer, the end that it prints is fixed. One that asks about a claim
    that somebody else holds is left out: nobody waits for it, neither other mails nor those who answer them.
    One that asks what was answered meanwhile ends here: who reads a denied claim's notice takes it for standing.
    What is returned belongs to no session.
    """
    # The claims first, in the order of their ids: no window is closed over an end that is just being printed.
    held = detached.found(session, _asked_about(), mails=mail_ids)
    mails = marking.ready(session, mail_ids, now=now, host=programme.mail_host, link_keys=programme.link_keys)
    mails = [mail for mail in mails if mail.kind not in ASKS or mail.claim_id in held]
    over = detached.found(session, _about_what_is_over(), mails=[mail.id for mail in mails if mail.kind in ASKS])
    recalling.call_back_these(session, over, why="called back: this was over before it was sent", now=now)
    mails = [mail for mail in mails if mail.id not in over]
    invited = _invited(session, mails)
    for mail in mails:
        if mail.kind in ASKS and not mail.repeats:
            rounds.print_end(invited[mail.invitation_id], now=now, programme=programme)
    detached.write(session, list(invited.values()))
    session.flush()
    session.expire_all()  # what it has of these rows is what they were
    return {mail.id: Ready(mail, invited.get(mail.invitation_id)) for mail in mails}


def _invited(session: Session, mails: Collection[Mail]) -> Mapping[int | None, Invitation]:
    ids = {mail.invitation_id for mail in mails if mail.invitation_id is not None}
    return {each.id: each for each in detached.read(session, Invitation, _of_these(), invitations=ids)} if ids else {}


@cache
def _asked_about() -> Prepared:
    asking = select(Mail.claim_id).where(detached.among(Mail.id, "mails"), Mail.kind.in_(ASKS))
    claims = select(Claim.id).where(Claim.id.in_(asking)).order_by(Claim.id)
    return prepared(claims.with_for_update(key_share=True, skip_locked=True))


@cache
def _about_what_is_over() -> Prepared:
    is_over = or_(Invitation.superseded_at.is_not(None), Round.state.not_in(OPEN_STATES))
    asked = select(Mail.id).join(Invitation, Invitation.id == Mail.invitation_id).join(Invitation.round)
    return prepared(asked.where(detached.among(Mail.id, "mails"), is_over))


@cache
def _of_these() -> Prepared:
    return prepared(detached.rows_of(Invitation).where(detached.among(Invitation.id, "invitations")))


def begin(session: Session, mail_id: int, *, now: datetime, programme: Programme) -> Mail | None:
    """Make one leased mail ready and mark it as being sent; None where it is not to be sent."""
    ready = make_ready(session, [mail_id], now=now, programme=programme).get(mail_id)
    return ready.mail if ready is not None and mark(session, ready.mail, now=now) else None


def settle(session: Session, mail_id: int, outcome: Outcome, *, now: datetime, programme: Programme) -> None:
    """Note what became of a mail that `begin` marked, with everything that follows from it."""
    mail = ahead.mail(session, mail_id) or _held(session, mail_id)
    started = TAKEN.get(mail.kind)
    if started is not None and isinstance(outcome, Accepted) and mail.state is MailState.SENDING:
        started(session, mail, now=now, programme=programme)
    settled = outbox.settle(session, mail_id, outcome, now=now)
    if settled is not None and settled.claim_id is not None:
        _follow_up(session, settled, _claim(session, settled.claim_id), now, programme)


def _held(session: Session, mail_id: int) -> Mail:
    """Return a mail as it is once its claim is held: meanwhile another worker may have settled it, or it bounced."""
    mail = session.get_one(Mail, mail_id)
    if mail.claim_id is not None:  # the order of locks: claim, round, history head, outbox
        lifecycle.hold(session, _claim(session, mail.claim_id))
        session.refresh(mail)
    return mail


def _claim(session: Session, claim_id: int) -> Claim:
    return ahead.of(session, claim_id).claim or session.get_one(Claim, claim_id)


def settle_taken(session: Session, taken: Collection[Taken], *, programme: Programme) -> None:
    """Settle mails that the mail server took, with everything that follows: what is locked and read is so at once."""
    ids = [each.mail_id for each in taken]
    claims = {each.id: each for each in detached.read(session, Claim, _locked(), mails=ids)}
    held = locking.hold_all(session, claims)
    newest, heads = {each.claim_id: each for each in held}, history.hold(session, claims)
    known = {id_: Known(claim, newest.get(id_), heads[id_]) for id_, claim in claims.items()}
    mails = outbox.hold(session, ids)
    with ahead.keeping(session, known, rounds={each.id: each for each in held}, mails=mails):
        for each in taken:
            settle(session, each.mail_id, Accepted(each.answer), now=each.at, programme=programme)
        invitations = [invitation for round_ in held for invitation in round_.invitations]
        for changed in (list(claims.values()), held, invitations, list(mails.values())):
            detached.write(session, changed)
    session.expire_all()  # what it has of these rows is what they were


@cache
def _locked() -> Prepared:
    about = select(Mail.claim_id).where(detached.among(Mail.id, "mails"))
    return prepared(
        detached.rows_of(Claim).where(Claim.id.in_(about)).order_by(Claim.id).with_for_update(key_share=True)
    )


def take_back(session: Session, mail_id: int, *, now: datetime, programme: Programme) -> None:
    """Settle a mail whose worker was stopped before it did, with everything that follows.

    One that was noted to be taken is not in doubt; of any other nobody knows whether it was.
    """
    mail = _held(session, mail_id)
    if _was_taken(session, mail, programme):
        return
    settled = outbox.take_back(session, mail_id, now=now)
    if settled is not None and settled.claim_id is not None:
        _follow_up(session, settled, _claim(session, settled.claim_id), now, programme)


def lose(session: Session, mail_id: int, *, why: str, now: datetime, programme: Programme) -> bool:
    """End a mail that was to be sent and may have been, nobody knows: a person decides. `why` is for them.

    One that was noted to be taken is not in doubt, but settled as sent: False.
    """
    mail = _held(session, mail_id)
    if _was_taken(session, mail, programme):
        return False
    outbox.lose(mail, why=why, now=now, host=programme.mail_host)
    if mail.claim_id is not None:
        _follow_up(session, mail, _claim(session, mail.claim_id), now, programme)
    return True


def _was_taken(session: Session, mail: Mail, programme: Programme) -> bool:
    """Tell whether a mail that is being sent was noted to be taken; it is then settled, as of that moment."""
    if mail.state is not MailState.SENDING or mail.sent_at is None:
        return False
    settle(session, mail.id, Accepted(mail.answer), now=mail.sent_at, programme=programme)
    return True


def _follow_up(session: Session, mail: Mail, claim: Claim, now: datetime, programme: Programme) -> None:
    """Put a mail's end into its claim's history; where it did not surely get through, tell those whom it concerns."""
    if mail.state not in {MailState.SENT, MailState.REFUSED, MailState.UNKNOWN}:
        return
    data = {"mail": mail.kind, "to": mail.to_name, "answer": mail.answer}
    history.append(
        session, claim, f"mail:{mail.state}", actor=SYSTEM, now=now, data=data, is_internal=mail.is_internal
    )
    if mail.state in FAILED and mail.kind != "not-delivered":
        to_staff.not_delivered(session, claim, mail, now=now, programme=programme)
    if mail.state is MailState.REFUSED and mail.kind in ASKS:
        stops.notice_failed(session, mail, now=now, programme=programme)
    if mail.state in FAILED and mail.kind in TAKEN and mail.invitation_id is None:
        partners_clock.failed(session, claim, mail, now=now, programme=programme)
    if mail.state is MailState.REFUSED:
        partners_clock.not_told_that_it_is_over(session, claim, mail, now=now)
    if mail.state in FAILED and mail.kind in ASKS:
        holding.watch(session, now=now, programme=programme)
