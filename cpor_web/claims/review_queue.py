"""The review queue: what waits for the operator, page by page, and how much of it there is."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import BigInteger, ColumnElement, DateTime, bindparam, func, select, true
from sqlalchemy.orm import Session, selectinload

from cpor_web import capped, keyset
from cpor_web.claims import lists
from cpor_web.claims.queries import WAITING_FOR_OPERATOR, claims_of
from cpor_web.keyset import FAR, Key, Order, Page
from cpor_web.models import Claim
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


def page(
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
    claims = claims_of(actor, status) if status else claims_of(actor).where(WAITS)
    claims = claims.where(*_filters(actor, mine=mine, unassigned=unassigned, disputed=disputed, area=area))
    claims = claims.options(selectinload(Claim.partner), selectinload(Claim.reviewer))
    return keyset.page(session, claims, _order(status), size=size or lists.PAGE, before=before, after=after)


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


def _order(status: Status | None) -> Order:
    id_ = Key(Claim.id, int)
    match status:
        case None | Status.SUBMITTED | Status.UNDER_REVIEW:  # what waits for the operator has a deadline
            return Order((Key(Claim.due_at, datetime), id_))
        case Status.APPROVED | Status.REJECTED:  # and these have none
            return Order((id_,))
        case _:
            return Order((Key(func.coalesce(Claim.due_at, FAR), datetime), id_))


def _filters(actor: Actor, *, mine: bool, unassigned: bool, disputed: bool, area: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if mine:
        conditions.append(Claim.reviewer_id == actor.user_id)
    if unassigned:
        conditions.append(Claim.reviewer_id.is_(None))
    if disputed:
        conditions.append(Claim.is_disputed.expression)
    if area:
        conditions.append(Claim.area == area)
    return conditions
