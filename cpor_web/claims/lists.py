"""Lists of claims, page by page: the partner's dashboard and the review queue, searched, filtered and sorted."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from string import punctuation
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Text, any_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, selectinload

from cpor_web import keyset
from cpor_web.claims import turns
from cpor_web.claims.queries import WAITING_FOR_OPERATOR, claims_of
from cpor_web.claims.way import Who
from cpor_web.keyset import FAR, Key, Order, Page
from cpor_web.models import Claim, CustomerContact, MpnId
from cpor_web.rules import deadlines
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

Read = TypeVar("Read")

PAGE = 25
READ_AT_ONCE = 500
MOST_WORDS = 5
LONGEST_WORD = 400  # characters, as the index has them


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
    claims = _with_what_is_shown(_wanted(session, actor, wanted, now))
    return keyset.page(session, claims, _order(wanted.sort, now), size=size or PAGE, before=before, after=after)


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


def counts(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> dict[Status, int]:
    """Return how many claims there are in each status, of those that else are wanted; every status has a number."""
    of_any_status = _wanted(session, actor, replace(wanted, status=None), now)
    counted = of_any_status.with_only_columns(Claim.status, func.count()).group_by(Claim.status)
    found = dict(session.execute(counted).all())
    return {status: found.get(status, 0) for status in Status}


def waiting(session: Session, actor: Actor, *, now: datetime, most: int) -> Waiting:
    """Return what waits for the partner among all its claims, whatever is searched for; at most `most` by name."""
    claims = turns.with_open_rounds(claims_of(actor))
    must_act, drafts, disputable = session.execute(
        claims.with_only_columns(
            func.count().filter(turns.MUST_ACT),
            func.count().filter(turns.IS_DRAFT),
            func.count().filter(turns.may_dispute(now)),
        )
    ).one()
    urgent = claims.where(turns.MUST_ACT).order_by(*keyset.ordered(_order(Sort.URGENT, now))).limit(most)
    return Waiting(session.scalars(urgent).all() if must_act else [], must_act, drafts, disputable)


def review_queue(
    session: Session,
    actor: Actor,
    *,
    status: Status | None = None,
    mine: bool = False,
    unassigned: bool = False,
    disputed: bool = False,
    area: str = "",
    size: int | None = None,
    before: str = "",
    after: str = "",
) -> Page[Claim]:
    """Return a page of what waits for the operator, by due time; so what is overdue comes first."""
    claims = claims_of(actor).where(Claim.status.in_([status] if status else WAITING_FOR_OPERATOR))
    claims = claims.where(*_queue_filters(actor, mine=mine, unassigned=unassigned, disputed=disputed, area=area))
    claims = claims.options(selectinload(Claim.partner), selectinload(Claim.reviewer), selectinload(Claim.products))
    # What waits for the operator has a deadline: its index is in this order.
    by = Claim.due_at if status in {None, *WAITING_FOR_OPERATOR} else func.coalesce(Claim.due_at, FAR)
    order = Order((Key(by, datetime), Key(Claim.id, int)))
    return keyset.page(session, claims, order, size=size or PAGE, before=before, after=after)


def queue_counts(session: Session, actor: Actor, *, now: datetime) -> dict[str, int]:
    """Return the numbers over the review queue: waiting, overdue, mine, unassigned, disputed."""
    row = session.execute(
        select(
            func.count().label("waiting"),
            func.count().filter(Claim.due_at <= now - deadlines.ONE_SECOND).label("overdue"),
            func.count().filter(Claim.reviewer_id == actor.user_id).label("mine"),
            func.count().filter(Claim.reviewer_id.is_(None)).label("unassigned"),
            func.count().filter(Claim.is_disputed).label("disputed"),
        ).where(Claim.status.in_(WAITING_FOR_OPERATOR))
    ).one()
    return {name: int(number) for name, number in row._mapping.items()}


def _with_what_is_shown(claims: Select[Any]) -> Select[Any]:
    return claims.options(selectinload(Claim.products), selectinload(Claim.mpn_id), selectinload(Claim.all_contacts))


def _order(sort: Sort, now: datetime) -> Order:
    id_, newest = Key(Claim.id, int), Key(0 - Claim.id, int)
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


def _wanted(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> Select[Any]:
    claims = turns.with_open_rounds(claims_of(actor))
    if wanted.status is not None:
        claims = claims.where(Claim.status == wanted.status)
    if wanted.who is not None:
        claims = claims.where(turns.turn(now) == wanted.who.value)
    if wanted.area:
        claims = claims.where(Claim.area == wanted.area)
    if wanted.mpn_id:
        claims = claims.where(Claim.mpn_id.has(MpnId.number == wanted.mpn_id))
    for word in wanted.search.replace("\x00", "").split()[:MOST_WORDS]:
        claims = claims.where(_mentions(session, actor, word.lower()))
    return claims


def _mentions(session: Session, actor: Actor, word: str) -> ColumnElement[bool]:
    """Return whether a claim has the word where one of its own begins, or it is the address of a contact.

    The index finds claims that have all parts of it, each where a word begins; then the whole is looked for.
    """
    ways = [_has_text(word)]
    if _has_parts(word):
        own = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
        ways[0] &= func.claim_words(*own, Claim.tenant_id, Claim.subscription_id).op("@@")(_query(word))
    if word.isdecimal() and (numbered := _numbered(session, actor, word)):
        ways.append(Claim.mpn_id_id.in_(numbered))
    if "@" in word:
        asked = select(CustomerContact.claim_id).where(func.lower(CustomerContact.email) == word)
        # As an array, so that each way goes by an index of its own.
        ways.append(Claim.id == any_(func.array(asked.scalar_subquery())))
    return or_(*ways)


def _numbered(session: Session, actor: Actor, digits: str) -> Sequence[int]:
    """Return the partner's MPN IDs that begin so. Asked beforehand: mostly there are none, and that helps to plan."""
    theirs = select(MpnId.id).where(MpnId.partner_id == actor.partner_id)
    return session.scalars(theirs.where(MpnId.number.startswith(digits, autoescape=True))).all()


def _has_parts(word: str) -> bool:
    """Tell whether there is anything in it but signs, which are in no index."""
    return any(sign not in punctuation and not sign.isspace() for sign in word)


def _query(word: str) -> ColumnElement[Any]:
    parts = func.array_to_string(func.words_in(word[:LONGEST_WORD]), "':* & '")
    return cast(literal("'").concat(parts).concat("':*"), TSQUERY)


def _has_text(word: str) -> ColumnElement[bool]:
    def has(column: Any) -> ColumnElement[bool]:
        return func.lower(column).contains(word, autoescape=True)

    texts = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
    ids = (cast(Claim.tenant_id, Text), cast(Claim.subscription_id, Text))
    without_dashes = (func.replace(each, "-", "") for each in ids)  # as some portals write them
    return or_(*(has(column) for column in (*texts, *ids, *without_dashes)))


def _queue_filters(
    actor: Actor, *, mine: bool, unassigned: bool, disputed: bool, area: str
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if mine:
        conditions.append(Claim.reviewer_id == actor.user_id)
    if unassigned:
        conditions.append(Claim.reviewer_id.is_(None))
    if disputed:
        conditions.append(Claim.is_disputed.is_(True))
    if area:
        conditions.append(Claim.area == area)
    return conditions
