"""Appends to a claim's history, and erases what is personal in it. Nothing else changes an event: the database
refuses it, and `cpor history verify` finds it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cpor_web.database import direct
from cpor_web.entities import ahead, aside
from cpor_web.entities.ahead import Head
from cpor_web.history import chain
from cpor_web.models import ERASED, Claim, Event, HistoryHead
from cpor_web.rules.roles import Actor

ERASURE = "history:erased"
"""The event that tells which events were erased: without one, an erasure is a finding."""


def begin(session: Session, claim: Claim) -> None:
    """Open the history of a new claim, which has been flushed."""
    session.add(HistoryHead(claim_id=claim.id, position=0, link=chain.START))
    session.flush()


def hold(session: Session, claim_ids: Collection[int], *, waits: bool = True) -> Mapping[int, Head]:
    """Lock the heads of these claims' histories, for a batch, and return them by claim.

    Unless it `waits` for whoever has one locked: those that are free.
    """
    session.flush()
    heads = direct.ask(session, _HOLD if waits else f"{_HOLD} SKIP LOCKED", {"claims": direct.several(claim_ids)})
    return {claim_id: Head(position, link) for claim_id, position, link in heads}


def append(
    session: Session,
    claim: Claim,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    is_internal: bool = False,
) -> None:
    """Add one event. The next flush writes it, and locks the head of this claim's history until the transaction ends.

    Raises ValueError for `data` that would not come back from the database as it went in: see `chain.normal`.
    """
    kept, salt, at = chain.normal(data or {}), chain.new_salt(), chain.moment(now)
    said = chain.said(salt, actor=actor.name, user_id=actor.user_id, data=kept)
    facts = chain.facts(
        claim_id=claim.id,
        version=claim.version,
        kind=kind,
        at=at,
        role=actor.role,
        is_internal=is_internal,
        said=said,
    )
    event = {
        "claim_id": claim.id,
        "version": claim.version,
        "kind": kind,
        "at": at,
        "role": actor.role,
        "actor": actor.name,
        "user_id": actor.user_id,
        "is_internal": is_internal,
        "data": kept,
        "salt": aside.octets(salt),
        "said": aside.octets(said),
    }
    if ahead.of(session, claim.id).head is None:
        session.flush()  # what brought it about is written before: who reads an object afresh must not lose it
    aside.put(session, _write, {"event": event, "facts": facts})


def _write(session: Session, appended: Sequence[aside.Row]) -> Iterator[aside.Part]:
    """Write events whose heads nobody has locked, each with its head; the others are written with all that waits."""
    together: list[aside.Row] = []
    moved: dict[int, Head] = {}
    for each in appended:
        event, facts = each["event"], each["facts"]
        head = ahead.of(session, event["claim_id"]).head
        if head is None:
            given = {"rows": aside.as_json([event]), "claim": event["claim_id"], "facts": facts}
            one = direct.ask(session, _ONE, given)
            assert one.rowcount == 1, "a claim without a history"
        else:
            head.position += 1
            head.link = chain.link(head.link, head.position, facts)
            together.append({**event, "position": head.position, "link": aside.octets(head.link)})
            moved[event["claim_id"]] = head
    if together:
        heads = [{"claim_id": id_, "position": h.position, "link": aside.octets(h.link)} for id_, h in moved.items()]
        yield aside.Part(_HEADS, heads)
        yield from _EVENTS(session, together)


def erase(
    session: Session, claim: Claim, positions: Collection[int], *, actor: Actor, now: datetime, why: str
) -> list[int]:
    """Erase the personal values (who, and what about) of the events at `positions`, and append that it was done.

    The only way to erase: facts and chain stay, and what was already erased is left out. Returns what was
    erased, the first one first. `why` is a msgid without anything personal, as it is never erased; nor are erasures.
    """
    session.flush()
    head = select(HistoryHead.claim_id).where(HistoryHead.claim_id == claim.id).with_for_update()
    session.execute(head)  # before the events: whoever appends or erases takes its turn here
    found = session.scalars(
        update(Event)
        .where(Event.claim_id == claim.id, Event.position.in_(positions))
        .where(Event.salt.is_not(None), Event.kind != ERASURE)
        .values(salt=None, data={}, actor=ERASED, user_id=None)
        .returning(Event.position)
        .execution_options(synchronize_session="fetch")
    ).all()
    erased = sorted(found)
    if erased:
        append(session, claim, ERASURE, actor=actor, now=now, data={"positions": erased, "why": why})
    return erased


_COLUMNS = "claim_id, version, kind, at, role, actor, user_id, is_internal, data, salt, said"
_HOLD = f"""
    SELECT claim_id, position, link FROM history_heads WHERE claim_id = {direct.among("claims")}
    ORDER BY claim_id FOR NO KEY UPDATE"""  # noqa: S608 - a name of ours
_ONE = f"""
    WITH head AS (
        UPDATE history_heads SET position = position + 1,
            link = sha256('{aside.octets(chain.LINK_LABEL)}'::bytea || link || int8send(position + 1::bigint)
                || %(facts)s::bytea)
        WHERE claim_id = %(claim)s RETURNING position, link)
    INSERT INTO events ({_COLUMNS}, position, link)
    SELECT new.{_COLUMNS.replace(", ", ", new.")}, head.position, head.link
    FROM head, {aside.rows_of(Event)}
"""  # noqa: S608 - names of ours
"""Locks a head, counts on and chains on: `chain.link`, computed from the locked row."""

_HEADS = f"""
    UPDATE history_heads SET position = new.position, link = new.link
    FROM {aside.rows_of(HistoryHead)} WHERE history_heads.claim_id = new.claim_id
"""  # noqa: S608 - names of ours
_EVENTS = aside.into(Event, *_COLUMNS.split(", "), "position", "link")
