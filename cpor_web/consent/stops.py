"""Stops: the clock stands still while nobody, or the wrong person, was asked, until the right contact is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.consent import locking, rounds
from cpor_web.emails import recalling
from cpor_web.emails.catalogue import to_partner
from cpor_web.entities import ahead
from cpor_web.models import Answer, AnswerKind, Claim, CustomerContact, Event, Invitation, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.exc import GuardFailed
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.words import N_

NOT_DELIVERED = N_("the notice could not be delivered")
WRONG_PERSON = N_("the contact is not the right person")
DENIED_BY_REPLACED = N_("a replaced contact denied")
STILL_MISSING = N_("the right contact is still missing")
REACHED = N_("the notice was delivered after all")
FOR_A_REVIEWER = frozenset({DENIED_BY_REPLACED, REACHED})
"""Why a clock stands still for a reviewer alone: the partner is asked for nothing."""

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
    history.append(session, claim, "consent:stopped", actor=SYSTEM, now=now, data=data)
    return True


def _is_new(session: Session, claim: Claim, why: str) -> bool:
    if why == DENIED_BY_REPLACED:
        last = _last_stop(session, claim.id)
        return last is not None and last.data["why"] == REACHED
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
    session.flush()
    for each in round_.invitations:
        session.expire(each, ["answers"])
    return [(each.contact, why) for each in round_.astray if (why := why_astray(each)) is not None]


def is_astray(session: Session, asked: Sequence[Invitation]) -> bool:
    """Tell whether a notice of these came back, or somebody said not to be the right person."""
    wrong = select(Answer.id).where(
        Answer.invitation_id.in_([each.id for each in asked]), Answer.kind == AnswerKind.NOT_THE_RIGHT_PERSON
    )
    return any(each.bounced_at is not None for each in asked) or session.scalar(wrong.limit(1)) is not None


def needs_contact(session: Session, claim: Claim, round_: Round) -> bool:
    """Tell whether the clock stands still until the partner names a right contact: none is proposed yet."""
    is_stopped = round_.state is RoundState.STOPPED and is_astray(session, round_.asked)
    return is_stopped and facts.proposed_contact(session, claim) is None


def notice_taken(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Note that the mail server took a notice. For jobs: locks the claim and the round."""
    round_ = rounds.notice_taken(session, mail, now=now, programme=programme)
    if round_ is not None:
        end_asking(session, round_.claim, round_, now=now)


def end_asking(session: Session, claim: Claim, round_: Round, *, now: datetime) -> bool:
    """End the partner's time to name a right contact where nobody is astray any more; tell whether nobody is.

    A reviewer says how the consent period goes on. Where somebody's notice is not out yet there is nothing to say:
    the round waits for that one, and begins with it.
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
    return True


def notice_failed(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Stop the clock of a round whose notice the mail server refused or sent back. For jobs: locks the claim."""
    invitation = session.get(Invitation, mail.invitation_id)
    if invitation is None or invitation.superseded_at is not None:
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
    return last.at if last is not None and last.data["why"] not in FOR_A_REVIEWER else None


def _last_stop(session: Session, claim_id: int) -> Event | None:
    stopped = select(Event).where(Event.claim_id == claim_id, Event.kind == "consent:stopped")
    return session.scalar(stopped.order_by(Event.position.desc()).limit(1))


def _is_of_this_stop(session: Session, mail: Mail) -> bool:
    since = stopped_since(session, mail.claim_id) if mail.claim_id is not None else None
    return since is not None and mail.queued_at >= since


def replace_contact(
    session: Session,
    claim: Claim,
    round_: Round,
    old: CustomerContact,
    new: CustomerContact,
    *,
    now: datetime,
    programme: Programme,
) -> None:
    """Ask another contact instead: a new notice and a full new window; only the replaced one's link is superseded."""
    for invitation in round_.invitations:
        if invitation.contact_id == old.id and invitation.superseded_at is None:
            invitation.superseded_at = now
            recalling.call_back(session, invitation.id, why="called back: another contact is asked instead", now=now)
            others_said_so = any(_has_confirmed(session, each) for each in round_.asked)
            if _has_confirmed(session, invitation) and not others_said_so:
                round_.yes_at = None
    position, old.position = old.position, None
    session.flush()
    new.position = position
    round_.state = RoundState.WAITING
    round_.contact_due_at = round_.contact_rule = None
    others = round_.asked
    rounds.invite(session, claim, round_, new, now=now, programme=programme)
    if is_astray(session, others):
        ask_for_contact(session, claim, round_, now=now, programme=programme, why=STILL_MISSING)


def _has_confirmed(session: Session, invitation: Invitation) -> bool:
    yes = select(Answer.id).where(Answer.invitation_id == invitation.id, Answer.kind == AnswerKind.YES_CONFIRMED)
    return session.scalar(yes.limit(1)) is not None


def go_on(round_: Round, *, now: datetime, programme: Programme) -> None:
    """Let a stopped round run again, with a full window from now. Raises GuardFailed unless every notice is out."""
    if any(each.bounced_at is not None for each in round_.asked):
        raise GuardFailed(N_("A notice was not delivered: the right contact must be named first."))
    if any(each.taken_at is None for each in round_.asked):
        raise GuardFailed(
            N_(
                "A notice is not out yet: the period can go on once the mail server has taken it."
                " If it is not known whether it was delivered, send it again."
            )
        )
    end = deadlines.consent_end(now, programme.periods.consent, programme.calendar)
    if round_.ends_at is None or end.at > round_.ends_at:
        rounds.set_end(round_, end, programme)
    round_.state = RoundState.RUNNING
    round_.contact_due_at = round_.contact_rule = None
