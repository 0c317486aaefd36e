"""Appends to a claim's history, and erases what is personal in it. Nothing else changes an event: the database
refuses it, and `cpor history verify` finds it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Executable, LargeBinary, bindparam, cast, func, literal, select, update
from sqlalchemy.orm import Session

from cpor_web import ahead, chain
from cpor_web.models import ERASED, Claim, Event, HistoryHead
from cpor_web.rules.roles import Actor

ERASURE = "history:erased"
"""The event that tells which events were erased: without one, an erasure is a finding."""


def begin(session: Session, claim: Claim) -> None:
    """Open the history of a new claim, which has been flushed."""
    session.add(HistoryHead(claim_id=claim.id, position=0, link=chain.START))
    session.flush()


def hold(session: Session, claim_ids: Collection[int]) -> Mapping[int, HistoryHead]:
    """Lock the heads of these claims' histories, for a batch, and return them by claim."""
    heads = select(HistoryHead).where(HistoryHead.claim_id.in_(claim_ids)).order_by(HistoryHead.claim_id)
    heads = heads.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {each.claim_id: each for each in session.scalars(heads)}


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
    """Add one event. Locks the head of this claim's history until the caller's transaction ends.

    Raises ValueError for `data` that would not come back from the database as it went in: see `chain.normal`.
    """
    kept, salt = chain.normal(data or {}), chain.new_salt()
    said = chain.said(salt, actor=actor.name, user_id=actor.user_id, data=kept)
    facts = chain.facts(
        claim_id=claim.id,
        version=claim.version,
        kind=kind,
        at=now,
        role=actor.role,
        is_internal=is_internal,
        said=said,
    )
    position, link = _advanced(session, claim.id, facts)
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
        data=kept,
        salt=salt,
        said=said,
        link=link,
    )
    session.add(event)
    return event


def _advanced(session: Session, claim_id: int, facts: bytes) -> tuple[int, bytes]:
    head = ahead.of(session, claim_id).head
    if head is not None:
        head.position += 1
        head.link = chain.link(head.link, head.position, facts)
        return head.position, head.link
    moved = session.execute(_ADVANCE, {"claim": claim_id, "facts": facts}).one_or_none()
    assert moved is not None, "a claim without a history"
    return moved.position, moved.link


def erase(
    session: Session, claim: Claim, positions: Collection[int], *, actor: Actor, now: datetime, why: str
) -> Event | None:
    """Erase the personal values (who, and what about) of the events at `positions`, and append that it was done.

    The only way to erase: facts and chain stay, and what was already erased is left out. Returns None where nothing
    was left to erase. `why` is a msgid without anything personal, as it is never erased; nor are erasures.
    """
    session.flush()
    head = select(HistoryHead.claim_id).where(HistoryHead.claim_id == claim.id).with_for_update()
    session.execute(head)  # before the events: whoever appends or erases takes its turn here
    erased = session.scalars(
        update(Event)
        .where(Event.claim_id == claim.id, Event.position.in_(positions))
        .where(Event.salt.is_not(None), Event.kind != ERASURE)
        .values(salt=None, data={}, actor=ERASED, user_id=None)
        .returning(Event.position)
        .execution_options(synchronize_session="fetch")
    ).all()
    if not erased:
        return None
    return append(session, claim, ERASURE, actor=actor, now=now, data={"positions": sorted(erased), "why": why})


def _advance_statement() -> Executable:
    """Return the statement that locks a head, counts on and chains on: `chain.link`, computed from the locked row."""
    position = HistoryHead.position + 1
    joined = literal(chain.LINK_LABEL, LargeBinary).op("||")(HistoryHead.link)
    joined = joined.op("||")(func.int8send(cast(position, BigInteger))).op("||")(
        bindparam("facts", type_=LargeBinary)
    )
    return (
        update(HistoryHead)
        .where(HistoryHead.claim_id == bindparam("claim"))
        .values(position=position, link=func.sha256(joined))
        .returning(HistoryHead.position, HistoryHead.link)
        .execution_options(synchronize_session=False)
    )


_ADVANCE = _advance_statement()
