"""A claim that takes the place of another partner's association: not when it is approved, but once its customer has
had their days. Till then it is provisional, and a denial of it leaves the other association as it is.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import Session

from cpor_web import assessment, lifecycle
from cpor_web.entities import ahead
from cpor_web.models import OPEN_STATES, Answer, Claim, Invitation, Replacement, Round
from cpor_web.programme import Programme
from cpor_web.rules.actions import Action
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import Status

# Only what has passed is denied late, so a round with a late denial that was undone passes for the second time.
_HAS_PASSED = exists().where(Invitation.round_id == Round.id, Answer.invitation_id == Invitation.id, Answer.is_late)
_IS_ASKED = exists().where(
    Round.claim_id == Replacement.claim_id, Round.state.in_(OPEN_STATES), ~_HAS_PASSED.correlate(Round)
)
WAITS = and_(Replacement.ended_at.is_(None), _IS_ASKED.correlate(Replacement))
"""Whether a decision's moment is still to come: the customer of the claim that replaces has their first days."""

_STANDS = exists().where(Claim.id == Replacement.replaced_id, Claim.status == Status.APPROVED)
MAY_COME_TRUE = and_(WAITS, _STANDS.correlate(Replacement))
"""Whether a decision ends an association if the customer of the claim that replaces does not deny."""

_IS_DUE = exists().where(Replacement.claim_id == bindparam("claim"), MAY_COME_TRUE)


def hold(session: Session, claim: Claim) -> Sequence[Replacement]:
    """Lock a claim together with those whose place it takes, by their ids, and return what is decided of these."""
    if ahead.of(session, claim.id).replaces is False:
        lifecycle.hold(session, claim)
        return ()
    waits = select(Replacement).where(Replacement.claim_id == claim.id, WAITS)
    decided = session.scalars(waits.order_by(Replacement.replaced_id)).all()
    for each in sorted((claim, *(each.replaced for each in decided)), key=lambda claim: claim.id):
        lifecycle.hold(session, each)
    return decided


def is_due(session: Session, claim: Claim) -> bool:
    """Tell whether another partner's association ends if this claim's customer does not deny."""
    return bool(session.scalar(select(_IS_DUE), {"claim": claim.id}))


def end(session: Session, decided: Replacement, *, now: datetime, programme: Programme) -> bool:
    """End a replaced association, which is locked, with the reviewer's rationale; tell whether it still stood."""
    replaced = decided.replaced
    if replaced.status is not Status.APPROVED:
        return False
    decided.ended_at = now
    lifecycle.say_why(replaced, Rejection.REPLACED, comment=decided.rationale, by=decided.user_id)
    data = {"rationale": decided.rationale}
    lifecycle.advance(session, replaced, Action.REPLACE, actor=SYSTEM, now=now, programme=programme, data=data)
    assessment.end(session, replaced, now=now, programme=programme, why="replaced by another claim")
    return True
