"""Rows that a transaction only adds or changes: put aside, and written all at once.

Of each object SQLAlchemy keeps track, and it writes each by itself: ten times what writing a row costs. What
happened and what is to be told is added and never changed by who adds it. So it is put aside as plain values, and
written by one statement when all else is flushed: before the transaction reads on, at a savepoint, at the commit.
Until then it hangs on an object that the session itself keeps as new, so what is rolled back is gone here as well.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Integer, MetaData, Table, event
from sqlalchemy.orm import Session, registry

from cpor_web.database import direct
from cpor_web.models import Base

Row = Mapping[str, Any]


class Part(NamedTuple):
    """A part of the statement that writes what waits: its text, in which `%(rows)s` stands for its rows as JSON."""

    text: str
    rows: Sequence[Row]


Write = Callable[[Session, Sequence[Row]], Iterable[Part]]
"""Says by which parts rows are written that were put aside for it. No part sees what another one writes."""

_KEY = "aside"


class _Aside:
    """What waits to be written. It is nobody's row: it leaves the session before it would become one."""

    def __init__(self) -> None:
        self.rows: dict[Write, list[Row]] = {}


registry().map_imperatively(_Aside, Table("aside", MetaData(), Column("id", Integer, primary_key=True)))


def put(session: Session, write: Write, *rows: Row) -> None:
    """Have `write` write rows with the next flush. What hangs on a foreign key has been flushed."""
    waiting: _Aside | None = session.info.get(_KEY)
    if waiting is None or waiting not in session:
        waiting = session.info[_KEY] = _Aside()
        session.add(waiting)
    waiting.rows.setdefault(write, []).extend(rows)


def into(model: type[Base], *columns: str) -> Write:
    """Return what writes rows into these columns of a table; a row that has no value for one has NULL there.

    Values are such as JSON has them; moments in ISO 8601, bytes as `octets` gives them.
    """
    table, names = model.__tablename__, ", ".join(columns)
    text = f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows_of(model)}"  # noqa: S608 - names of ours
    return lambda _session, added: [Part(text, added)]


def over(model: type[Base], *columns: str) -> Write:
    """Return what writes these columns of rows that are there, found by their `id`. A row is put aside once."""
    table, now = model.__tablename__, ", ".join(f"{name} = new.{name}" for name in columns)
    text = f"UPDATE {table} SET {now} FROM {rows_of(model)} WHERE {table}.id = new.id"  # noqa: S608 - names of ours
    return lambda _session, changed: [Part(text, changed)]


def rows_of(model: type[Base]) -> str:
    """Return what stands for rows of a table in the text of a part, where they are called `new`."""
    return f"json_populate_recordset(NULL::{model.__tablename__}, %(rows)s) new"


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
        parts = [part for write, rows in found.rows.items() for part in write(session, rows)]
        if parts:
            _write_at_once(session, parts)
        session.expunge(found)
    session.info.pop(_KEY, None)


def _write_at_once(session: Session, parts: Sequence[Part]) -> None:
    *others, last = [part.text.replace("%(rows)s", f"%(rows_{number})s") for number, part in enumerate(parts)]
    first = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(others))
    rows = {f"rows_{number}": as_json(part.rows) for number, part in enumerate(parts)}
    direct.ask(session, f"WITH {first} {last}" if first else last, rows)
