"""Long lists in pages that begin where another ended: none is slower than the first, and none jumps."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    bindparam,
    cast,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from cpor_web.database import cursors
from cpor_web.database.prepared import Prepared, prepared

Listed = TypeVar("Listed")

FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for no moment in an order, after all that are: a row is compared only where no key is null."""

_TYPES: dict[type, TypeEngine[Any]] = {int: BigInteger(), str: Text(), datetime: DateTime(timezone=True)}


class Key(NamedTuple):
    """What a list is ordered by: an expression that is never null, and the kind of its values.

    `mirrored` is the number whose opposite the expression is, where indexes have that number.
    """

    expression: Any
    kind: cursors.Kind
    mirrored: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """The keys of a list, the last of them unique, so that equal rows keep their places. All run one way."""

    keys: tuple[Key, ...]
    is_descending: bool = False


class Part(NamedTuple):
    """Some rows of a list, for which an index has their order: a query of their ids, and the order's keys there.

    A key that is the same for all of them is given as its value. `planned_once`: one plan does for all values; else
    by which of several indexes they are best read follows from how many there are.
    """

    ids: Select[Any]
    keys: tuple[Any, ...]
    planned_once: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A list in parts: each row is in exactly one of them. Only the beginning of each is read.

    Who keeps it, and its order, has the statements kept that are made of them. Where there are several, the values of
    all keys are ordered by Python as by the database: they are numbers and moments.
    """

    order: Order
    parts: tuple[Part, ...]


class _From(Enum):
    """From where a part is read: it has no rows on the page, or from its beginning, or after the cursor."""

    NOWHERE = auto()
    BEGINNING = auto()
    CURSOR = auto()


def newest_first(number: Any) -> Order:
    """Return the order of a list whose rows are numbered as they come."""
    return Order((Key(number, int),), is_descending=True)


class Page(NamedTuple, Generic[Listed]):
    """A part of a list, and the cursors of those before and after it where there are any."""

    rows: list[Listed]
    before: str | None = None
    after: str | None = None


_Found = Sequence[Sequence[Any]]
_Find = Callable[[list[Any] | None, bool], _Found]


def page(
    session: Session,
    query: Select[Any],
    order: Order,
    *,
    size: int,
    before: str = "",
    after: str = "",
    given: Mapping[str, Any] | None = None,
) -> Page[Any]:
    """Return up to `size` rows of a query for one entity: those next to a cursor, or the first.

    Cursors come from addresses. One that is none of ours, or that nothing is left behind, gives the first page.
    `given` has what the query names and does not say.
    """
    find = partial(_rows, session, query, order, size + 1, given or {})
    return _page(find, order, size=size, before=before, after=after)


def page_of_parts(
    session: Session, parts: Parts, *, size: int, before: str = "", after: str = "", given: Mapping[str, Any]
) -> Page[int]:
    """Return the ids of up to `size` rows of a list in parts; else it is as `page`."""
    find = partial(_rows_of_parts, session, parts, size + 1, given)
    return _page(find, parts.order, size=size, before=before, after=after)


def _page(find: _Find, order: Order, *, size: int, before: str, after: str) -> Page[Any]:
    kinds = [key.kind for key in order.keys]
    start, backwards = cursors.read(after or before, kinds), bool(before and not after)
    rows = find(start, backwards) if start else []
    if not rows or (backwards and len(rows) <= size):  # nothing there any more, or less than the whole first page
        start, backwards = None, False
        rows = find(None, backwards)
    has_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows = rows[::-1]
    keys = slice(1, 1 + len(kinds))
    return Page(
        [row[0] for row in rows],
        before=cursors.written(rows[0][keys]) if start else None,
        after=cursors.written(rows[-1][keys]) if backwards or has_more else None,
    )


def _rows(
    session: Session,
    query: Select[Any],
    order: Order,
    limit: int,
    given: Mapping[str, Any],
    start: list[Any] | None,
    backwards: bool,
) -> _Found:
    descends = order.is_descending != backwards
    keys = [key.expression for key in order.keys]
    if start is not None:
        values = [literal(value, _TYPES[key.kind]) for key, value in zip(order.keys, start, strict=True)]
        query = query.where(_is_beyond(keys, values, descends))
    query = query.order_by(*_directed(keys, descends)).limit(limit)
    return session.execute(query.add_columns(*keys), given).all()


def _rows_of_parts(
    session: Session,
    parts: Parts,
    limit: int,
    given: Mapping[str, Any],
    start: list[Any] | None,
    backwards: bool,
) -> _Found:
    descends = parts.order.is_descending != backwards
    places = tuple(_place(part, start, descends) for part in parts.parts)
    after = {_name(number): value for number, value in enumerate(start or ())}
    statements = _beginnings(parts, places, descends, limit)
    found = [statement.ask(session, **given, **after) for statement in statements]
    if len(found) == 1:
        return found[0]
    return sorted(chain(*found), key=lambda row: row[1:], reverse=descends)[:limit]


def _place(part: Part, start: list[Any] | None, descends: bool) -> _From:
    """Tell from where a part is read, by those keys that all of it has in common."""
    for same, value in zip(part.keys, start or (), strict=False):
        if not _is_value(same):
            return _From.CURSOR
        if same != value:
            return _From.BEGINNING if (same < value) == descends else _From.NOWHERE
    return _From.BEGINNING


@lru_cache(maxsize=200)
def _beginnings(parts: Parts, places: tuple[_From, ...], descends: bool, limit: int) -> list[Prepared]:
    """Return the statements that find the first rows of a list: their ids and keys."""
    found = []
    for planned_once in (True, False):
        begun = [
            _beginning(part, parts.order, place, descends, limit)
            for part, place in zip(parts.parts, places, strict=True)
            if place is not _From.NOWHERE and part.planned_once is planned_once
        ]
        if begun:
            rows = union_all(*begun).subquery()
            _id, *keys = rows.c
            first = select(rows).order_by(*_directed(keys, descends)).limit(limit)
            found.append(prepared(first, planned_once=planned_once))
    return found


def _beginning(part: Part, order: Order, place: _From, descends: bool, most: int) -> Select[Any]:
    """Return the query of the part's first rows: their ids and keys."""
    named = [
        (cast(each, _TYPES[key.kind]) if _is_value(each) else each).label(f"key_{number}")
        for number, (key, each) in enumerate(zip(order.keys, part.keys, strict=True))
    ]
    common = next(number for number, each in enumerate(part.keys) if not _is_value(each))
    keys, places = order.keys[common:], part.keys[common:]
    values: list[Any] = [bindparam(_name(number), type_=_TYPES[key.kind]) for number, key in enumerate(keys, common)]
    if len(keys) == 1 and keys[0].mirrored is not None:  # as an index has it
        descends, places, values = not descends, (keys[0].mirrored,), [-values[0]]
    query = part.ids.where(_is_beyond(places, values, descends)) if place is _From.CURSOR else part.ids
    found = query.add_columns(*named).order_by(*_directed(places, descends)).limit(most).subquery()
    return select(found)


def _name(number: int) -> str:
    return f"start_{number}"


def _is_value(place: Any) -> bool:
    return isinstance(place, (int, str, datetime))


def _is_beyond(places: Sequence[Any], values: Sequence[Any], descends: bool) -> Any:
    place, other = tuple_(*places), tuple_(*values)
    return place < other if descends else place > other


def _directed(places: Iterable[Any], descends: bool) -> list[ColumnElement[Any]]:
    return [place.desc() if descends else place.asc() for place in places]


def ordered(order: Order) -> list[ColumnElement[Any]]:
    """Return the order as a query's `order_by` takes it, for a list as a whole."""
    return _directed((key.expression for key in order.keys), order.is_descending)
