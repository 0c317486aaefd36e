"""Rounds: opened on approval, running once every notice is out, closed at the end they print."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import DateTime, bindparam, select
from sqlalchemy.orm import Session

from consent_links import new_id
from cpor_web import assessment, facts, history, lifecycle
from cpor_web.consent import locking, replacing
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails import recalling
from cpor_web.emails.catalogue import to_customer
from cpor_web.entities import ahead
from cpor_web.models import Claim, CustomerContact, Invitation, Mail, Replacement, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.actions import Action
from cpor_web.rules.deadlines import Deadline
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import SYSTEM
from cpor_web.silence import holding, unread


def open_round(session: Session, claim: Claim, *, needs_yes: bool, now: datetime, programme: Programme) -> Round:
    """Ask every contact of a claim that was just approved. No clock runs before the notices are out."""
    before = session.scalar(
        select(Round.number).where(Round.claim_id == claim.id).order_by(Round.number.desc()).limit(1)
    )
    round_ = Round(
        claim_id=claim.id, number=(before or 0) + 1, state=RoundState.WAITING, needs_yes=needs_yes, opened_at=now
    )
    session.add(round_)
    claim.drop_proposal()  # of a round before, which ended over it
    session.flush()
    data = {"round": round_.number, "needs_yes": needs_yes}
    history.append(session, claim, "consent:opened", actor=SYSTEM, now=now, data=data)
    for contact in claim.contacts:
        invite(session, claim, round_, contact, now=now, programme=programme)
    return round_


def invite(
    session: Session, claim: Claim, round_: Round, contact: CustomerContact, *, now: datetime, programme: Programme
) -> Invitation:
    """Give one contact its own link in a round, and queue the notice that carries it."""
    invitation = Invitation(round=round_, contact=contact, link_id=new_id())
    session.add(invitation)
    session.flush()
    ask(session, claim, invitation, now=now, programme=programme)
    return invitation


def ask(session: Session, claim: Claim, invitation: Invitation, *, now: datetime, programme: Programme) -> None:
    """Queue the notice that carries a contact's link, or the request where a yes is needed."""
    put = to_customer.confirmation_request if invitation.round.needs_yes else to_customer.consent_notice
    put(session, claim, invitation, replaces=replacing.is_due(session, claim), now=now, programme=programme)


def print_end(invitation: Invitation, *, now: datetime, programme: Programme) -> None:
    """Fix the end that a notice says which is written at `now`."""
    invitation.printed_end = deadlines.consent_end(now, programme.periods.consent, programme.calendar).at


def notice_taken(session: Session, mail: Mail, *, now: datetime, programme: Programme) -> Round | None:
    """Note that the mail server took a notice at `now`; the last one of a round starts its window.

    A notice that is sent again gives a later end; none ever takes time away. For jobs: locks the claim and the round.
    Returns the round; None where nobody is asked by this notice any more.
    """
    invitation = ahead.invitation(session, mail.invitation_id) or session.get(Invitation, mail.invitation_id)
    if invitation is None or invitation.superseded_at is not None:
        return None
    round_ = invitation.round
    claim = lifecycle.hold(session, round_.claim)
    locking.hold(session, round_)
    invitation.taken_at, invitation.bounced_at = now, None
    asked = round_.asked
    may_go_on = round_.is_open or round_.state is RoundState.DENIED
    if not may_go_on or any(each.taken_at is None for each in asked):
        return round_
    is_longer = end_later(round_, asked, programme)
    if round_.state is RoundState.WAITING or (is_longer and round_.state is RoundState.RUNNING):
        kind = "consent:started" if round_.state is RoundState.WAITING else "consent:extended"
        round_.state = RoundState.RUNNING
        claim.version += 1
        assert round_.ends_at is not None
        data = {"round": round_.number, "ends_at": round_.ends_at.isoformat()}
        history.append(session, claim, kind, actor=SYSTEM, now=now, data=data)
    return round_


def end_later(round_: Round, taken: Sequence[Invitation], programme: Programme) -> bool:
    """Let a round end later where its notices print a later end, or `taken` ones ask for it; tell whether it does.

    It ends at the latest that a notice prints, and seven full days after each was taken. What was computed before
    stays as the rule of that day made it: a setting that was changed since moves nothing.
    """
    ends = [
        deadlines.consent_end(each.taken_at, programme.periods.consent, programme.calendar)
        for each in taken
        if each.taken_at is not None
    ]
    if round_.ends_at is not None:
        ends.append(Deadline(round_.ends_at, round_.end_rule or {}))
    latest = max(ends, key=lambda end: end.at)
    printed = max((each.printed_end for each in round_.asked if each.printed_end), default=latest.at)
    if printed > latest.at:
        latest = Deadline(printed, {**latest.rule, "printed": printed.isoformat()})
    if round_.ends_at is not None and latest.at <= round_.ends_at:
        return False
    set_end(round_, latest, programme)
    return True


def set_end(round_: Round, end: Deadline, programme: Programme) -> None:
    """Let a round end at `end` and be closed the grace later."""
    round_.ends_at, round_.end_rule = end.at, end.rule
    round_.closes_at = end.at + timedelta(seconds=programme.grace_seconds)


def due(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Return the ids of up to `most` rounds whose closing has come, the longest due first."""
    return [id_ for (id_,) in _due(most).ask(session, now=now)]


@cache
def _due(most: int) -> Prepared:
    over = Round.closes_at <= bindparam("now", type_=DateTime(timezone=True))
    running = select(Round.id).where(Round.state == RoundState.RUNNING, Round.reply_at.is_(None), over)
    return prepared(running.order_by(Round.closes_at, Round.id).limit(most))


def close(session: Session, round_id: int, *, now: datetime, programme: Programme) -> bool:
    """Close one round if it is still due, and tell whether it was.

    Without a denial the claim goes to assessment, once; a round that needed a yes and got none ends as declined.
    Nothing is closed while all closing is held, nor over a mail that came before it was due and was not read yet.
    """
    round_ = ahead.round_(session, round_id) or session.get(Round, round_id)
    if round_ is None:
        return False
    claim = round_.claim
    decided = replacing.hold(session, claim)
    locking.hold(session, round_)
    if round_.state is not RoundState.RUNNING or round_.ends_at is None or round_.closes_at is None:
        return False
    if not unread.has_passed(session, round_.closes_at, now=now, programme=programme):
        return False
    if round_.reply_at is not None or unread.is_undrawn(session, claim, replies=True):
        return False
    if end_later(round_, (), programme):  # a notice that was sent again, and may be out, prints a later end
        return False
    if holding.bars(session):
        return False
    passed = not round_.needs_yes or round_.yes_at is not None
    if not passed:
        lifecycle.say_why(claim, Rejection.CUSTOMER_DECLINE)
    action = Action.PASS if passed else Action.DECLINE_BY_SILENCE
    until = {} if passed else {"ends_at": round_.ends_at.isoformat()}
    data = {"round": round_.number, **until}
    lifecycle.advance(session, claim, action, actor=SYSTEM, now=now, programme=programme, data=data)
    round_.state = RoundState.PASSED if passed else RoundState.SILENT
    round_.closed_at = now
    for id_ in _waiting_for(session, claim, round_.asked):
        recalling.call_back(
            session, id_, why="called back: the consent period was over before this was sent", now=now
        )
    if passed:
        assessment.queue(session, claim, round_, now=now, programme=programme)
        for each in decided:
            _replace(session, each, now=now, programme=programme)
    else:  # it may have passed before: a late denial was undone, and who had said yes was replaced
        assessment.end(session, claim, now=now, programme=programme, why="not confirmed")
    return True


def _waiting_for(session: Session, claim: Claim, asked: Sequence[Invitation]) -> Sequence[int]:
    """Return the ids of those asked of whom a mail may wait to be sent."""
    waiting = ahead.of(session, claim.id).mails_wait
    return [each.id for each in asked if waiting is None or each.id in waiting]


def _replace(session: Session, decided: Replacement, *, now: datetime, programme: Programme) -> None:
    """End the association whose place a claim takes, and its round where that is still open."""
    round_ = facts.latest_round(session, decided.replaced)
    if replacing.end(session, decided, now=now, programme=programme) and round_ is not None:
        end(session, locking.hold(session, round_), now=now)


def end(session: Session, round_: Round, *, now: datetime) -> None:
    """End an open round from outside: the partner gave the claim up, or named no right contact in time.

    Notices that are not out yet stay here: nobody is asked about what is over.
    """
    if round_.is_open:
        round_.state, round_.closed_at = RoundState.ENDED, now
        for invitation in round_.invitations:
            recalling.call_back(
                session, invitation.id, why="called back: the claim was rejected before this was sent", now=now
            )
