"""Stops: the clock stands still while nobody, or the wrong person, was asked, until the right contact is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.consent import locking, rounds
from cpor_web.emails.catalogue import to_partner
from cpor_web.entities import ahead
from cpor_web.models import (
    COUNTS,
    Answer,
    AnswerKind,
    Claim,
    CustomerContact,
    Event,
    Invitation,
    Mail,
    Round,
    RoundState,
)
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.words import N_

NOT_DELIVERED = N_("the notice could not be delivered")
WRONG_PERSON = N_("the contact is not the right person")
DENIED_BY_REPLACED = N_("a replaced contact denied")
STILL_MISSING = N_("the right contact is still missing")
REACHED = N_("the notice was delivered after all")
FOR_A_REVIEWER = frozenset({DENIED_BY_REPLACED, REACHED})
"""Why a clock stands still for a reviewer alone: the partner is asked for nothing."""

STOPPED = "consent:stopped"
TURNED_DOWN = "contact:turned-down"
"""What a reviewer does with a contact whom the partner proposed: it is asked for another one, with its whole time."""

DENIED = "consent:denied-by-superseded"
READ_BY = ("consent:resumed", "contact:corrected", "consent:opened")
"""What a reviewer does once they have looked at such a denial."""

NOT_REACHED = N_("The notice to them could not be delivered.")
SAYS_WRONG = N_("They say that they are not the right person.")


def stop(session: Session, claim: Claim, round_: Round, *, now: datetime, why: str) -> bool:
    """Stop a round's clock, and tell whether there is something new to ask for; `why` is a msgid for the history.

    A round that stands still for a reviewer alone: that a right contact is missing as well is a stop of its own, with
    a time of its own. Any other stop has asked for one already; that all were reached after all ends that asking,
    and hides no denial of a replaced contact, whether that came meanwhile or comes then.
    """
    if not round_.is_open or (round_.state is RoundState.STOPPED and not _is_new(session, claim, why)):
        return False
    if why == REACHED and is_denial_to_be_read(session, claim):
        why = DENIED_BY_REPLACED
    round_.state = RoundState.STOPPED
    round_.contact_due_at = round_.contact_rule = None
    claim.version += 1
    data = {"round": round_.number, "why": why}
    history.append(session, claim, STOPPED, actor=SYSTEM, now=now, data=data)
    return True


def _is_new(session: Session, claim: Claim, why: str) -> bool:
    if why == DENIED_BY_REPLACED:
        last = _last_stop(session, claim.id)
        return last is not None and last.kind == STOPPED and last.data["why"] == REACHED
    return (why == REACHED) == (stopped_since(session, claim.id) is not None)


def is_denial_to_be_read(session: Session, claim: Claim) -> bool:
    """Tell whether a replaced contact has denied, and no reviewer has let the period go on since."""
    told = select(Event.kind).where(Event.claim_id == claim.id, Event.kind.in_((DENIED, *READ_BY)))
    return session.scalar(told.order_by(Event.position.desc()).limit(1)) == DENIED


def why_astray(invitation: Invitation) -> str | None:
    """Return why another contact is needed instead of this one (a sentence's msgid), None where none is."""
    if invitation.is_the_wrong_person:
        return SAYS_WRONG
    return NOT_REACHED if invitation.bounced_at is not None else None


def who_is_astray(session: Session, round_: Round) -> list[tuple[CustomerContact, str]]:
    """Return the contacts instead of whom others are needed, each with why; what this transaction added counts."""
    read_answers(session, round_)
    return [(each.contact, why) for each in round_.astray if (why := why_astray(each)) is not None]


def read_answers(session: Session, round_: Round) -> None:
    """Have what contacts said read afresh when it is next looked at, with what this transaction added."""
    session.flush()
    for each in round_.invitations:
        session.expire(each, ["answers"])


def said(session: Session, asked: Sequence[Invitation], kind: AnswerKind) -> bool:
    """Tell whether one of these said so since they were last asked."""
    said = select(Answer.id).join(Answer.invitation).where(Answer.kind == kind, COUNTS)
    return session.scalar(said.where(Invitation.id.in_([each.id for each in asked])).limit(1)) is not None


def is_astray(session: Session, asked: Sequence[Invitation]) -> bool:
    """Tell whether a notice of these came back, or somebody said not to be the right person."""
    is_missed = any(each.bounced_at is not None for each in asked)
    return is_missed or said(session, asked, AnswerKind.NOT_THE_RIGHT_PERSON)


def needs_contact(session: Session, claim: Claim, round_: Round) -> bool:
    """Tell whether the clock stands still until the partner names a right contact: none is proposed yet."""
    is_stopped = round_.state is RoundState.STOPPED and is_astray(session, round_.asked)
    return is_stopped and facts.proposed_contact(session, claim) is None


def notice_taken(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Note that the mail server took a notice. For jobs: locks the claim and the round."""
    round_ = rounds.notice_taken(session, mail, now=now, programme=programme)
    if round_ is not None:
        end_asking(session, round_.claim, round_, now=now, programme=programme)


def end_asking(session: Session, claim: Claim, round_: Round, *, now: datetime, programme: Programme) -> bool:
    """End the partner's time to name a right contact where nobody is astray any more; tell whether nobody is.

    A reviewer says how the consent period goes on. Where somebody's notice is not out yet there is nothing to say:
    the round waits for that one, and begins with it. The partner, who was asked for a contact, is told.
    """
    if round_.state is not RoundState.STOPPED or is_astray(session, round_.asked):
        return False
    if facts.proposed_contact(session, claim) is not None or stopped_since(session, claim.id) is None:
        return True  # a reviewer acts next as it is
    if is_denial_to_be_read(session, claim) or all(each.taken_at is not None for each in round_.asked):
        return stop(session, claim, round_, now=now, why=REACHED)
    round_.state = RoundState.WAITING
    round_.contact_due_at = round_.contact_rule = None
    claim.version += 1
    history.append(session, claim, "consent:reached", actor=SYSTEM, now=now, data={"round": round_.number})
    whole = session.get_one(Claim, claim.id)  # a batch has not read all that the mail says of it
    to_partner.consent_period_goes_on(session, whole, round_, (), now=now, programme=programme)
    return True


def notice_failed(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Stop the clock of a round whose notice the mail server refused or sent back. For jobs: locks the claim.

    Where its contact is asked once more, nothing runs until a notice is taken: one from before decides nothing.
    """
    invitation = session.get(Invitation, mail.invitation_id)
    if invitation is None or invitation.superseded_at is not None:
        return
    asked_again = invitation.asked_again_at
    if asked_again is not None and invitation.taken_at is None and mail.queued_at < asked_again:
        return
    claim = lifecycle.hold(session, invitation.round.claim)
    round_ = locking.hold(session, invitation.round)
    invitation.bounced_at = now
    ask_for_contact(session, claim, round_, now=now, programme=programme, why=NOT_DELIVERED)


def ask_instead_of_erased(
    session: Session, claim: Claim, round_: Round, *, now: datetime, programme: Programme
) -> None:
    """Ask the partner for others where contacts of a round that was just opened are erased.

    Their notices never go out, and no mail server will say so.
    """
    erased = [each for each in round_.asked if each.contact.is_erased]
    for each in erased:
        each.bounced_at = now
    if erased:
        ask_for_contact(session, claim, round_, now=now, programme=programme, why=NOT_DELIVERED)


def ask_for_contact(
    session: Session, claim: Claim, round_: Round, *, now: datetime, programme: Programme, why: str
) -> None:
    """Stop the clock because nobody, or the wrong person, was reached; the partner is to name a right contact."""
    if stop(session, claim, round_, now=now, why=why):
        astray = who_is_astray(session, round_)
        to_partner.contact_needed(session, claim, round_, astray, now=now, programme=programme)


def ask_instead_of_proposed(
    session: Session, claim: Claim, round_: Round, name: str, *, now: datetime, programme: Programme, why: str
) -> None:
    """Ask the partner for another contact than `name`, who will not do; its time starts once our mail was taken."""
    set_contact_clock(round_, None, programme)
    astray, turned_down = who_is_astray(session, round_), {"name": name, "why": why}
    to_partner.contact_needed(session, claim, round_, astray, turned_down=turned_down, now=now, programme=programme)


def contact_asked(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Start the partner's time to name a right contact: the mail server has taken the mail that asks for one."""
    if mail.claim_id is None:
        return
    claim = ahead.of(session, mail.claim_id).claim or session.get_one(Claim, mail.claim_id)
    lifecycle.hold(session, claim)
    round_ = facts.latest_round(session, claim)
    if round_ is None or round_.state is not RoundState.STOPPED or round_.contact_due_at is not None:
        return
    if not _is_of_this_stop(session, mail):
        return  # it was late: what it asked for has come, and the clock stands still for something else
    if facts.proposed_contact(session, claim) is not None:
        return  # the partner was quicker than our mail: a reviewer acts next
    locking.hold(session, round_)
    set_contact_clock(round_, now, programme)


def set_contact_clock(round_: Round, asked_at: datetime | None, programme: Programme) -> None:
    """Let the partner's time to name a right contact count from the moment they were asked, or stand still."""
    round_.contact_due_at = round_.contact_rule = None
    if asked_at is not None:
        due = deadlines.business_days("contact", asked_at, programme.periods.partner, programme.calendar)
        round_.contact_due_at, round_.contact_rule = due.at, due.rule


def stopped_since(session: Session, claim_id: int) -> datetime | None:
    """Return since when the clock stands still for a right contact that the partner is asked for."""
    last = _last_stop(session, claim_id)
    is_reviewers = last is not None and last.kind == STOPPED and last.data["why"] in FOR_A_REVIEWER
    return None if last is None or is_reviewers else last.at


def _last_stop(session: Session, claim_id: int) -> Event | None:
    stopped = select(Event).where(Event.claim_id == claim_id, Event.kind.in_((STOPPED, TURNED_DOWN)))
    return session.scalar(stopped.order_by(Event.position.desc()).limit(1))


def _is_of_this_stop(session: Session, mail: Mail) -> bool:
    since = stopped_since(session, mail.claim_id) if mail.claim_id is not None else None
    return since is not None and mail.queued_at >= since
