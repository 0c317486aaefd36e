"""Statements whose text is ready, asked of psycopg itself over a connection of SQLAlchemy's.

To run one and to tell what it found, SQLAlchemy takes more time than psycopg. Nothing of it is used here but its
connections and transactions, and its errors: whoever asks sees the same ones.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web.database import connections


def ask(session: Session, text: str, given: Mapping[str, Any], *, planned_once: bool = True) -> psycopg.Cursor[Any]:
    """Run a statement in the session's transaction. What waits for a flush is not written before it.

    `planned_once`: where it was asked a few times over a connection, that keeps its plan.
    """
    taken = session.connection()
    return run(taken, driver(taken).cursor(), text, given, planned_once=planned_once)


def among(name: str, kind: str = "bigint") -> str:
    """Return what a column is to equal to be one of the values that a statement is given by this name, in its text.

    How many they are is hidden from PostgreSQL, which else plans anew each time that they are few.
    """
    return f"ANY(ARRAY(SELECT unnest(%({name})s::{kind}[])))"


def several(ids: Iterable[int]) -> str:
    """Return ids as the text of an array: psycopg says a list one by one, and as of the smallest type for all."""
    return f"{{{','.join(map(str, ids))}}}"


def several_octets(values: Iterable[bytes]) -> str:
    """Return bytes as the text of an array."""
    each = (f'"\\\\x{value.hex()}"' for value in values)
    return f"{{{','.join(each)}}}"


def driver(taken: Connection) -> psycopg.Connection[Any]:
    """Return psycopg's own connection."""
    return cast("psycopg.Connection[Any]", taken.connection.driver_connection)


def run(
    taken: Connection, cursor: psycopg.Cursor[Any], text: str, given: Any, *, planned_once: bool = True
) -> psycopg.Cursor[Any]:
    """Run a statement by a cursor of this connection's, and return it; errors are SQLAlchemy's, without values."""
    try:
        return cursor.execute(text, given, prepare=None if planned_once else False)
    except psycopg.Error as error:
        raise told(taken, text, error) from error


def told(taken: Connection, text: str, error: psycopg.Error) -> DBAPIError:
    """Return SQLAlchemy's form of an error; a connection that was lost by it is not given to the next."""
    if is_lost := connections.is_lost(driver(taken), error):
        taken.invalidate(error)
    told = DBAPIError.instance(text, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=is_lost)
    return cast(DBAPIError, told)
