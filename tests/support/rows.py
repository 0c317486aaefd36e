"""Everything that the database holds, to be compared with what it held before."""

import json
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web.models import Base

_TABLES = [table.name for table in Base.metadata.sorted_tables]
_EVERYTHING = text(
    "SELECT json_build_object("
    + ", ".join(f"""'{name}', (SELECT json_agg(t ORDER BY t::text) FROM "{name}" t)""" for name in _TABLES)
    + ")::text"
)


def dump(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table, after writing what the session still holds back."""
    session.flush()
    found = json.loads(session.scalar(_EVERYTHING) or "{}")
    return {name: rows or [] for name, rows in found.items()}


def changed(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the names of the tables that are not what they were."""
    return [name for name in before if before[name] != after[name]]


def empty(engine: Engine) -> None:
    """Delete every row of every table."""
    with engine.begin() as connection:
        # As a replica: without the trigger that keeps events for ever. Quicker than TRUNCATE by a hundredfold.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = reversed(_TABLES)
        connection.execute(text("; ".join(f'DELETE FROM "{table}"' for table in tables)))  # names of our own tables
