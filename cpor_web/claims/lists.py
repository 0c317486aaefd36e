"""The partner's list of claims, page by page: searched, filtered and sorted."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import capped, keyset
from cpor_web.claims import turns
from cpor_web.claims.queries import claims_of
from cpor_web.claims.searching import mentions
from cpor_web.claims.way import Who
from cpor_web.keyset import Key, Order, Page, Part, Parts
from cpor_web.models import Claim, MpnId
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

Read = TypeVar("Read")

PAGE = 25
READ_AT_ONCE = 500
MOST_WORDS = 5


class Sort(StrEnum):
    """What the dashboard can be sorted by; the first is how it is shown unasked."""

    URGENT = "urgent"
    DUE = "due"
    CHANGED = "changed"
    NEWEST = "newest"
    CUSTOMER = "customer"

    @property
    def label(self) -> str:
        return _LABELS[self]


_BY_MOMENT = (Sort.URGENT, Sort.DUE)
_LABELS = {
    Sort.URGENT: N_("Your turn first"),
    Sort.DUE: N_("Deadline"),
    Sort.CHANGED: N_("Latest change"),
    Sort.NEWEST: N_("Newest claim"),
    Sort.CUSTOMER: N_("Customer"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the partner's claims is to be listed, and in which order. Empty means all."""

    status: Status | None = None
    search: str = ""
    who: Who | None = None
    area: str = ""
    mpn_id: str = ""
    sort: Sort = Sort.URGENT


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the partner: how many must be acted on, with the most urgent, and what may be."""

    most_urgent: Sequence[Claim]
    must_act: int
    drafts: int
    disputable: int


ALL = Wanted()


def dashboard(
    session: Session,
    actor: Actor,
    wanted: Wanted = ALL,
    *,
    now: datetime,
    size: int | None = None,
    before: str = "",
    after: str = "",
) -> Page[Claim]:
    """Return a page of the partner's claims; `before` and `after` are cursors of another page's."""
    is_in_parts = wanted.sort in _BY_MOMENT and not wanted.search
    claims = select(Claim) if is_in_parts else _wanted(session, actor, wanted, now)
    return keyset.page(
        session,
        claims.options(selectinload(Claim.all_contacts)),
        _order(wanted.sort, now),
        size=size or PAGE,
        before=before,
        after=after,
        parts=_parts(_found(session, actor, wanted), wanted, now) if is_in_parts else None,
    )


def export(
    open_session: Callable[[], AbstractContextManager[Session]],
    actor: Actor,
    wanted: Wanted = ALL,
    *,
    now: datetime,
    most: int,
    read: Callable[[Session, Sequence[Claim]], list[Read]],
) -> Iterator[Read]:
    """Yield what `read` makes of every claim that the dashboard would list on all its pages, in its order.

    Which claims there are, at most `most`, is settled at the beginning; then part after part is read in a session of
    its own, so that none waits for who takes the rows. Of a claim that changes meanwhile comes what it then says.
    """
    with open_session() as session:
        order = keyset.ordered(_order(wanted.sort, now))
        ids = _wanted(session, actor, wanted, now).with_only_columns(Claim.id).order_by(*order).limit(most)
        found = array("q", session.scalars(ids, execution_options={"yield_per": 10 * READ_AT_ONCE}))
    for start in range(0, len(found), READ_AT_ONCE):
        part = found[start : start + READ_AT_ONCE].tolist()
        with open_session() as session:
            claims = session.scalars(_with_what_is_shown(claims_of(actor).where(Claim.id.in_(part))))
            by_id = {claim.id: claim for claim in claims}
            rows = read(session, [by_id[id_] for id_ in part if id_ in by_id])
        yield from rows


def number(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> int:
    """Return how many claims `export` has, however many that are."""
    return session.scalar(_wanted(session, actor, wanted, now).with_only_columns(func.count())) or 0


def counts(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> dict[Status, int]:
    """Return how many claims there are in each status, of those that else are wanted; every status has a number.

    None is counted further than `capped.ENOUGH`.
    """
    wanted = replace(wanted, status=None)
    if wanted.search:  # what is found is found once
        counted = _wanted(session, actor, wanted, now).with_only_columns(Claim.status, func.count())
        found = dict(session.execute(counted.group_by(Claim.status)).all())
        return {status: min(found.get(status, 0), capped.ENOUGH) for status in Status}
    numbers = [capped.number(*_ids(session, actor, replace(wanted, status=status), now)) for status in Status]
    return dict(zip(Status, session.execute(select(*numbers)).one(), strict=True))


def waiting(session: Session, actor: Actor, *, now: datetime, most: int) -> Waiting:
    """Return what waits for the partner among all its claims, whatever is searched for; at most `most` by name."""
    claims = claims_of(actor)
    must, drafts, disputable = (
        _parts(claims, ALL, now, urgency=urgency) for urgency in (turns.MUST, turns.DRAFT, turns.MAY)
    )
    numbers = [capped.number(*(part.ids for part in each.parts)) for each in (must, drafts, disputable)]
    must_act, *others = session.execute(select(*numbers)).one()
    order = _order(Sort.URGENT, now)
    urgent = keyset.page(session, select(Claim), order, size=most, parts=must).rows if must_act else []
    return Waiting(urgent, must_act, *others)


def _with_what_is_shown(claims: Select[Any]) -> Select[Any]:
    return claims.options(selectinload(Claim.products), selectinload(Claim.mpn_id), selectinload(Claim.all_contacts))


def _order(sort: Sort, now: datetime) -> Order:
    id_, newest = Key(Claim.id, int), Key(0 - Claim.id, int, mirrored=Claim.id)
    match sort:
        case Sort.URGENT:
            return Order((Key(turns.urgency(now), int), Key(turns.by(now), datetime), newest))
        case Sort.DUE:
            return Order((Key(turns.by(now), datetime), newest))
        case Sort.CHANGED:
            return Order((Key(Claim.status_since, datetime), id_), is_descending=True)
        case Sort.NEWEST:
            return Order((id_,), is_descending=True)
        case Sort.CUSTOMER:
            return Order((Key(func.lower(func.coalesce(Claim.customer_name, "")), str), id_))


def _ids(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> list[Select[Any]]:
    claims = _found(session, actor, wanted)
    if wanted.who is None:
        return [claims.with_only_columns(Claim.id)]
    return [part.ids for part in _parts(claims, wanted, now).parts]


def _parts(claims: Select[Any], wanted: Wanted, now: datetime, *, urgency: int | None = None) -> Parts:
    """Return the list by whose turn it is, or by deadline: a part for each standing that claims wanted can have."""
    who = wanted.who and wanted.who.value
    parts = []
    for each in turns.standings(now):
        if wanted.status in {None, each.status} and each.may_be(who, urgency):
            theirs = (turns.with_open_rounds(claims) if each.has_round else claims).where(each.claims)
            if not isinstance(each.urgency, int) and urgency is not None:
                theirs = theirs.where(each.urgency == urgency)
            if not isinstance(each.who, Who) and who is not None:
                theirs = theirs.where(each.who == who)
            keys = (each.urgency,) if wanted.sort is Sort.URGENT else ()
            parts.append(Part(theirs.with_only_columns(Claim.id), (*keys, each.by, each.newest_first)))
    return Parts(Claim.id, tuple(parts))


def _wanted(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> Select[Any]:
    claims = turns.with_open_rounds(_found(session, actor, wanted))
    return claims if wanted.who is None else claims.where(turns.turn(now) == wanted.who.value)


def _found(session: Session, actor: Actor, wanted: Wanted) -> Select[Any]:
    """Return the query of what is wanted, whosever turn it is."""
    claims = claims_of(actor, wanted.status)
    if wanted.area:
        claims = claims.where(Claim.area == wanted.area)
    if wanted.mpn_id:
        claims = claims.where(Claim.mpn_id.has(MpnId.number == wanted.mpn_id))
    for word in wanted.search.replace("\x00", "").split()[:MOST_WORDS]:
        claims = claims.where(mentions(session, actor, word.lower()))
    return claims
