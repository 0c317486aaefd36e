"""Partners' deadlines that pass: *No partner response*. The operator's own delay never decides anything.

None passes while all closing is held, nor before every mail that had come by then was read: one may be a report that
the partner was never told of it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import assessment, lifecycle
from cpor_web.consent import locking, rounds, stops
from cpor_web.models import Claim, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.actions import Action
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import Status
from cpor_web.silence import holding, unread


def due(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Return the ids of up to `most` claims whose partner did not resubmit in time, the longest over first."""
    waiting = Claim.status == Status.PARTNER_ACTION_REQUIRED
    late = select(Claim.id).where(waiting, Claim.due_at <= now - deadlines.ONE_SECOND)
    return session.scalars(late.order_by(Claim.due_at, Claim.id).limit(most)).all()


def lapse(session: Session, claim_id: int, *, now: datetime, programme: Programme) -> bool:
    """Reject one claim whose partner let the deadline pass, if it still is so; tell whether it was."""
    claim = session.get(Claim, claim_id)
    if claim is None:
        return False
    lifecycle.hold(session, claim)
    if claim.status is not Status.PARTNER_ACTION_REQUIRED or claim.due_at is None:
        return False
    if not _has_passed(session, claim, claim.due_at, now, programme) or holding.bars(session):
        return False
    _reject(session, claim, Action.LAPSE, now, programme)
    return True


def contacts_due(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Return the ids of up to `most` rounds whose partner named no right contact in time."""
    stopped = Round.state == RoundState.STOPPED
    late = select(Round.id).where(stopped, Round.contact_due_at <= now - deadlines.ONE_SECOND)
    return session.scalars(late.order_by(Round.contact_due_at, Round.id).limit(most)).all()


def lapse_contact(session: Session, round_id: int, *, now: datetime, programme: Programme) -> bool:
    """Reject one claim for which no right contact was named in time, if it still is so; tell whether it was."""
    round_ = session.get(Round, round_id)
    if round_ is None:
        return False
    claim = lifecycle.hold(session, round_.claim)
    locking.hold(session, round_)
    if round_.state is not RoundState.STOPPED or round_.contact_due_at is None:
        return False
    if not _has_passed(session, claim, round_.contact_due_at, now, programme) or holding.bars(session):
        return False
    if stops.end_asking(session, claim, round_, now=now, programme=programme):  # what an older version left running
        return False
    _reject(session, claim, Action.CONTACT_LAPSE, now, programme)
    rounds.end(session, round_, now=now)
    assessment.end(session, claim, now=now, programme=programme, why="no partner response")
    return True


def _has_passed(session: Session, claim: Claim, due_at: datetime, now: datetime, programme: Programme) -> bool:
    until = unread.read_until(session, now=now, programme=programme)
    is_over = until is not None and deadlines.has_passed(due_at, until)
    return is_over and not unread.is_undrawn(session, claim)


def _reject(session: Session, claim: Claim, action: Action, now: datetime, programme: Programme) -> None:
    lifecycle.say_why(claim, Rejection.NO_PARTNER_RESPONSE)
    lifecycle.advance(session, claim, action, actor=SYSTEM, now=now, programme=programme)
