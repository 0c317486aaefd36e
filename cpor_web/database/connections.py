"""Connections to the database that are kept: one is asked whether it still answers where that is in doubt.

To ask each time that one is taken, as SQLAlchemy's `pool_pre_ping` does, costs every request several round trips. One
that was used a moment ago, and from which nothing came since, is sound: a server that stops, or ends a connection,
says so and hangs up, and both can be seen here without asking.
"""

import select
import time
from typing import Any

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

TRUSTED_SECONDS = 5.0
"""How long a used connection is believed in. A machine that went without a word is found out later anyway."""

FATAL = frozenset({"FATAL", "PANIC"})
"""How severe an error is that ends the session: one that was idle in a transaction for too long, say."""

_LEFT = "left"


def leave(_connection: object, record: ConnectionPoolEntry) -> None:
    """Remember when a connection was made, or given back."""
    record.info[_LEFT] = time.monotonic()


def look(connection: "psycopg.Connection[Any]", record: ConnectionPoolEntry, _taken: object) -> None:
    """Ask a connection that is about to be used, unless it is surely sound.

    Raises InvalidatePoolError where it does not answer: SQLAlchemy then makes new ones of all that are kept.
    """
    if time.monotonic() - record.info[_LEFT] < TRUSTED_SECONDS and not _has_said_something(connection):
        return
    try:
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
    except psycopg.Error as error:
        raise InvalidatePoolError from error


EVENTS = ((leave, "connect"), (leave, "checkin"), (look, "checkout"))
"""What the pool is to be told, as `create_engine` takes it."""


def is_lost(connection: "psycopg.Connection[Any]", error: psycopg.Error) -> bool:
    """Tell whether a connection was lost by an error. Its end comes with a fatal one, or at any time after it."""
    return connection.closed or _is_of_no_more_use(error)


def _is_of_no_more_use(error: psycopg.Error) -> bool:
    """Tell whether no connection of before is to be asked again, as where its database has become a standby.

    One that takes no changes is as good as away: a new connection may lead to the one that does.
    """
    return error.diag.severity_nonlocalized in FATAL or isinstance(error, ReadOnlySqlTransaction)


@event.listens_for(Engine, "handle_error")
def _tell_of_a_loss(context: ExceptionContext) -> None:
    """SQLAlchemy takes a connection for lost that is closed: of one that is about to be, it would go on to ask."""
    error = context.original_exception
    if isinstance(error, psycopg.Error) and _is_of_no_more_use(error):
        context.is_disconnect = True


def _has_said_something(connection: "psycopg.Connection[Any]") -> bool:
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
