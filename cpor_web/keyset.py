"""Long lists in pages that begin where another ended: none is slower than the first, and none jumps."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, DateTime, Row, Select, Text, literal, tuple_
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
    """What a list is ordered by: an expression that is never null, and the kind of its values."""

    expression: Any
    kind: type[int] | type[str] | type[datetime]


@dataclass(frozen=True, slots=True)
class Order:
    """The keys of a list, the last of them unique, so that equal rows keep their places. All run one way."""

    keys: tuple[Key, ...]
    is_descending: bool = False


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
    session: Session, query: Select[Any], order: Order, *, size: int, before: str = "", after: str = ""
) -> Page[Any]:
    """Return up to `size` rows of a query for one entity: those next to a cursor, or the first.

    Cursors come from addresses. One that is none of ours, or that nothing is left behind, gives the first page.
    """
    start, backwards = _read(order, after or before), bool(before and not after)
    rows = _rows(session, query, order, size + 1, start, backwards) if start else []
    if not rows or (backwards and len(rows) <= size):  # nothing there any more, or less than the whole first page
        start, backwards = None, False
        rows = _rows(session, query, order, size + 1, None, backwards)
    has_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    return Page(
        [row[0] for row in rows],
        before=_cursor(rows[0]) if start else None,
        after=_cursor(rows[-1]) if backwards or has_more else None,
    )


def _rows(
    session: Session, query: Select[Any], order: Order, limit: int, start: list[Any] | None, backwards: bool
) -> list[Row[Any]]:
    descends = order.is_descending != backwards
    expressions = [key.expression for key in order.keys]
    if start is not None:
        place = tuple_(*expressions)
        values: list[Any] = [literal(value, _TYPES[key.kind]) for key, value in zip(order.keys, start, strict=True)]
        other = tuple_(*values)
        query = query.where(place < other if descends else place > other)
    query = query.order_by(*ordered(order, descends=descends)).limit(limit)
    return list(session.execute(query.add_columns(*expressions)).all())


def ordered(order: Order, *, descends: bool | None = None) -> list[ColumnElement[Any]]:
    """Return the order as a query's `order_by` takes it, for a list as a whole."""
    descends = order.is_descending if descends is None else descends
    return [key.expression.desc() if descends else key.expression.asc() for key in order.keys]


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
