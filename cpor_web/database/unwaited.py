"""A statement that runs while its caller does something else.

psycopg waits for what it asks; libpq below it, which it hands out, leaves that to the caller.
"""

import select
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Engine

from cpor_web.database import direct
from cpor_web.database.prepared import Numbered

MOST_OCTETS = 63
"""Of a name, in PostgreSQL. It has a name, so that PgBouncer knows it again on another of its connections."""

PLANNED = "planned for libpq"
"""Under this a connection remembers what was planned there, for as long as it lasts."""


class Unwaited:
    """One statement, run again and again over a connection that is its own: each time a transaction by itself.

    Raises SQLAlchemy's errors, as whatever is asked elsewhere.
    """

    def __init__(self, engine: Engine, statement: Numbered) -> None:
        """Take a connection; the statement is planned there when it is first begun."""
        self._statement, self._taken = statement, engine.connect()
        self._libpq = direct.driver(self._taken).pgconn
        self._name = f"unwaited_{sha256(statement.text.encode()).hexdigest()}".encode()[:MOST_OCTETS]
        self._is_planned = False

    def begin(self, given: Mapping[str, Any]) -> None:
        """Have it run; `given` has a value for each of its names. What it did is asked by `found` before it is
        begun once more.
        """
        if not self._is_planned:
            self._plan()
        values = [None if (value := given[name]) is None else str(value).encode() for name in self._statement.names]
        try:
            self._libpq.send_query_prepared(self._name, values)
            self._libpq.flush()
        except psycopg.Error as error:
            raise direct.told(self._taken, self._statement.text, error) from error

    def found(self) -> bool:
        """Wait until what was begun is committed, and tell whether it found a row."""
        answers = select.poll()
        answers.register(self._libpq.socket, select.POLLIN)
        try:
            while self._libpq.is_busy():
                answers.poll()
                self._libpq.consume_input()
            result = self._libpq.get_result()
            while self._libpq.get_result() is not None:
                pass  # libpq tells by a last one that there are no more
        except psycopg.Error as error:
            raise direct.told(self._taken, self._statement.text, error) from error
        assert result is not None, "nothing was begun"
        return self._checked(result).ntuples > 0

    def close(self) -> None:
        """Give the connection back."""
        self._taken.close()

    def _plan(self) -> None:
        """Have it planned, unless it was when this connection was taken before; psycopg may have dropped it since."""
        planned = self._taken.info.setdefault(PLANNED, set())
        try:
            if self._name not in planned or self._libpq.describe_prepared(self._name).status != ExecStatus.COMMAND_OK:
                self._checked(self._libpq.prepare(self._name, self._statement.text.encode()))
        except psycopg.Error as error:
            raise direct.told(self._taken, self._statement.text, error) from error
        planned.add(self._name)
        self._is_planned = True

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
            return result
        error = psycopg.OperationalError(result.error_message.decode(errors="replace"))
        raise direct.told(self._taken, self._statement.text, error) from error
