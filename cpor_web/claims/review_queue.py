"""The review queue: what waits for the operator, page by page, and how much of it there is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, bindparam, func, or_, select, true
from sqlalchemy.orm import Session, selectinload

from cpor_web import capped, keyset
from cpor_web.claims import lists
from cpor_web.claims.queries import WAITING_FOR_OPERATOR, claims_of
from cpor_web.claims.references import normalised
from cpor_web.claims.searching import mentions, names_partner
from cpor_web.keyset import FAR, Key, Order, Page
from cpor_web.models import Claim, Document, Partner
from cpor_web.prepared import Prepared, prepared
from cpor_web.rules import deadlines
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status

_COUNTED = {
    "waiting": true(),
    "overdue": Claim.due_at <= bindparam("now", type_=DateTime(timezone=True)) - deadlines.ONE_SECOND,
    "mine": Claim.reviewer_id == bindparam("user_id", type_=BigInteger),
    "unassigned": Claim.reviewer_id.is_(None),
    "disputed": Claim.is_disputed,
}
WAITS = Claim.status.in_(WAITING_FOR_OPERATOR)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which claims are to be listed: what waits for the operator, those of a status, or of `any_status`."""

    status: Status | None = None
    any_status: bool = False
    mine: bool = False
    unassigned: bool = False
    disputed: bool = False
    area: str = ""
    search: str = ""
    partner_id: int | None = None


WAITING = Wanted()


def page(
    session: Session,
    actor: Actor,
    wanted: Wanted = WAITING,
    *,
    size: int | None = None,
    before: str = "",
    after: str = "",
) -> Page[Claim]:
    """Return a page of what waits for the operator, by due time, so that what is overdue comes first.

    Claims of any status, and decided ones, come with the newest first.
    """
    claims = _found(session, actor, wanted)
    if wanted.search or wanted.partner_id is not None:  # found first, by an index of its own; then that is sorted
        found = claims.with_only_columns(Claim.id).cte("found").prefix_with("MATERIALIZED")
        claims = select(Claim).where(Claim.id.in_(select(found.c.id)))
    claims = claims.options(selectinload(Claim.partner), selectinload(Claim.reviewer))
    return keyset.page(session, claims, _order(wanted), size=size or lists.PAGE, before=before, after=after)


def found_by_status(session: Session, actor: Actor, wanted: Wanted) -> dict[Status, int]:
    """Return how many claims in each status are what else is wanted; for searches, which find few."""
    claims = _found(session, actor, replace(wanted, status=None, any_status=True))
    counted = claims.with_only_columns(Claim.status, func.count()).group_by(Claim.status)
    found: dict[Status, int] = dict(session.execute(counted).all())
    return {status: min(found.get(status, 0), capped.ENOUGH) for status in Status}


def counts(session: Session, actor: Actor, *, now: datetime) -> dict[str, int]:
    """Return the numbers over the review queue: waiting, overdue, mine, unassigned, disputed.

    None is counted further than `capped.ENOUGH`.
    """
    numbers = _counts(capped.ENOUGH).ask(session, now=now, user_id=actor.user_id).one()
    return dict(zip(_COUNTED, numbers, strict=True))


@lru_cache
def _counts(enough: int) -> Prepared:
    ids = select(Claim.id).where(WAITS)
    return prepared(select(*(capped.number(ids.where(which), enough=enough) for which in _COUNTED.values())))


def with_fresh_proof(session: Session, claims: Sequence[Claim]) -> frozenset[int]:
    """Return the ids of those of `claims` that are approved, and to which proof was added since."""
    approved = [claim.id for claim in claims if claim.status is Status.APPROVED]
    if not approved:
        return frozenset()
    added = select(Document.claim_id).join(Claim, Claim.id == Document.claim_id)
    added = added.where(Claim.id.in_(approved), Document.uploaded_at > Claim.status_since)
    return frozenset(session.scalars(added))


def _order(wanted: Wanted) -> Order:
    id_ = Key(Claim.id, int)
    if wanted.any_status:
        return Order((id_,), is_descending=True)
    match wanted.status:
        case None | Status.SUBMITTED | Status.UNDER_REVIEW:  # what waits for the operator has a deadline
            return Order((Key(Claim.due_at, datetime), id_))
        case Status.APPROVED | Status.REJECTED:  # and these have none
            return Order((id_,))
        case _:
            return Order((Key(func.coalesce(Claim.due_at, FAR), datetime), id_))


def _found(session: Session, actor: Actor, wanted: Wanted) -> Select[Any]:
    claims = claims_of(actor, wanted.status)
    if wanted.status is None and not wanted.any_status:
        claims = claims.where(WAITS)
    claims = claims.where(*_filters(actor, wanted))
    for word in wanted.search.replace("\x00", "").split()[: lists.MOST_WORDS]:
        claims = claims.where(_names(session, actor, word.lower()))
    return claims


def _names(session: Session, actor: Actor, word: str) -> ColumnElement[bool]:
    """Return whether a claim has the word, its partner's name has it where a word begins, or it is the reference."""
    ways = [mentions(session, actor, word)]
    if partners := session.scalars(select(Partner.id).where(names_partner(word))).all():
        ways.append(Claim.partner_id.in_(partners))
    if reference := normalised(word):  # as it is told over the phone, without its dash
        ways.append(Claim.reference == reference)
    return or_(*ways)


def _filters(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.mine:
        conditions.append(Claim.reviewer_id == actor.user_id)
    if wanted.unassigned:
        conditions.append(Claim.reviewer_id.is_(None))
    if wanted.disputed:
        conditions.append(Claim.is_disputed.expression)
    if wanted.area:
        conditions.append(Claim.area == wanted.area)
    if wanted.partner_id is not None:
        conditions.append(Claim.partner_id == wanted.partner_id)
    return conditions
