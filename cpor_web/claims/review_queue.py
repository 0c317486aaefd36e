"""The review queue: what waits for the operator, page by page, and how much of it there is."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session, selectinload

from cpor_web import capped, keyset
from cpor_web.claims import lists
from cpor_web.claims.queries import WAITING_FOR_OPERATOR, claims_of
from cpor_web.keyset import FAR, Key, Order, Page
from cpor_web.models import Claim
from cpor_web.rules import deadlines
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status

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
    counted = {
        "waiting": true(),
        "overdue": Claim.due_at <= now - deadlines.ONE_SECOND,
        "mine": Claim.reviewer_id == actor.user_id,
        "unassigned": Claim.reviewer_id.is_(None),
        "disputed": Claim.is_disputed,
    }
    numbers = [capped.number(select(Claim.id).where(WAITS, which)) for which in counted.values()]
    return dict(zip(counted, session.execute(select(*numbers)).one(), strict=True))


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
