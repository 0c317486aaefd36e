"""Who decides on what waits: a reviewer takes the next claim, or gives one to a colleague."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, true, tuple_
from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.claims import deciding
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid, NotAllowed
from cpor_web.rules.roles import REVIEWERS, Actor, require
from cpor_web.rules.statuses import ASSIGNABLE, WAITING_FOR_OPERATOR, Status
from cpor_web.rules.words import N_

REJECTED_IT = N_("%(name)s rejected this claim. Another reviewer decides on its dispute.")

NOBODYS = N_("No reviewer has this claim: there is nothing to give back.")

_IS_THERE = exists().where(User.id == Claim.reviewer_id, User.active)


def go_on(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    area: str = "",
    disputed: bool = False,
    past: Claim | None = None,
) -> Claim | None:
    """Return the claim that the reviewer goes on with: first of their own by due time, then of those nobody has.

    `past` is the claim from which they go on: it is never the answer, and of their own those that are due after it
    come first, the others when nothing else is left. So who leaves claims undecided is led through all of them, on
    to what is free, and round again.
    """
    require(actor, REVIEWERS)
    own = [Claim.due_at.is_not(None), Claim.status.in_(WAITING_FOR_OPERATOR), Claim.reviewer_id == actor.user_id]
    own += _fits(area, disputed=disputed)
    later: ColumnElement[bool] = true()
    if past is not None:
        own.append(Claim.id != past.id)
        if past.reviewer_id == actor.user_id and past.due_at is not None:
            later = tuple_(Claim.due_at, Claim.id) > tuple_(literal(past.due_at), literal(past.id))
    about: dict[str, Any] = {"actor": actor, "now": now, "programme": programme}
    claim = _first(session, *own, later)
    claim = claim or take_next(session, **about, area=area, disputed=disputed, past=past)
    claim = claim or _first(session, *own)
    if claim is not None and claim.status is Status.SUBMITTED:
        deciding.start_review(session, claim, **about)
    return claim


def take_next(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    area: str = "",
    disputed: bool = False,
    past: Claim | None = None,
) -> Claim | None:
    """Let the reviewer hold the claim that is due first of those that nobody else has, and return it; never `past`.

    What waits for this reviewer (assigned, or resubmitted) counts; a dispute of their own rejection does not, where
    another reviewer is there. Claims that others are taking at this moment are passed over, so that several reviewers
    at once never take the same one. Returns None where nothing is left.
    """
    require(actor, REVIEWERS)
    wanted = [Claim.due_at.is_not(None), _is_free(actor), *_fits(area, disputed=disputed)]
    if facts.has_other_reviewers(session, actor):
        wanted.append(or_(~Claim.is_disputed, Claim.rejected_by_id.is_distinct_from(actor.user_id)))
    if past is not None:
        wanted.append(Claim.id != past.id)
    claim = _first(session, *wanted)
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
    _require_assignable(claim)
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


def give_back(session: Session, claim: Claim, *, actor: Actor, now: datetime, seen: int | None = None) -> None:
    """Let nobody hold a claim: it waits for whoever takes it next. No clock is restarted, and the review goes on."""
    require(actor, REVIEWERS)
    lifecycle.hold(session, claim, seen=seen)
    _require_assignable(claim)
    if claim.reviewer is None:
        raise NotAllowed(NOBODYS)
    data = {"from": claim.reviewer.name}
    claim.reviewer_id = None
    claim.version += 1
    history.append(session, claim, "claim:given-back", actor=actor, now=now, data=data)


def reviewers_for(session: Session, claim: Claim) -> Sequence[User]:
    """Return whom the claim can be given to, by name."""
    if claim.status not in ASSIGNABLE:
        return []
    active = select(User).where(User.role.in_(REVIEWERS), User.active, User.id.is_distinct_from(claim.reviewer_id))
    found = session.scalars(active.order_by(User.name, User.id)).all()
    return [each for each in found if facts.may_review(session, claim, each.actor)]


def _require_assignable(claim: Claim) -> None:
    if claim.status not in ASSIGNABLE:
        raise NotAllowed(
            N_("“%(action)s” is not possible while a claim is “%(status)s”."),
            {"action": N_("Assign"), "status": claim.status.label},
        )


def _first(session: Session, *wanted: ColumnElement[bool]) -> Claim | None:
    """Lock and return the claim that is due first of those wanted that nobody else has locked."""
    first = select(Claim).where(*wanted).order_by(Claim.due_at, Claim.id).limit(1)
    return session.scalar(first.with_for_update(of=Claim, key_share=True, skip_locked=True))


def _fits(area: str, *, disputed: bool) -> list[ColumnElement[bool]]:
    conditions = [Claim.area == area] if area else []
    return [*conditions, Claim.is_disputed.expression] if disputed else conditions


def _is_free(actor: Actor) -> ColumnElement[bool]:
    """Return whether the reviewer may simply take a claim: nobody who is still there has it."""
    nobodys = or_(Claim.reviewer_id.is_(None), ~_IS_THERE)
    return or_(
        and_(Claim.status == Status.SUBMITTED, or_(nobodys, Claim.reviewer_id == actor.user_id)),
        and_(Claim.status == Status.UNDER_REVIEW, nobodys),
    )
