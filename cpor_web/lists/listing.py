"""The queries behind the partner's list. Who asks, when, and for which area and MPN ID has a name in them.

So they are the same for everybody, and made once: see `prepared`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, Text, any_, bindparam, func, select

from cpor_web.claims import turns
from cpor_web.claims.queries import claims_for
from cpor_web.claims.way import Who
from cpor_web.database import capped
from cpor_web.database.keyset import Key, Order, Part, Parts
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.lists.searching import NOTHING, Search, Word, mentions
from cpor_web.lists.wanted import ALL, Sort, Wanted
from cpor_web.models import Claim, MpnId, MpnKind
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.statuses import Status

BY_MOMENT = (Sort.URGENT, Sort.DUE)
"""The orders in which a list is read part by part."""

WAITS = (turns.MUST, turns.DRAFT, turns.MAY)
"""How urgent what waits for the partner is, in the order in which it is counted."""

KEPT = 200
"""How many statements of a kind are kept: more than there are filters and orders in use."""

_NOW = bindparam("now", type_=DateTime(timezone=True))
_PARTNER = bindparam("partner_id", type_=BigInteger)
_AREA = bindparam("area", type_=Text)
_MPN_ID = bindparam("mpn_id", type_=Text)


Words = tuple[Word, ...]
"""The ways in which what is searched for can be meant."""


def given(actor: Actor, wanted: Wanted, now: datetime, search: Search = NOTHING) -> Mapping[str, Any]:
    """Return what the names stand for."""
    names = {"now": now, "partner_id": actor.partner_id, "area": wanted.area, "mpn_id": wanted.mpn_id}
    return {**names, **search.given}


def unnamed(wanted: Wanted) -> Wanted:
    """Return what is wanted but for what has a name: by this, and the kinds of words, a statement is kept."""
    return replace(wanted, search="", area=wanted.area and "area", mpn_id=wanted.mpn_id and "MPN ID")


def found(role: Role, wanted: Wanted, words: Words = ()) -> Select[Claim]:
    """Return the query of what is wanted, whosever turn it is; what is searched for is found first, by its index."""
    claims = claims_for(role, _PARTNER, wanted.status)
    if wanted.area:
        claims = claims.where(Claim.area == _AREA)
    if wanted.mpn_id:
        claims = claims.where(Claim.mpn_id.has(MpnId.number == _MPN_ID))
    return found_first(claims.where(*map(mentions, words))) if words else claims


def found_first(claims: Select[Claim]) -> Select[Claim]:
    """Return the query of the same claims, which are few: they are all found before anything is sorted or joined."""
    few = claims.with_only_columns(Claim.id).scalar_subquery()
    return select(Claim).where(Claim.id == any_(func.array(few)))


def of_whose_turn(claims: Select[Any], wanted: Wanted) -> Select[Any]:
    """Return the query of those of `claims` whose turn it is as wanted, with what their order needs."""
    claims = turns.with_open_rounds(claims)
    if wanted.must_act:
        return claims.where(turns.urgency(_NOW) == turns.MUST)
    return claims if wanted.who is None else claims.where(turns.turn(_NOW) == wanted.who.value)


@lru_cache(maxsize=KEPT)
def order(sort: Sort) -> Order:
    """Return the order of the list as a whole."""
    id_, newest = Key(Claim.id, int), Key(0 - Claim.id, int, mirrored=Claim.id)
    match sort:
        case Sort.URGENT:
            return Order((Key(turns.urgency(_NOW), int), Key(turns.by(_NOW), datetime), newest))
        case Sort.DUE:
            return Order((Key(turns.by(_NOW), datetime), newest))
        case Sort.CHANGED:
            return Order((Key(Claim.status_since, datetime), id_), is_descending=True)
        case Sort.NEWEST:
            return Order((id_,), is_descending=True)
        case Sort.CUSTOMER:
            return Order((Key(func.lower(func.coalesce(Claim.customer_name, "")), str), id_))


@lru_cache(maxsize=KEPT)
def parts(role: Role, wanted: Wanted, urgency: int | None = None, words: Words = ()) -> Parts:
    """Return the list: by whose turn it is, or by deadline, a part for each standing that claims wanted can have.

    In the other orders, and where something is searched for, it is one part.
    """
    if wanted.sort not in BY_MOMENT or words:
        whole = of_whose_turn(found(role, wanted, words), wanted).with_only_columns(Claim.id)
        keys = tuple(key.expression for key in order(wanted.sort).keys)
        return Parts(order(wanted.sort), (Part(whole, keys, planned_once=bool(words)),))
    urgency = turns.MUST if wanted.must_act else urgency
    who, begun = wanted.who and wanted.who.value, []
    for each in turns.standings(_NOW):
        if wanted.status in {None, each.status} and each.may_be(who, urgency):
            claims = found(role, replace(wanted, status=each.status)).where(each.among)
            theirs = turns.with_open_rounds(claims) if each.has_round else claims
            if not isinstance(each.urgency, int) and urgency is not None:
                theirs = theirs.where(each.urgency == urgency)
            if not isinstance(each.who, Who) and who is not None:
                theirs = theirs.where(each.who == who)
            keys = (each.urgency,) if wanted.sort is Sort.URGENT else ()
            keys = (*keys, each.by, each.newest_first)
            planned_once = each.planned_once and not wanted.mpn_id  # which has many or few of them
            begun.append(Part(theirs.with_only_columns(Claim.id), keys, planned_once=planned_once))
    return Parts(order(wanted.sort), tuple(begun))


@lru_cache(maxsize=KEPT)
def counts(role: Role, wanted: Wanted, enough: int) -> Prepared:
    """Return the statement that counts, by status, what else is wanted; none further than `enough`."""
    return prepared(select(*by_status(role, wanted, enough)))


def by_status(role: Role, wanted: Wanted, enough: int) -> list[ColumnElement[int]]:
    """Return the same numbers, for a statement that reads something else."""
    numbers = []
    for status in Status:
        theirs = replace(wanted, status=status)
        ids = [found(role, theirs)]
        if wanted.who is not None or wanted.must_act:
            ids = [part.ids for part in parts(role, theirs).parts]
        numbers.append(capped.number(*ids, enough=enough))
    return numbers


@lru_cache(maxsize=KEPT)
def found_by_status(role: Role, wanted: Wanted, words: Words) -> Prepared:
    """Return the statement that counts, by status, what is searched for."""
    claims = of_whose_turn(found(role, wanted, words), wanted)
    return prepared(claims.with_only_columns(Claim.status, func.count()).group_by(Claim.status))


def locations() -> Select[str, str]:
    """Return the query of the partner's enrolled locations: number and place."""
    own = select(MpnId.number, MpnId.place).where(MpnId.partner_id == _PARTNER, MpnId.kind == MpnKind.LOCATION)
    return own.order_by(MpnId.number)


@lru_cache(maxsize=KEPT)
def waiting(role: Role, enough: int) -> Prepared:
    """Return the statement that counts what must be acted on, the drafts, and what may be disputed."""
    return prepared(select(*(capped.number(*_of(role, urgency), enough=enough) for urgency in WAITS)))


@lru_cache(maxsize=KEPT)
def waiting_and_counts(role: Role, wanted: Wanted, enough: int) -> Prepared:
    """Return the statement that counts what `waiting` does and then what `counts` does.

    Where nothing else is wanted, `waiting` lacks what is counted as a whole status anyway: see `whole`.
    """
    but = frozenset().union(*map(whole, WAITS)) if wanted == ALL else frozenset()
    waiting = (capped.number(*_of(role, urgency, but), enough=enough) for urgency in WAITS)
    return prepared(select(*waiting, *by_status(role, wanted, enough)))


@lru_cache
def whole(urgency: int) -> frozenset[Status]:
    """Return the statuses of which all claims are so urgent."""
    return frozenset(each.status for each in turns.standings(_NOW) if each.is_whole and each.urgency == urgency)


def _of(role: Role, urgency: int, but: frozenset[Status] = frozenset()) -> list[Select[Any]]:
    """Return the queries of what is so urgent, but for claims of some statuses."""
    theirs = (parts(role, replace(ALL, status=status), urgency).parts for status in Status if status not in but)
    return [part.ids for each in theirs for part in each]
