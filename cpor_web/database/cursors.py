"""Cursors: the place in a list where a page ends, as an address carries it."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

Kind = type[int] | type[str] | type[datetime]
"""What a key of a list can be."""

LONGEST = 4000
_GREATEST = 2**63 - 1


def written(values: Sequence[Any]) -> str:
    """Return the cursor of the row whose keys have these values."""
    texts = [each.isoformat() if isinstance(each, datetime) else each for each in values]
    return base64.urlsafe_b64encode(json.dumps(texts, ensure_ascii=False).encode()).decode().rstrip("=")


def read(cursor: str, kinds: Sequence[Kind]) -> list[Any] | None:
    """Return the values that a cursor has for keys of these kinds, None where it has not: anybody can write one."""
    if not cursor or len(cursor) > LONGEST:
        return None
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            return None
        return [_value(kind, value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, OverflowError, RecursionError):
        return None


def _value(kind: Kind, value: object) -> object:
    """Return a value that the database takes for a key; raises ValueError or OverflowError for any other."""
    if kind is int and type(value) is int and abs(value) <= _GREATEST:
        return value
    if kind is str and isinstance(value, str) and "\x00" not in value:
        value.encode()  # halves of a character are no text
        return value
    if kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    raise ValueError(value)
