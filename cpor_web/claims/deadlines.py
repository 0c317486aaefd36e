"""The deadlines that run: of one claim, and of everything that somebody has to do with."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims.queries import claims_of
from cpor_web.models import OPEN_STATES, Claim, Round, RoundState
from cpor_web.rules import deadlines
from cpor_web.rules.roles import REVIEWERS, Actor
from cpor_web.rules.statuses import WAITING_FOR_OPERATOR, Status
from cpor_web.rules.words import N_

MOST = 1000


class Due(StrEnum):
    """What a deadline is for."""

    REVIEW = "review"
    DECISION = "decision"
    RESUBMISSION = "resubmission"
    CONSENT = "consent"
    CONTACT = "contact"
    DISPUTE = "dispute"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Due.REVIEW: N_("The review is to be started"),
    Due.DECISION: N_("The decision is due"),
    Due.RESUBMISSION: N_("To be resubmitted"),
    Due.CONSENT: N_("The consent period ends"),
    Due.CONTACT: N_("A right contact is to be named"),
    Due.DISPUTE: N_("Last moment to dispute"),
}

_BY_STATUS = {
    Status.SUBMITTED: Due.REVIEW,
    Status.UNDER_REVIEW: Due.DECISION,
    Status.PARTNER_ACTION_REQUIRED: Due.RESUBMISSION,
}


class Running(NamedTuple):
    """One deadline of a claim, and the rule that made it."""

    claim: Claim
    due: Due
    at: datetime
    rule: dict[str, Any] | None


def deadlines_in(session: Session, claim: Claim, *, now: datetime) -> list[Running]:
    """Return the deadlines that run for a claim, also one that is overdue."""
    return _running(claim, facts.latest_round(session, claim), now)


def deadlines_of(session: Session, actor: Actor, *, now: datetime) -> Sequence[Running]:
    """Return the next deadlines, at most MOST: all of a partner's, or those of the claims that a reviewer holds."""
    claims = claims_of(actor)
    if actor.role in REVIEWERS:
        claims = claims.where(Claim.reviewer_id == actor.user_id, Claim.status.in_(WAITING_FOR_OPERATOR))
    is_open = and_(Round.claim_id == Claim.id, Round.state.in_(OPEN_STATES))
    in_time = Claim.dispute_until > now - deadlines.ONE_SECOND
    rows = claims.outerjoin(Round, is_open).where(or_(Claim.due_at.is_not(None), Round.id.is_not(None), in_time))
    # A claim that has only some of these is put in order by the first of them: `least` passes over NULL.
    first = func.least(Claim.due_at, Round.ends_at, Round.contact_due_at, Claim.dispute_until).asc().nulls_last()
    found = session.execute(rows.add_columns(Round).order_by(first, Claim.id).limit(MOST))
    return sorted(
        (each for claim, round_ in found for each in _running(claim, round_, now)), key=lambda each: each.at
    )


def _running(claim: Claim, round_: Round | None, now: datetime) -> list[Running]:
    running = []
    if claim.due_at is not None:
        running.append(Running(claim, _BY_STATUS[claim.status], claim.due_at, claim.due_rule))
    is_closing = round_ is not None and round_.state is RoundState.RUNNING and round_.reply_at is None
    if round_ is not None and is_closing and round_.ends_at is not None:
        running.append(Running(claim, Due.CONSENT, round_.ends_at, round_.end_rule))
    if round_ is not None and round_.state is RoundState.STOPPED and round_.contact_due_at is not None:
        running.append(Running(claim, Due.CONTACT, round_.contact_due_at, round_.contact_rule))
    if claim.dispute_until is not None and not deadlines.has_passed(claim.dispute_until, now):
        running.append(Running(claim, Due.DISPUTE, claim.dispute_until, claim.dispute_rule))
    return running
