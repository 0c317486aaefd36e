"""The partner's list of claims, page by page: searched, filtered and sorted."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.orm import Session, selectinload

from cpor_web.claims import listed, turns
from cpor_web.claims.listed import Line
from cpor_web.claims.queries import claims_of
from cpor_web.database import capped, keyset
from cpor_web.database.keyset import Page
from cpor_web.lists import listing, searching
from cpor_web.lists.wanted import ALL, Sort, Wanted
from cpor_web.models import Claim
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status

__all__ = [
    "ALL",
    "Sort",
    "Wanted",
    "counts",
    "dashboard",
    "export",
    "most_urgent",
    "number",
    "waiting",
    "waiting_and_counts",
]

Read = TypeVar("Read")

PAGE = 25
READ_AT_ONCE = 500


class Waiting(NamedTuple):
    """What waits for the partner: how many claims must be acted on, and what may be."""

    must_act: int
    drafts: int
    disputable: int


def dashboard(
    session: Session,
    actor: Actor,
    wanted: Wanted = ALL,
    *,
    now: datetime,
    size: int | None = None,
    before: str = "",
    after: str = "",
    must_act: int = 0,
) -> Page[Line]:
    """Return a page of the partner's claims as lines; `before` and `after` are cursors of another page's.

    `must_act` tells how many claims must be acted on, where that is known: if they fill the first page of all,
    nothing else is looked at.
    """
    size = size or PAGE
    if must_act > size and wanted == ALL and not (before or after):
        page = _urgent(session, actor, now=now, size=size)
        if page.after:
            return page
    search = searching.read(session, actor, wanted.search)
    parts = listing.parts(actor.role, listing.unnamed(wanted), words=search.words)
    names = listing.given(actor, wanted, now, search)
    return _shown(session, keyset.page_of_parts(session, parts, size=size, before=before, after=after, given=names))


def most_urgent(session: Session, actor: Actor, *, now: datetime, most: int) -> list[Line]:
    """Return the first claims that must be acted on, whatever is searched for."""
    return _urgent(session, actor, now=now, size=most).rows


def _urgent(session: Session, actor: Actor, *, now: datetime, size: int) -> Page[Line]:
    must, names = listing.parts(actor.role, ALL, turns.MUST), listing.given(actor, ALL, now)
    return _shown(session, keyset.page_of_parts(session, must, size=size, given=names))


def _shown(session: Session, page: Page[int]) -> Page[Line]:
    return Page(listed.lines(session, page.rows), page.before, page.after)


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
        order = keyset.ordered(listing.order(wanted.sort))
        claims, names = _wanted(session, actor, wanted, now)
        ids = claims.with_only_columns(Claim.id).order_by(*order).limit(most)
        by_part = {"yield_per": 10 * READ_AT_ONCE}
        found = array("q", session.scalars(ids, names, execution_options=by_part))
    for start in range(0, len(found), READ_AT_ONCE):
        part = found[start : start + READ_AT_ONCE].tolist()
        with open_session() as session:
            shown = session.scalars(_with_what_is_shown(claims_of(actor).where(Claim.id.in_(part))))
            by_id = {claim.id: claim for claim in shown}
            rows = read(session, [by_id[id_] for id_ in part if id_ in by_id])
        yield from rows


def number(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> int:
    """Return how many claims `export` has, however many that are."""
    claims, names = _wanted(session, actor, wanted, now)
    return session.scalar(claims.with_only_columns(func.count()), names) or 0


def counts(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> dict[Status, int]:
    """Return how many claims there are in each status, of those that else are wanted; every status has a number.

    None is counted further than `capped.ENOUGH`.
    """
    search = searching.read(session, actor, wanted.search)
    names = listing.given(actor, wanted, now, search)
    of_any_status = _of_any_status(wanted)
    if search.words:  # what is found is found once
        statement = listing.found_by_status(actor.role, of_any_status, search.words)
        found = dict(statement.ask(session, **names))
        return {status: min(found.get(status, 0), capped.ENOUGH) for status in Status}
    statement = listing.counts(actor.role, of_any_status, capped.ENOUGH)
    return dict(zip(Status, statement.one(session, **names), strict=True))


def waiting_and_counts(
    session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime
) -> tuple[Waiting, dict[Status, int]]:
    """Return what `waiting` and `counts` do; where nothing is searched for, they are asked for together."""
    if wanted.search:
        return waiting(session, actor, now=now), counts(session, actor, wanted, now=now)
    of_any_status = _of_any_status(wanted)
    statement = listing.waiting_and_counts(actor.role, of_any_status, capped.ENOUGH)
    must_act, drafts, disputable, *numbers = statement.one(session, **listing.given(actor, wanted, now))
    told, by_status = Waiting(must_act, drafts, disputable), dict(zip(Status, numbers, strict=True))
    return _with_whole(told, by_status) if of_any_status == ALL else told, by_status


def _with_whole(waiting: Waiting, counts: Mapping[Status, int]) -> Waiting:
    """Return what waits with the claims of statuses that wait as a whole: those are counted once."""
    whole = (sum(counts[status] for status in listing.whole(urgency)) for urgency in listing.WAITS)
    return Waiting(*(min(sum(both), capped.ENOUGH) for both in zip(waiting, whole, strict=True)))


def _of_any_status(wanted: Wanted) -> Wanted:
    return replace(listing.unnamed(wanted), status=None, sort=ALL.sort)


def waiting(session: Session, actor: Actor, *, now: datetime) -> Waiting:
    """Return what waits for the partner among all its claims, whatever is searched for."""
    names = listing.given(actor, ALL, now)
    return Waiting(*(int(each) for each in listing.waiting(actor.role, capped.ENOUGH).one(session, **names)))


def _with_what_is_shown(claims: Select[Any]) -> Select[Any]:
    return claims.options(selectinload(Claim.products), selectinload(Claim.mpn_id), selectinload(Claim.all_contacts))


def _wanted(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> tuple[Select[Any], Mapping[str, Any]]:
    search = searching.read(session, actor, wanted.search)
    claims = listing.found(actor.role, wanted, search.words)
    return listing.of_whose_turn(claims, wanted), listing.given(actor, wanted, now, search)
