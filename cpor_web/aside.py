"""Rows that a transaction only adds: put aside, and written many at once.

Of each new object SQLAlchemy keeps track, and it writes each by itself: ten times what writing a row costs. What
happened and what is to be told is added and never changed by who adds it. So it is put aside as plain values, and
written when all else is flushed: before the transaction reads on, at a savepoint, at the commit. Until then it hangs
on an object that the session itself keeps as new, so what is rolled back is gone here as well.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, event
from sqlalchemy.orm import Session, registry

from cpor_web.models import Base

Row = Mapping[str, Any]
Write = Callable[[Session, Sequence[Row]], None]
"""Writes rows that were put aside for it, in the order in which they were."""

_KEY = "aside"


class _Aside:
    """What waits to be written. It is nobody's row: it leaves the session before it would become one."""

    def __init__(self) -> None:
        self.rows: dict[Write, list[Row]] = {}


registry().map_imperatively(_Aside, Table("aside", MetaData(), Column("id", Integer, primary_key=True)))


def put(session: Session, write: Write, row: Row) -> None:
    """Have `write` write a row with the next flush. What hangs on a foreign key has been flushed."""
    waiting: _Aside | None = session.info.get(_KEY)
    if waiting is None or waiting not in session:
        waiting = session.info[_KEY] = _Aside()
        session.add(waiting)
    waiting.rows.setdefault(write, []).append(row)


def into(model: type[Base], *columns: str) -> Write:
    """Return what writes rows into these columns of a table; a row that has no value for one has NULL there.

    Values are such as JSON has them; moments in ISO 8601, bytes as `octets` gives them.
    """
    table, names = model.__tablename__, ", ".join(columns)
    rows = f"json_populate_recordset(NULL::{table}, %(rows)s)"
    text = f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows}"  # noqa: S608 - names of ours

    def write(session: Session, added: Sequence[Row]) -> None:
        session.connection().exec_driver_sql(text, {"rows": as_json(added)})

    return write


def as_json(rows: Sequence[Row]) -> str:
    """Return rows as the one value that PostgreSQL makes rows of again."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def octets(value: bytes) -> str:
    """Return bytes as PostgreSQL reads them from JSON."""
    return f"\\x{value.hex()}"


@event.listens_for(Session, "before_flush")
def _write(session: Session, _flush: object, _objects: object) -> None:
    """Write what waits. What is refused waits on, so that no commit goes past it: only a rollback drops it."""
    found: _Aside | None = session.info.get(_KEY)
    if found is not None and found in session:
        for write, rows in found.rows.items():
            write(session, rows)
        session.expunge(found)
    session.info.pop(_KEY, None)
