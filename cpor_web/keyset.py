"""Long lists in pages that begin where another ended: none is slower than the first, and none jumps."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Row,
    Select,
    Text,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Listed = TypeVar("Listed")

FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for no moment in an order, after all that are: a row is compared only where no key is null."""

LONGEST_CURSOR = 4000
_GREATEST = 2**63 - 1
_TYPES: dict[type, TypeEngine[Any]] = {int: BigInteger(), str: Text(), datetime: DateTime(timezone=True)}


@dataclass(frozen=True, slots=True)
class Key:
    """What a list is ordered by: an expression that is never null, and the kind of its values.

    `mirrored` is the number whose opposite the expression is, where indexes have that number.
    """

    expression: Any
    kind: type[int] | type[str] | type[datetime]
    mirrored: Any = None


@dataclass(frozen=True, slots=True)
class Order:
    """The keys of a list, the last of them unique, so that equal rows keep their places. All run one way."""

    keys: tuple[Key, ...]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a list, for which an index has their order: a query of their ids, and the order's keys there.

    A key that is the same for all of them is given as its value.
    """

    ids: Select[Any]
    keys: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """A list in parts: each row, by its `id`, is in exactly one of them. Only the beginning of each is read."""

    id: Any
    parts: tuple[Part, ...]


def newest_first(number: Any) -> Order:
    """Return the order of a list whose rows are numbered as they come."""
    return Order((Key(number, int),), is_descending=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[Listed]):
    """A part of a list, and the cursors of those before and after it where there are any."""

    rows: list[Listed]
    before: str | None = None
    after: str | None = None


def page(
    session: Session,
    query: Select[Any],
    order: Order,
    *,
    size: int,
    before: str = "",
    after: str = "",
    parts: Parts | None = None,
) -> Page[Any]:
    """Return up to `size` rows of a query for one entity: those next to a cursor, or the first.

    Cursors come from addresses. One that is none of ours, or that nothing is left behind, gives the first page.
    With `parts` the rows are found part by part, in the same order.
    """
    start, backwards = _read(order, after or before), bool(before and not after)
    find = partial(_rows, session, query, order, parts, size + 1)
    rows = find(start, backwards) if start else []
    if not rows or (backwards and len(rows) <= size):  # nothing there any more, or less than the whole first page
        start, backwards = None, False
        rows = find(None, backwards)
    has_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    return Page(
        [row[0] for row in rows],
        before=_cursor(rows[0]) if start else None,
        after=_cursor(rows[-1]) if backwards or has_more else None,
    )


def _rows(
    session: Session,
    query: Select[Any],
    order: Order,
    parts: Parts | None,
    limit: int,
    start: list[Any] | None,
    backwards: bool,
) -> list[Row[Any]]:
    descends = order.is_descending != backwards
    if parts is None:
        keys = [key.expression for key in order.keys]
        if start is not None:
            query = query.where(_is_beyond(order.keys, keys, start, descends))
    else:
        begun = [_beginning(part, order, limit, start, descends) for part in parts.parts]
        found_in = [each for each in begun if each is not None]
        if not found_in:
            return []
        found = union_all(*found_in).subquery()
        id_, *keys = found.c
        query = query.join(found, parts.id == id_)
    query = query.order_by(*_directed(keys, descends)).limit(limit)
    return list(session.execute(query.add_columns(*keys)).all())


def _beginning(part: Part, order: Order, limit: int, start: list[Any] | None, descends: bool) -> Select[Any] | None:
    """Return the query of the part's first rows after `start`: their ids and keys; None where it has none there."""
    query, left = part.ids, list(zip(order.keys, part.keys, start or part.keys, strict=True))
    while left and _is_value(left[0][1]):
        _key, same, value = left.pop(0)
        if start is not None and same != value:
            if (same < value) != descends:
                return None
            start = None
    keys, places = [key for key, _place, _value in left], [place for _key, place, _value in left]
    if len(keys) == 1 and keys[0].mirrored is not None:  # as an index has it
        descends, places = not descends, [keys[0].mirrored]
        left = [(keys[0], places[0], -left[0][2])] if start is not None else []
    if start is not None:
        query = query.where(_is_beyond(keys, places, [value for _key, _place, value in left], descends))
    named = [
        (literal(place, _TYPES[key.kind]) if _is_value(place) else place).label(f"key_{number}")
        for number, (key, place) in enumerate(zip(order.keys, part.keys, strict=True))
    ]
    found = query.add_columns(*named).order_by(*_directed(places, descends)).limit(limit).subquery()
    return select(found)


def _is_value(place: Any) -> bool:
    return isinstance(place, (int, str, datetime))


def _is_beyond(keys: Sequence[Key], places: Sequence[Any], start: Sequence[Any], descends: bool) -> Any:
    values: list[Any] = [literal(value, _TYPES[key.kind]) for key, value in zip(keys, start, strict=True)]
    place, other = tuple_(*places), tuple_(*values)
    return place < other if descends else place > other


def _directed(places: Iterable[Any], descends: bool) -> list[ColumnElement[Any]]:
    return [place.desc() if descends else place.asc() for place in places]


def ordered(order: Order, *, descends: bool | None = None) -> list[ColumnElement[Any]]:
    """Return the order as a query's `order_by` takes it, for a list as a whole."""
    descends = order.is_descending if descends is None else descends
    return _directed((key.expression for key in order.keys), descends)


def _cursor(row: Row[Any]) -> str:
    values = [each.isoformat() if isinstance(each, datetime) else each for each in list(row)[1:]]
    return base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


def _read(order: Order, cursor: str) -> list[Any] | None:
    """Return the values that a cursor has for the keys, None where it has not: anybody can write one."""
    if not cursor or len(cursor) > LONGEST_CURSOR:
        return None
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(order.keys):
            return None
        return [_value(key, value) for key, value in zip(order.keys, values, strict=True)]
    except (ValueError, OverflowError, RecursionError):
        return None


def _value(key: Key, value: object) -> object:
    """Return a value that the database takes for the key; raises ValueError or OverflowError for any other."""
    if key.kind is int and type(value) is int and abs(value) <= _GREATEST:
        return value
    if key.kind is str and isinstance(value, str) and "\x00" not in value:
        value.encode()  # halves of a character are no text
        return value
    if key.kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    raise ValueError(value)
