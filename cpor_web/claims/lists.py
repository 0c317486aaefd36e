"""The partner's list of claims, page by page: searched, filtered and sorted."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.orm import Session, selectinload

from cpor_web import capped, keyset
from cpor_web.claims import listing, turns
from cpor_web.claims.queries import claims_by_id, claims_of
from cpor_web.claims.searching import mentions
from cpor_web.claims.wanted import ALL, Sort, Wanted
from cpor_web.keyset import Page
from cpor_web.models import Claim
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status

__all__ = ["ALL", "Sort", "Wanted", "counts", "dashboard", "export", "number", "waiting"]

Read = TypeVar("Read")

PAGE = 25
READ_AT_ONCE = 500
MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the partner: how many must be acted on, with the most urgent, and what may be."""

    most_urgent: Sequence[Claim]
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
) -> Page[Claim]:
    """Return a page of the partner's claims; `before` and `after` are cursors of another page's."""
    names, length = listing.given(actor, wanted, now), size or PAGE
    if wanted.sort in listing.BY_MOMENT and not wanted.search:
        parts = listing.parts(actor.role, listing.unnamed(wanted))
        page = keyset.page_of_parts(session, parts, size=length, before=before, after=after, given=names)
    else:
        ids, order = _wanted(session, actor, wanted).with_only_columns(Claim.id), listing.order(wanted.sort)
        page = keyset.page(session, ids, order, size=length, before=before, after=after, given=names)
    return Page(claims_by_id(session, page.rows), page.before, page.after)


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
        ids = _wanted(session, actor, wanted).with_only_columns(Claim.id).order_by(*order).limit(most)
        names, by_part = listing.given(actor, wanted, now), {"yield_per": 10 * READ_AT_ONCE}
        found = array("q", session.scalars(ids, names, execution_options=by_part))
    for start in range(0, len(found), READ_AT_ONCE):
        part = found[start : start + READ_AT_ONCE].tolist()
        with open_session() as session:
            claims = session.scalars(_with_what_is_shown(claims_of(actor).where(Claim.id.in_(part))))
            by_id = {claim.id: claim for claim in claims}
            rows = read(session, [by_id[id_] for id_ in part if id_ in by_id])
        yield from rows


def number(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> int:
    """Return how many claims `export` has, however many that are."""
    counted = _wanted(session, actor, wanted).with_only_columns(func.count())
    return session.scalar(counted, listing.given(actor, wanted, now)) or 0


def counts(session: Session, actor: Actor, wanted: Wanted = ALL, *, now: datetime) -> dict[Status, int]:
    """Return how many claims there are in each status, of those that else are wanted; every status has a number.

    None is counted further than `capped.ENOUGH`.
    """
    wanted, names = replace(wanted, status=None), listing.given(actor, wanted, now)
    if wanted.search:  # what is found is found once
        counted = _wanted(session, actor, wanted).with_only_columns(Claim.status, func.count())
        found = dict(session.execute(counted.group_by(Claim.status), names).all())
        return {status: min(found.get(status, 0), capped.ENOUGH) for status in Status}
    statement = listing.counts(actor.role, replace(listing.unnamed(wanted), sort=ALL.sort), capped.ENOUGH)
    return dict(zip(Status, statement.ask(session, **names).one(), strict=True))


def waiting(session: Session, actor: Actor, *, now: datetime, most: int) -> Waiting:
    """Return what waits for the partner among all its claims, whatever is searched for; at most `most` by name."""
    names = listing.given(actor, ALL, now)
    must_act, *others = (int(each) for each in listing.waiting(actor.role, capped.ENOUGH).ask(session, **names).one())
    must = listing.parts(actor.role, ALL, turns.MUST)
    urgent = keyset.page_of_parts(session, must, size=most, given=names).rows if must_act else []
    return Waiting(claims_by_id(session, urgent), must_act, *others)


def _with_what_is_shown(claims: Select[Any]) -> Select[Any]:
    return claims.options(selectinload(Claim.products), selectinload(Claim.mpn_id), selectinload(Claim.all_contacts))


def _wanted(session: Session, actor: Actor, wanted: Wanted) -> Select[Any]:
    claims = listing.found(actor.role, wanted)
    for word in wanted.search.replace("\x00", "").split()[:MOST_WORDS]:
        claims = claims.where(mentions(session, actor, word.lower()))
    return listing.of_whose_turn(claims, wanted.who)
