"""Hand-overs to the operator's own assessor: rows, written in the transaction of what they tell of.

Nothing here talks HTTP. A worker leases what is due, marks one as being sent before it posts it, and settles it by
the answer; each step is a short transaction of the worker's. Within an assessment a hand-over waits for those before
it, also for one that was given up, until an administrator sends that again.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from cpor_web import history, lifecycle, queue
from cpor_web.assessment import payload
from cpor_web.assessment.receiver import Delivered, Outcome
from cpor_web.models import Assessment, AssessmentState, Handover, HandoverKind, HandoverState
from cpor_web.programme import Programme
from cpor_web.rules.exc import NotAllowed
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_

LEASE = timedelta(minutes=5)
"""How long a worker may take over what it leased."""

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=48)

SENDABLE = frozenset({HandoverState.DELIVERED, HandoverState.GIVEN_UP})
"""What is no longer on its way, and may be sent once more."""

STOPPED = "the worker was stopped before it noted the answer"


def put(
    session: Session,
    record: Assessment,
    kind: HandoverKind,
    *,
    now: datetime,
    programme: Programme,
    why: str = "",
) -> Handover | None:
    """Queue one message about an assessment whose row is locked; None where nobody is told by webhook."""
    if programme.assessor != "webhook":
        return None
    session.flush()  # an assessment that was just made has its number then
    before = session.scalar(select(func.max(Handover.sequence)).where(Handover.assessment_id == record.id)) or 0
    about = payload.about(record, programme.catalogue)
    made = Handover(
        key=f"msg_{uuid.uuid4().hex}",
        assessment_id=record.id,
        sequence=before + 1,
        kind=kind,
        body={
            "type": kind.value,
            "timestamp": now.isoformat(timespec="seconds"),
            "data": {**about, "sequence": before + 1, "why": why},
        },
        state=HandoverState.QUEUED,
        queued_at=now,
        due_at=now,
    )
    session.add(made)
    session.flush()  # the next one of this transaction counts on from it
    queue.ring_after_commit(session, queue.HAND_OVER)
    return made


def put_waiting(session: Session, *, now: datetime, programme: Programme, most: int) -> int:
    """Queue what waits to be assessed and was queued when nobody was told by webhook; return how many.

    Of such a one the assessor may have heard since that it ended, and was restored.
    """
    of_it = (Handover.assessment_id == Assessment.id, Handover.kind == HandoverKind.ASSESS)
    told = select(Handover.id).where(*of_it)
    waiting = select(Assessment).where(
        Assessment.state == AssessmentState.QUEUED, Assessment.ended_at.is_(None), ~told.exists()
    )
    waiting = waiting.order_by(Assessment.id).limit(most).with_for_update(skip_locked=True, of=Assessment)
    found = session.scalars(waiting).all()
    for record in found:
        put(session, record, HandoverKind.ASSESS, now=now, programme=programme)
    return len(found)


def lease(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Take up to `most` due hand-overs for this worker, at most one an assessment, and return their ids.

    Skips what another worker is taking at this moment. The caller commits before it goes on.
    """
    earlier = aliased(Handover)
    waits = select(earlier.id).where(
        earlier.assessment_id == Handover.assessment_id,
        earlier.sequence < Handover.sequence,
        earlier.state != HandoverState.DELIVERED,
    )
    free = or_(Handover.leased_until.is_(None), Handover.leased_until < now)
    due = select(Handover).where(Handover.due_at <= now, free, ~waits.exists())
    taken = session.scalars(
        due.order_by(Handover.due_at, Handover.id).limit(most).with_for_update(skip_locked=True, of=Handover)
    ).all()
    for each in taken:
        if each.state is HandoverState.SENDING:  # the receiver takes a repeat for the same message: see `key`
            each.state, each.answer = HandoverState.DEFERRED, STOPPED
        each.leased_until = now + LEASE
    return [each.id for each in taken]


def begin(session: Session, handover_id: int, *, now: datetime) -> Handover | None:
    """Mark a leased hand-over as being sent; None where it is no longer to be. The caller commits before it posts."""
    taken = session.get(Handover, handover_id, with_for_update={"of": Handover}, populate_existing=True)
    if taken is None or taken.state not in {HandoverState.QUEUED, HandoverState.DEFERRED}:
        return None
    taken.state, taken.leased_until = HandoverState.SENDING, now + LEASE
    taken.attempts += 1
    taken.first_tried_at = taken.first_tried_at or now
    return taken


def settle(session: Session, handover_id: int, outcome: Outcome, *, now: datetime) -> Handover | None:
    """Note what became of a hand-over that `begin` marked; None where somebody else has settled it."""
    sent = session.get(Handover, handover_id, with_for_update={"of": Handover}, populate_existing=True)
    if sent is None or sent.state is not HandoverState.SENDING:
        return None
    assert sent.first_tried_at is not None
    sent.answer, sent.leased_until = outcome.answer, None
    if isinstance(outcome, Delivered):
        sent.state, sent.due_at, sent.delivered_at = HandoverState.DELIVERED, None, now
    elif now - sent.first_tried_at >= GIVE_UP_AFTER:
        sent.state, sent.due_at = HandoverState.GIVEN_UP, None
    else:
        sent.state, sent.due_at = HandoverState.DEFERRED, now + delay(sent.attempts)
    return sent


def release(session: Session, handover_ids: Sequence[int]) -> None:
    """Give back leased hand-overs that were not begun."""
    for each in session.scalars(select(Handover).where(Handover.id.in_(handover_ids)).with_for_update()):
        if each.state in {HandoverState.QUEUED, HandoverState.DEFERRED}:
            each.leased_until = None


def send_again(session: Session, handover_id: int, *, actor: Actor, now: datetime) -> None:
    """Queue a hand-over once more, under its own key. Raises NotAllowed where it is still on its way."""
    again = session.get(Handover, handover_id)
    if again is None:
        raise NotAllowed(N_("There is no such message."))
    claim = lifecycle.hold(session, again.assessment.claim)
    session.refresh(again, with_for_update={"of": Handover})
    if again.state not in SENDABLE:
        raise NotAllowed(N_("This message is still on its way."))
    again.state, again.due_at = HandoverState.QUEUED, now
    again.attempts, again.first_tried_at, again.delivered_at = 0, None, None
    data = {"sequence": again.sequence}
    history.append(session, claim, "assessment:handed-over-again", actor=actor, now=now, data=data, is_internal=True)
    queue.ring_after_commit(session, queue.HAND_OVER)


def delay(attempts: int) -> timedelta:
    """Return how long to wait after the `attempts`-th failure: doubling, bounded, with jitter."""
    wait: timedelta = min(FIRST_DELAY * 2 ** min(attempts - 1, 20), LONGEST_DELAY)  # bounded: timedeltas overflow
    return wait * (0.8 + 0.4 * secrets.randbelow(1000) / 1000)
