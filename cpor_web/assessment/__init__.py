"""Assessment for incentives: queued once when the window passes, assessed by the catalogue's rules or handed over to
the operator's own assessor, flagged when the association ends afterwards. Approved does not mean paid.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web import history, lifecycle
from cpor_web import queue as doorbell
from cpor_web.assessment import handover, results
from cpor_web.assessment.rules import judge
from cpor_web.emails.catalogue import to_partner
from cpor_web.entities import ahead, aside
from cpor_web.models import Assessment, AssessmentState, Claim, HandoverKind, Round
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM

_WRITE = aside.into(Assessment, "claim_id", "round_id", "state", "queued_at")

__all__ = ["assess", "due", "end", "queue", "restore"]


def queue(session: Session, claim: Claim, round_: Round, *, now: datetime, programme: Programme) -> None:
    """Send the claim to be assessed, once. One that was assessed before keeps its record, without its flag."""
    is_handed_over = programme.assessor == "webhook"
    waits = {"claim_id": claim.id, "round_id": round_.id, "state": AssessmentState.QUEUED}
    if ahead.of(session, claim.id).is_assessed is False and not is_handed_over:
        aside.put(session, _WRITE, {**waits, "queued_at": now.isoformat()})
        made = None
    else:
        row = insert(Assessment).values(**waits, queued_at=now).on_conflict_do_nothing(index_elements=["claim_id"])
        made = session.scalar(row.returning(Assessment.id))
        if made is None:
            restore(session, claim, now=now, programme=programme)
            return
    history.append(session, claim, "assessment:queued", actor=SYSTEM, now=now)
    if programme.assessor == "built-in":
        doorbell.ring_after_commit(session, doorbell.ASSESS)
    if made is not None and is_handed_over:
        record = session.get_one(Assessment, made)
        handover.put(session, record, HandoverKind.ASSESS, now=now, programme=programme)


def due(session: Session, *, most: int) -> Sequence[int]:
    """Return the ids of up to `most` assessments that wait, the longest waiting first; not of ended associations."""
    waiting = select(Assessment.id).where(Assessment.state == AssessmentState.QUEUED, Assessment.ended_at.is_(None))
    return session.scalars(waiting.order_by(Assessment.queued_at, Assessment.id).limit(most)).all()


def assess(session: Session, assessment_id: int, *, now: datetime, programme: Programme) -> bool:
    """Judge one assessment by the catalogue's rules if it still waits; the partner is told the result and why."""
    record = session.get(Assessment, assessment_id)
    if record is None:
        return False
    lifecycle.hold(session, record.claim)
    session.refresh(record, with_for_update={"of": Assessment})
    if record.state is not AssessmentState.QUEUED or record.ended_at is not None:
        return False
    reasons = judge(record.claim, programme.catalogue)
    state = AssessmentState.NOT_ELIGIBLE if reasons else AssessmentState.ELIGIBLE
    results.settle(session, record, state, reasons, actor=SYSTEM, now=now, programme=programme)
    return True


def end(session: Session, claim: Claim, *, now: datetime, programme: Programme, why: str) -> None:
    """Flag the assessment of an association that ended afterwards; nothing is clawed back without a person."""
    record = _of(session, claim)
    if record is not None and record.ended_at is None:
        record.ended_at, record.ended_why = now, why
        history.append(session, claim, "assessment:flagged", actor=SYSTEM, now=now, data={"why": why})
        handover.put(session, record, HandoverKind.ENDED, now=now, programme=programme, why=why)


def restore(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> None:
    """Lift the flag of an association that was restored; a result that came meanwhile is told to the partner now."""
    record = _of(session, claim)
    if record is None or record.ended_at is None:
        return
    came_meanwhile = record.assessed_at is not None and record.assessed_at > record.ended_at
    record.ended_at, record.ended_why = None, ""
    history.append(session, claim, "assessment:restored", actor=SYSTEM, now=now)
    handover.put(session, record, HandoverKind.RESTORED, now=now, programme=programme)
    if came_meanwhile:
        to_partner.assessment_result(session, record, now=now, programme=programme)


def _of(session: Session, claim: Claim) -> Assessment | None:
    of_claim = select(Assessment).where(Assessment.claim_id == claim.id)
    session.flush()  # what was changed and not yet written would be read over
    return session.scalar(of_claim.with_for_update(of=Assessment).execution_options(populate_existing=True))
