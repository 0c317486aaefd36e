"""What is known of assessments and hand-overs, for the administrators."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from cpor_web.database import keyset
from cpor_web.database.keyset import Page
from cpor_web.models import Assessment, AssessmentState, Claim, Event, Handover, HandoverState

PAGE = 50
CORRECTIONS = ("assessment:flagged", "assessment:restored")


class Correction(NamedTuple):
    """What ended or restored an association after it was sent to be assessed, as its history has it."""

    event: Event
    assessment_id: int
    reference: str


def listed(
    session: Session,
    *,
    state: AssessmentState | None = None,
    flagged: bool = False,
    before: str = "",
    after: str = "",
) -> Page[Assessment]:
    """Return a page of assessments, the newest first: of one state, or whose association ended, where asked."""
    found = _with_claims()
    if state is not None:
        found = found.where(Assessment.state == state)
    if flagged:
        found = found.where(Assessment.ended_at.is_not(None))
    return keyset.page(session, found, keyset.newest_first(Assessment.id), size=PAGE, before=before, after=after)


def waiting(session: Session) -> Sequence[Assessment]:
    """Return what waits to be assessed, the longest waiting first; not of ended associations."""
    still = _with_claims().where(Assessment.state == AssessmentState.QUEUED, Assessment.ended_at.is_(None))
    return session.scalars(still.order_by(Assessment.queued_at, Assessment.id)).all()


def corrections(session: Session) -> Sequence[Correction]:
    """Return every flag and every lifted flag, the oldest first: the history keeps each once, and for ever."""
    rows = (
        select(Event, Assessment.id, Claim.reference)
        .join(Claim, Claim.id == Event.claim_id)
        .join(Assessment, Assessment.claim_id == Claim.id)
        .where(Event.kind.in_(CORRECTIONS))
        .order_by(Event.at, Event.id)
    )
    return [Correction(*row) for row in session.execute(rows)]


def counts(session: Session) -> dict[AssessmentState, int]:
    """Return how many assessments are in each state; every state has a number."""
    found = dict(session.execute(select(Assessment.state, func.count()).group_by(Assessment.state)).all())
    return {state: found.get(state, 0) for state in AssessmentState}


def handovers(session: Session, *, state: HandoverState | None = None) -> Sequence[Handover]:
    """Return the newest messages to the operator's own assessor, of one state where asked; at most a page of them."""
    found = select(Handover).options(joinedload(Handover.assessment).joinedload(Assessment.claim))
    found = found.order_by(Handover.id.desc()).limit(PAGE)
    return session.scalars(found.where(Handover.state == state) if state else found).all()


def handover_counts(session: Session) -> dict[HandoverState, int]:
    """Return how many messages are in each state; every state has a number."""
    found = dict(session.execute(select(Handover.state, func.count()).group_by(Handover.state)).all())
    return {state: found.get(state, 0) for state in HandoverState}


def _with_claims() -> Select[Assessment]:
    claims = joinedload(Assessment.claim)
    return select(Assessment).options(
        joinedload(Assessment.round),
        claims.joinedload(Claim.partner),
        claims.joinedload(Claim.mpn_id),
        claims.selectinload(Claim.products),
    )
