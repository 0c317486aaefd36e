"""The review queue: what waits for the operator, page by page, and how much of it there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, Text, bindparam, exists, func, select
from sqlalchemy.orm import Session

from cpor_web.claims import listed
from cpor_web.claims.listed import QueuedClaim
from cpor_web.claims.queries import claims_for, overdue
from cpor_web.database import arrays, capped, keyset
from cpor_web.database.keyset import FAR, Key, Order, Page, Part, Parts
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.lists import listing, own, searching
from cpor_web.lists.searching import Search, Word, mentions
from cpor_web.models import Claim, User
from cpor_web.rules.roles import REVIEWERS, Actor, Role
from cpor_web.rules.statuses import WAITING_FOR_OPERATOR, Status
from cpor_web.silence import failed_notices, holding

_NARROWED: dict[str, ColumnElement[bool]] = {
    "overdue": overdue(bindparam("now", type_=DateTime(timezone=True))),
    "mine": Claim.reviewer_id == bindparam("user_id", type_=BigInteger),
    "unassigned": Claim.reviewer_id.is_(None),
    "disputed": Claim.is_disputed.expression,
}
WAITS = Claim.status.in_(WAITING_FOR_OPERATOR)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which claims are to be listed: what waits for the operator, those of a status, or of `any_status`."""

    status: Status | None = None
    any_status: bool = False
    mine: bool = False
    reviewer_id: int | None = None
    unassigned: bool = False
    disputed: bool = False
    overdue: bool = False
    area: str = ""
    search: str = ""
    partner_id: int | None = None


WAITING = Wanted()


class Numbers(NamedTuple):
    """What stands over the queue: how many claims wait, are overdue and so on, and how many there are of each status.

    `holders` has id and name of the reviewers who hold something that waits, by name. `is_held` tells whether closing
    is held, `some_failed` whether any notice did that counts, `counted_since` since when they do: see `holding`.
    """

    waiting: Mapping[str, int]
    by_status: Mapping[Status, int]
    holders: Sequence[tuple[int, str]]
    is_held: bool
    some_failed: bool
    counted_since: datetime


def page(
    session: Session,
    actor: Actor,
    wanted: Wanted = WAITING,
    *,
    now: datetime,
    size: int | None = None,
    before: str = "",
    after: str = "",
) -> Page[QueuedClaim]:
    """Return a page of what waits for the operator, by due time, so that what is overdue comes first.

    Claims of any status, and decided ones, come with the newest first.
    """
    search = searching.read(session, actor, wanted.search)
    parts, names = _parts(_unnamed(wanted), actor.role, search.words), _given(actor, wanted, search, now)
    page = keyset.page_of_parts(session, parts, size=size or own.PAGE, before=before, after=after, given=names)
    return Page(listed.queued(session, page.rows), page.before, page.after)


def found_by_status(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> dict[Status, int]:
    """Return how many claims in each status are what else is wanted, however many; for searches, which find few."""
    search = searching.read(session, actor, wanted.search)
    statement = _found_by_status(replace(_unnamed(wanted), status=None, any_status=True), actor.role, search.words)
    found = dict(statement.ask(session, **_given(actor, wanted, search, now)))
    return {status: found.get(status, 0) for status in Status}


def numbers(session: Session, actor: Actor, *, now: datetime) -> Numbers:
    """Return the numbers over the review queue; none is counted further than `capped.ENOUGH`."""
    row = _numbers(actor.role, capped.ENOUGH).one(session, now=now, user_id=actor.user_id)
    narrowed, by_status, (holders, *held) = row[: len(_NARROWED)], row[len(_NARROWED) : -4], row[-4:]
    counts = dict(zip(Status, by_status, strict=True))
    waiting = min(sum(counts[status] for status in WAITING_FOR_OPERATOR), capped.ENOUGH)
    numbers = {"waiting": waiting, **dict(zip(_NARROWED, narrowed, strict=True))}
    return Numbers(numbers, counts, [(id_, name) for id_, name in holders], *held)


@lru_cache
def _numbers(role: Role, enough: int) -> Prepared:
    ids = select(Claim.id).where(WAITS)
    narrowed = (capped.number(ids.where(which), enough=enough) for which in _NARROWED.values())
    by_status = listing.by_status(role, own.ALL, enough)
    held = holding.IS_IN_FORCE, failed_notices.some_failed(), failed_notices.COUNTED_SINCE
    return prepared(select(*narrowed, *by_status, arrays.of(_holders()), *held))


def _holders() -> Select[int, str]:
    held = exists().where(Claim.reviewer_id == User.id, WAITS)
    return select(User.id, User.name).where(User.role.in_(REVIEWERS), held).order_by(User.name, User.id)


def _order(wanted: Wanted) -> Order:
    id_ = Key(Claim.id, int)
    if wanted.any_status:
        return keyset.newest_first(Claim.id)
    match wanted.status:
        case None | Status.SUBMITTED | Status.UNDER_REVIEW:  # what waits for the operator has a deadline
            return Order((Key(Claim.due_at, datetime), id_))
        case Status.APPROVED | Status.REJECTED:  # and these have none
            return keyset.newest_first(Claim.id)
        case _:
            return Order((Key(func.coalesce(Claim.due_at, FAR), datetime), id_))


def _given(actor: Actor, wanted: Wanted, search: Search, now: datetime) -> Mapping[str, Any]:
    """Return what the names stand for."""
    said = {"user_id": actor.user_id, "area": wanted.area, "partner_id": wanted.partner_id, "now": now}
    return {**said, "reviewer_id": wanted.reviewer_id, **search.given}


def _unnamed(wanted: Wanted) -> Wanted:
    """Return what is wanted but for what has a name: by this, and the kinds of words, a statement is kept."""
    partner_id = None if wanted.partner_id is None else 0
    reviewer_id = None if wanted.reviewer_id is None else 0
    area = wanted.area and "area"
    return replace(wanted, search="", area=area, partner_id=partner_id, reviewer_id=reviewer_id)


@lru_cache(maxsize=listing.KEPT)
def _parts(wanted: Wanted, role: Role, words: tuple[Word, ...]) -> Parts:
    order = _order(wanted)
    ids = _found(wanted, role, words).with_only_columns(Claim.id)
    keys = tuple(key.expression for key in order.keys)
    planned_once = bool(words) or wanted.partner_id is None  # of whom many or few wait
    return Parts(order, (Part(ids, keys, planned_once=planned_once),))


@lru_cache(maxsize=listing.KEPT)
def _found_by_status(wanted: Wanted, role: Role, words: tuple[Word, ...]) -> Prepared:
    claims = _found(wanted, role, words)
    return prepared(claims.with_only_columns(Claim.status, func.count()).group_by(Claim.status))


def _found(wanted: Wanted, role: Role, words: tuple[Word, ...]) -> Select[Any]:
    claims = claims_for(role, None, wanted.status)
    if wanted.status is None and not wanted.any_status:
        claims = claims.where(WAITS)
    claims = claims.where(*_filters(wanted), *map(mentions, words))
    return listing.found_first(claims) if words or wanted.partner_id is not None else claims


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.mine:
        conditions.append(_NARROWED["mine"])
    if wanted.reviewer_id is not None:
        conditions.append(Claim.reviewer_id == bindparam("reviewer_id", type_=BigInteger))
    if wanted.unassigned:
        conditions.append(_NARROWED["unassigned"])
    if wanted.disputed:
        conditions.append(_NARROWED["disputed"])
    if wanted.overdue:
        conditions.append(_NARROWED["overdue"])
    if wanted.area:
        conditions.append(Claim.area == bindparam("area", type_=Text))
    if wanted.partner_id is not None:
        conditions.append(Claim.partner_id == bindparam("partner_id", type_=BigInteger))
    return conditions
