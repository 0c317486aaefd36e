"""Statements that are a transaction each, and are asked of psycopg itself.

A customer's page is one such statement, and a line of its access log is another. What SQLAlchemy adds to them costs
more than psycopg, so nothing of it is used but its connections, and its errors: whoever asks sees the same ones.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError


class Alone:
    """One of the engine's connections, taken for such statements until it is closed.

    No transaction is begun and ended around them, which costs two round trips.
    """

    def __init__(self, engine: Engine) -> None:
        """Take it; raises an SQLAlchemyError where there is none to be had."""
        self._taken = engine.connect()
        driver: Any = self._taken.connection.driver_connection
        self._driver: psycopg.Connection[Any] = driver
        self._driver.autocommit = True

    @property
    def info(self) -> MutableMapping[Any, Any]:
        """What is to be remembered for as long as the connection to the database lasts, whoever has it."""
        return self._taken.info

    def ask(self, text: str, given: Mapping[str, Any]) -> Any:
        """Return the value that a statement finds, None for none."""
        found = self._run(self._driver.cursor(), text, given).fetchone()
        return found[0] if found is not None else None

    def send(self, text: str, given: Sequence[Any] = ()) -> None:
        """Run statements that go to the database as one message, and are one transaction.

        Values are written into the text, since PostgreSQL takes several statements only without any.
        """
        self._run(psycopg.ClientCursor(self._driver), text, given)

    def close(self) -> None:
        """Give the connection back."""
        if not self._taken.invalidated:
            self._driver.autocommit = False
        self._taken.close()

    def _run(self, cursor: psycopg.Cursor[Any], text: str, given: Any) -> psycopg.Cursor[Any]:
        try:
            return cursor.execute(text, given)
        except psycopg.Error as error:
            raise self._told(text, error) from error

    def _told(self, text: str, error: psycopg.Error) -> DBAPIError:
        """Return an error as SQLAlchemy tells it; a connection that was lost is not given back."""
        if is_lost := self._driver.closed:
            self._taken.invalidate(error)
        told = DBAPIError.instance(
            text, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=is_lost
        )
        return cast(DBAPIError, told)
