"""Appends to a claim's history. Nothing here changes or removes an event, and the database refuses it."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from cpor_web.models import Claim, Event, HistoryHead
from cpor_web.rules.roles import Actor


def begin(session: Session, claim: Claim) -> None:
    """Open the history of a new claim, which has been flushed."""
    session.add(HistoryHead(claim_id=claim.id, position=0))
    session.flush()


def append(
    session: Session,
    claim: Claim,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    is_internal: bool = False,
) -> Event:
    """Add one event. Locks the head of this claim's history until the caller's transaction ends."""
    position = session.scalar(
        update(HistoryHead)
        .where(HistoryHead.claim_id == claim.id)
        .values(position=HistoryHead.position + 1)
        .returning(HistoryHead.position)
        .execution_options(synchronize_session=False)
    )
    assert position is not None, "a claim without a history"
    event = Event(
        claim_id=claim.id,
        position=position,
        version=claim.version,
        kind=kind,
        at=now,
        role=actor.role,
        actor=actor.name,
        user_id=actor.user_id,
        is_internal=is_internal,
        data=data or {},
    )
    session.add(event)
    return event
