"""What a customer contact says through a link: deny, undo, no objection, not the right person, yes.

Every verb locks the claim, then the round, and judges by what it then reads: the state in the database has the last
word, never a clock of the web server's. A denial that comes before the closing is in time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, joinedload

from cpor_web import assessment, facts, lifecycle
from cpor_web.consent import recording, rivals, rounds, stops, superseded
from cpor_web.consent.recording import Held, Outcome
from cpor_web.emails import recalling
from cpor_web.emails.catalogue import ASKS, to_customer, to_partner
from cpor_web.models import Answer, AnswerKind, Claim, Invitation, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.actions import Action
from cpor_web.rules.deadlines import ONE_DAY
from cpor_web.rules.exc import GuardFailed, NotAllowed
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.words import N_

LEAST_UNDO = timedelta(hours=24)


def find(session: Session, link_id: bytes) -> Invitation | None:
    """Return the invitation behind a link, read together with what its page shows of the claim and was answered."""
    return session.scalars(_behind_link(), {"link": link_id}).unique().one_or_none()


@cache
def _behind_link() -> Select[Invitation]:
    claim = joinedload(Invitation.round, innerjoin=True).joinedload(Round.claim, innerjoin=True)
    return (
        select(Invitation)
        .where(Invitation.link_id == bindparam("link"))
        .options(
            joinedload(Invitation.contact, innerjoin=True),
            joinedload(Invitation.answers),
            claim.joinedload(Claim.partner, innerjoin=True),
            claim.joinedload(Claim.mpn_id),
            claim.joinedload(Claim.products),
        )
    )


def deny(
    session: Session,
    invitation: Invitation,
    *,
    reason: Denial,
    words: str = "",
    way: Way,
    now: datetime,
    programme: Programme,
) -> Outcome:
    """Record a denial: the claim is rejected, everybody is told. Denying twice is the same as once.

    After the window it ends the association and flags the assessment. Through a superseded link it decides nothing:
    it stops the clock, and a reviewer looks at it.
    """
    held = recording.hold(session, invitation)
    if held.invitation.superseded_at is not None:
        return superseded.deny(session, held, reason=reason, words=words, way=way, now=now, programme=programme)
    if held.round.state is RoundState.DENIED:
        return Outcome.ALREADY
    if not recording.is_in_force(held):
        return Outcome.OVER
    is_late, asked = held.round.state is RoundState.PASSED, held.round.asked
    was_assessed = facts.read_parts(session, held.claim)
    answer = recording.record(session, held, AnswerKind.DENIED, way, now, reason=reason, words=words, is_late=is_late)
    claim = held.claim
    lifecycle.say_why(claim, Rejection.CUSTOMER_DECLINE, comment=answer.words)
    data = {
        "round": held.round.number,
        "reason": reason.value,
        "words": answer.words,
        "way": way.value,
        "late": is_late,
    }
    lifecycle.advance(session, claim, Action.DENY, actor=held.actor, now=now, programme=programme, data=data)
    held.round.state, held.round.closed_at = RoundState.DENIED, now
    _tell_of_denial(session, held, asked, answer, now, programme)
    if was_assessed:  # also where it is not late: a window that passed runs again after a late denial was undone
        assessment.end(session, claim, now=now, programme=programme, why="denied")
    return Outcome.LATE if is_late else Outcome.RECORDED


def undo(session: Session, invitation: Invitation, *, now: datetime, programme: Programme) -> None:
    """Restore the association that this contact denied, with the end it had, at least 24 hours away.

    Raises NotAllowed or GuardFailed where there is nothing of this contact's to undo, or its time has passed.
    """
    held = recording.hold(session, invitation)
    denial = last_denial(session, held.round)
    is_mine = denial is not None and denial.invitation_id == invitation.id
    if held.round.state is not RoundState.DENIED or not is_mine or not held.is_newest:
        raise NotAllowed(N_("There is no denial that could be undone."))
    if denial is None or now > undo_until(held.round, denial):
        raise GuardFailed(N_("The time to undo the denial has passed."))
    data = {"round": held.round.number}
    lifecycle.advance(
        session, held.claim, Action.UNDO_DENIAL, actor=held.actor, now=now, programme=programme, data=data
    )
    recording.record(session, held, AnswerKind.UNDONE, Way.PAGE, now)
    _resume(session, held, now, programme)
    if _has_passed(session, held.round):
        assessment.restore(session, held.claim, now=now, programme=programme)
    needs_contact = stops.needs_contact(session, held.claim, held.round)
    about: dict[str, Any] = {"needs_contact": needs_contact, "now": now, "programme": programme}
    for each in held.round.asked:
        to_customer.denial_undone(session, held.claim, each, is_own=each.id == invitation.id, **about)
    to_partner.denial_undone_for_partner(session, held.claim, held.round, **about)
    rivals.tell_of_restored(session, held.claim, now=now, programme=programme)


def no_objection(session: Session, invitation: Invitation, *, now: datetime, programme: Programme) -> Outcome:
    """Record that a contact has no objection. It shortens nothing."""
    held = recording.hold(session, invitation)
    return recording.note(session, held, AnswerKind.NO_OBJECTION, "consent:no-objection", now)


def not_the_right_person(session: Session, invitation: Invitation, *, now: datetime, programme: Programme) -> Outcome:
    """Record that the wrong person was asked: the clock stops, and the partner is asked for a right contact."""
    held = recording.hold(session, invitation)
    outcome = recording.note(session, held, AnswerKind.NOT_THE_RIGHT_PERSON, "consent:wrong-person", now)
    if outcome is Outcome.RECORDED:
        why = stops.WRONG_PERSON
        stops.ask_for_contact(session, held.claim, held.round, now=now, programme=programme, why=why)
    return outcome


def press_yes(session: Session, invitation: Invitation, *, now: datetime, programme: Programme) -> Outcome:
    """Note a yes that was pressed; it counts once it is confirmed through the link that is now mailed."""
    held = recording.hold(session, invitation)
    if not held.round.needs_yes:
        return Outcome.OVER
    outcome = recording.note(session, held, AnswerKind.YES_PRESSED, "consent:yes-pressed", now)
    if outcome is Outcome.RECORDED:
        to_customer.yes_confirmation(session, held.claim, invitation, now=now, programme=programme)
    return outcome


def confirm_yes(session: Session, invitation: Invitation, *, now: datetime, programme: Programme) -> Outcome:
    """Let a yes count. Any denial still beats it."""
    held = recording.hold(session, invitation)
    if not held.round.needs_yes:
        return Outcome.OVER
    outcome = recording.note(session, held, AnswerKind.YES_CONFIRMED, "consent:yes-confirmed", now)
    if outcome is Outcome.RECORDED and held.round.yes_at is None:
        held.round.yes_at = now
    return outcome


def last_denial(session: Session, round_: Round) -> Answer | None:
    """Return the newest denial that counted in a round."""
    return session.scalar(
        select(Answer)
        .join(Invitation)
        .where(Invitation.round_id == round_.id, Answer.kind == AnswerKind.DENIED)
        .order_by(Answer.id.desc())
        .limit(1)
    )


def may_be_restored(session: Session, round_: Round, *, now: datetime) -> bool:
    """Tell whether a round was denied, and the time to undo that is not over."""
    denial = last_denial(session, round_) if round_.state is RoundState.DENIED else None
    return denial is not None and now <= undo_until(round_, denial)


def undo_until(round_: Round, denial: Answer) -> datetime:
    """Return until when a denial can be undone: the later of the window's end and 24 hours after it.

    Where the window has no end yet, since a notice is out that is not noted as taken, it is the end that is printed.
    """
    return latest_undo(denial.at, (round_.ends_at, *(each.printed_end for each in round_.asked)))


def latest_undo(denied_at: datetime, ends: Iterable[datetime | None]) -> datetime:
    """Return the same of a denial at that moment, by the ends of its round and of those asked."""
    return max([denied_at + LEAST_UNDO, *(end for end in ends if end is not None)])


def _has_passed(session: Session, round_: Round) -> bool:
    """Tell whether a round that was denied had passed before: only then was there a late denial in it."""
    late = select(Answer.id).join(Invitation).where(Invitation.round_id == round_.id, Answer.is_late)
    return session.scalar(late.limit(1)) is not None


def _resume(session: Session, held: Held, now: datetime, programme: Programme) -> None:
    """Let a round go on that was denied: with the end it had, or waiting or stopped where no clock may run."""
    round_, asked, least = held.round, held.round.asked, now + LEAST_UNDO
    round_.state, round_.closed_at = RoundState.WAITING, None
    for each in asked:
        if recalling.was_called_back(session, each.id, ASKS):  # nobody is asked about what is over, and now it is not
            rounds.ask(session, held.claim, each, now=now, programme=programme)
    if stops.is_astray(session, asked) and facts.proposed_contact(session, held.claim) is not None:
        stops.stop(session, held.claim, round_, now=now, why=stops.STILL_MISSING)  # a reviewer acts next
    elif stops.is_astray(session, asked):
        stops.ask_for_contact(session, held.claim, round_, now=now, programme=programme, why=stops.STILL_MISSING)
    elif stops.is_denial_to_be_read(session, held.claim):
        stops.stop(session, held.claim, round_, now=now, why=stops.DENIED_BY_REPLACED)
    elif all(each.taken_at is not None for each in asked):
        round_.state = RoundState.RUNNING
        rounds.end_later(round_, asked if round_.ends_at is None else (), programme)
        if round_.ends_at is None or round_.ends_at < least:
            one_day = deadlines.exact_days("undo", now, LEAST_UNDO / ONE_DAY, programme.calendar)
            rounds.set_end(round_, one_day, programme)


def _tell_of_denial(
    session: Session, held: Held, asked: Sequence[Invitation], answer: Answer, now: datetime, programme: Programme
) -> None:
    until = undo_until(held.round, answer)
    for each in asked:
        to_customer.denial_recorded(
            session,
            held.claim,
            each,
            answer,
            now=now,
            programme=programme,
            undo_until=until if each.id == held.invitation.id else None,
        )
    to_partner.denial_recorded_for_partner(session, held.claim, answer, now=now, programme=programme)
