"""Who decides on what waits: a reviewer takes the next claim, or gives one to a colleague."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.claims import deciding
from cpor_web.claims.input import require
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid, NotAllowed
from cpor_web.rules.roles import REVIEWERS, Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

ASSIGNABLE = frozenset({Status.SUBMITTED, Status.UNDER_REVIEW, Status.PARTNER_ACTION_REQUIRED})
"""The statuses in which a claim is some reviewer's work, or will be."""

REJECTED_IT = N_("%(name)s rejected this claim. Another reviewer decides on its dispute.")

_IS_THERE = exists().where(User.id == Claim.reviewer_id, User.active)


def take_next(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    area: str = "",
    disputed: bool = False,
) -> Claim | None:
    """Let the reviewer hold the claim that is due first of those that nobody else has, and return it.

    What waits for this reviewer (assigned, or resubmitted) counts; a dispute of their own rejection does not, where
    another reviewer is there. Claims that others are taking at this moment are passed over, so that several reviewers
    at once never take the same one. Returns None where nothing is left.
    """
    require(actor, REVIEWERS)
    waiting = select(Claim).where(Claim.due_at.is_not(None), _is_free(actor))
    if facts.has_other_reviewers(session, actor):
        waiting = waiting.where(or_(~Claim.is_disputed, Claim.rejected_by_id.is_distinct_from(actor.user_id)))
    if area:
        waiting = waiting.where(Claim.area == area)
    if disputed:
        waiting = waiting.where(Claim.is_disputed)
    first = waiting.order_by(Claim.due_at, Claim.id).limit(1)
    claim = session.scalar(first.with_for_update(of=Claim, key_share=True, skip_locked=True))
    if claim is not None:
        take = deciding.start_review if claim.status is Status.SUBMITTED else deciding.take_over
        take(session, claim, actor=actor, now=now, programme=programme)
    return claim


def assign(
    session: Session,
    claim: Claim,
    reviewer_id: int | None,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Give a claim to a reviewer, who then holds it; no clock is restarted, and a review is not started by it."""
    require(actor, REVIEWERS)
    lifecycle.hold(session, claim, seen=seen)
    if claim.status not in ASSIGNABLE:
        raise NotAllowed(
            N_("“%(action)s” is not possible while a claim is “%(status)s”."),
            {"action": N_("Assign"), "status": claim.status.label},
        )
    reviewer = session.get(User, reviewer_id) if reviewer_id else None
    if reviewer is None or reviewer.role not in REVIEWERS or not reviewer.active:
        raise Invalid(N_("Choose a reviewer."), field_name="reviewer")
    if reviewer.id == claim.reviewer_id:
        raise Invalid(N_("This reviewer has the claim already."), field_name="reviewer")
    if not facts.may_review(session, claim, reviewer.actor):
        raise GuardFailed(REJECTED_IT, {"name": reviewer.name})
    data = {"from": claim.reviewer.name if claim.reviewer else None, "to": reviewer.name}
    claim.reviewer_id = reviewer.id
    claim.version += 1
    history.append(session, claim, "claim:assigned", actor=actor, now=now, data=data)


def reviewers_for(session: Session, claim: Claim) -> Sequence[User]:
    """Return whom the claim can be given to, by name."""
    if claim.status not in ASSIGNABLE:
        return []
    active = select(User).where(User.role.in_(REVIEWERS), User.active, User.id.is_distinct_from(claim.reviewer_id))
    found = session.scalars(active.order_by(User.name, User.id)).all()
    return [each for each in found if facts.may_review(session, claim, each.actor)]


def _is_free(actor: Actor) -> ColumnElement[bool]:
    """Return whether the reviewer may simply take a claim: nobody who is still there has it."""
    nobodys = or_(Claim.reviewer_id.is_(None), ~_IS_THERE)
    return or_(
        and_(Claim.status == Status.SUBMITTED, or_(nobodys, Claim.reviewer_id == actor.user_id)),
        and_(Claim.status == Status.UNDER_REVIEW, nobodys),
    )
