"""Walks every claim's history beside its head and beside what checkpoints have signed of it."""

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, cast, select
from sqlalchemy.orm import InstrumentedAttribute

from cpor_web.history import ERASURE, chain
from cpor_web.models import ERASED, Claim, Event, HistoryHead, Seal
from cpor_web.verification.moments import moment_of
from cpor_web.verification.report import Report, span
from cpor_web.verification.signed import SignedHead

AT_ONCE = 1_000
CLAIM, SIGNED, EVENT = range(3)


def walk(connection: Connection, signed: Iterable[SignedHead], *, only: Collection[int], report: Report) -> None:
    """Compare claims, signed heads and events, read side by side. `only`: the ids of claims; all, where empty."""
    heads = (each for each in signed if not only or each.claim_id in only)
    parts: list[Iterable[tuple[int, int, Any]]] = [
        ((row.id, CLAIM, row) for row in _stream(connection, _claims(), Claim.id, only)),
        ((head.claim_id, SIGNED, head) for head in heads),
        ((row.claim_id, EVENT, row) for row in _stream(connection, _events(), Event.claim_id, only)),
    ]
    for claim_id, group in groupby(heapq.merge(*parts, key=itemgetter(0, 1)), key=itemgetter(0)):
        claim = Walk(claim_id, report)
        take: dict[int, Callable[[Any], None]]
        take = {CLAIM: claim.begin, SIGNED: claim.was_signed, EVENT: claim.event}
        for _, part, item in group:
            take[part](item)
        claim.end()


class Walk:
    """One claim's history: first its row, then what was signed of it, then its events in their order, then `end`."""

    def __init__(self, claim_id: int, report: Report) -> None:
        self._report = report
        self._name = f"claim number {claim_id}"
        self._row: Row[Any] | None = None
        self._position, self._link = 0, chain.START
        self._follows = True  # whether the next event can be compared with the link before
        self._signed: dict[int, list[SignedHead]] = defaultdict(list)
        self._signed_to = 0
        self._is_rewritten = False
        self._erased: set[int] = set()
        self._told: set[int] = set()

    def begin(self, row: Row[Any]) -> None:
        """Take the claim's row, with its head and its seal."""
        self._row, self._name = row, row.reference
        self._report.claims += 1

    def was_signed(self, head: SignedHead) -> None:
        """Take where a checkpoint has seen this history stand."""
        self._signed[head.position].append(head)
        self._signed_to = max(self._signed_to, head.position)

    def event(self, event: Row[Any]) -> None:
        """Take the next event, compare it with what it says of itself, and with the one before."""
        self._report.events += 1
        self._report.uncovered += event.position > self._signed_to
        if event.position <= self._position:
            self._add(event.position, "was put into the history: its position was taken, or is none")
            return
        if event.position > self._position + 1:
            self._missing(event.position - 1)
            self._follows = False
        wrong = [*self._said(event), *self._linked(event)]
        if wrong:
            self._add(event.position, "; ".join(wrong))
        self._as_signed(event)
        self._position, self._link, self._follows = event.position, event.link, True

    def end(self) -> None:
        """Compare the end with the head, and what is left of what was signed, erased and covered."""
        self._compare_head()
        for position in sorted(self._signed)[:1]:
            head = self._signed[position][0]
            self._add(position, f"is gone; checkpoint {head.checkpoint} has signed it")
        for position in sorted(self._erased - self._told):
            self._add(position, "was erased without an event that tells of it")
        for position in sorted(self._told - self._erased):
            self._add(position, "is said to be erased, and is not")
        if self._row is not None and (self._row.sealed or 0) > self._signed_to:
            self._add(self._row.sealed, "is marked as covered by a checkpoint, and none has it")

    def _said(self, event: Row[Any]) -> Iterator[str]:
        if event.salt is None:
            self._erased.add(event.position)
            self._report.erased += 1
            if (event.actor, event.user_id, event.data) != (ERASED, None, "{}"):
                yield "its salt was removed"
            return
        try:
            data = json.loads(event.data)
            is_whole = event.said == chain.said(event.salt, actor=event.actor, user_id=event.user_id, data=data)
        except (ValueError, RecursionError):  # no such data were ever written
            is_whole = False
        if not is_whole:
            yield "who did it, or what it says, was changed"
        elif event.kind == ERASURE:
            self._told.update(data["positions"])

    def _linked(self, event: Row[Any]) -> Iterator[str]:
        facts = chain.facts(
            claim_id=event.claim_id,
            version=event.version,
            kind=event.kind,
            at=event.at,
            role=event.role,
            is_internal=event.is_internal,
            said=event.said,
        )
        if self._follows and event.link != chain.link(self._link, event.position, facts):
            yield "does not follow from the event before: what it is, when, or its place was changed"

    def _as_signed(self, event: Row[Any]) -> None:
        for head in self._signed.pop(event.position, ()):
            if head.link != event.link and not self._is_rewritten:
                self._is_rewritten = True
                self._add(event.position, f"is not what checkpoint {head.checkpoint} has signed: rewritten")

    def _compare_head(self) -> None:
        if self._row is None:
            self._add(None, "the claim is gone")
        elif self._row.position is None:
            self._add(None, "the head of the history is gone")
        elif self._row.position > self._position:
            self._missing(self._row.position)
        elif self._row.position < self._position:
            self._add(self._row.position + 1, "was put behind the end of the history")
        elif self._row.link != self._link:
            self._add(self._position, "does not lead to the head of the history")

    def _missing(self, last: int) -> None:
        first = self._position + 1
        self._add(first, f"missing: {span(first, last)}")

    def _add(self, position: int | None, what: str) -> None:
        self._report.add(self._name, position, what)


def _claims() -> Select[Any]:
    about: tuple[Any, ...] = (Claim.id, Claim.reference, HistoryHead.position, HistoryHead.link)
    return (
        select(*about, Seal.position.label("sealed"))
        .outerjoin(HistoryHead, HistoryHead.claim_id == Claim.id)
        .outerjoin(Seal, Seal.claim_id == Claim.id)
        .order_by(Claim.id)
    )


def _events() -> Select[Any]:
    """Return the query for events: moments and data as text, so that nothing stored there can stop the reading."""
    plain = (Event.claim_id, Event.position, Event.version, Event.kind, Event.is_internal, Event.actor, Event.user_id)
    as_text = (
        cast(Event.role, Text).label("role"),
        cast(Event.data, Text).label("data"),
        moment_of(Event.at).label("at"),
    )
    return select(*plain, *as_text, Event.salt, Event.said, Event.link).order_by(Event.claim_id, Event.position)


def _stream(
    connection: Connection, query: Select[Any], column: InstrumentedAttribute[int], only: Collection[int]
) -> Iterator[Row[Any]]:
    if only:
        query = query.where(column.in_(only))
    yield from connection.execute(query, execution_options={"stream_results": True, "yield_per": AT_ONCE})
