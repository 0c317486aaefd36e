"""A statement that runs while its caller does something else.

psycopg waits for what it asks; libpq below it, which it hands out, leaves that to the caller.
"""

import select
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Engine

from cpor_web import direct
from cpor_web.prepared import Numbered


class Unwaited:
    """One statement, run again and again over a connection that is its own: each time a transaction by itself.

    Raises SQLAlchemy's errors, as whatever is asked elsewhere.
    """

    def __init__(self, engine: Engine, statement: Numbered) -> None:
        """Take a connection, and have the statement planned there."""
        self._statement, self._taken = statement, engine.connect()
        try:
            self._libpq = direct.driver(self._taken).pgconn
            self._checked(self._libpq.prepare(b"", statement.text.encode()))
        except BaseException:
            self._taken.close()
            raise

    def begin(self, given: Mapping[str, Any]) -> None:
        """Have it run; `given` has a value for each of its names. What it did is asked by `found` before it is
        begun once more.
        """
        values = [None if (value := given[name]) is None else str(value).encode() for name in self._statement.names]
        try:
            self._libpq.send_query_prepared(b"", values)
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

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
            return result
        error = psycopg.OperationalError(result.error_message.decode(errors="replace"))
        raise direct.told(self._taken, self._statement.text, error) from error
