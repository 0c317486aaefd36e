"""Requests whose changes are undone: each is answered within a transaction that nobody commits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from flask import Flask
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from cpor_web import current
from cpor_web.alone import Alone
from cpor_web.extensions import db
from tests.support import rows

Rows = dict[str, list[dict[str, object]]]


class Undone:
    """While it is entered, the application works in one transaction: its commits are savepoints.

    `afresh` is for one request or a few: what they changed is undone at the end of the block.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.statements: list[str] = []

    @contextmanager
    def afresh(self) -> Iterator[Connection]:
        """Give the application a transaction that is rolled back in the end."""
        with self._app.app_context():
            engines = db.engines
        engine = engines[None]
        self.statements = []
        with engine.connect() as connection:
            event.listen(connection, "before_cursor_execute", self._note)
            outer = connection.begin()
            savepoint = (
                connection.begin_nested()
            )  # in a savepoint, a session's commit and rollback are savepoints too
            engines[None] = connection  # type: ignore[assignment]  # a session takes either
            try:
                with patch.object(current, "Alone", lambda _engine: _Within(connection, self._say)):
                    yield connection
            finally:
                engines[None] = engine
                event.remove(connection, "before_cursor_execute", self._note)
                if savepoint.is_active:
                    savepoint.rollback()
                outer.rollback()

    def rows(self, connection: Connection) -> Rows:
        """Return everything that the database holds at this moment of the transaction."""
        with Session(connection) as session:
            return rows.dump(session)

    def _note(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        self._say(statement)

    def _say(self, statement: str) -> None:
        self.statements.append(statement)


class _Within(Alone):
    """What stands alone otherwise is asked within the transaction too, and is undone with it."""

    def __init__(self, connection: Connection, say: Callable[[str], None]) -> None:
        driver: Any = connection.connection.driver_connection
        self._taken, self._driver, self._say = connection, driver, say

    def send(self, text: str, given: Sequence[Any] = ()) -> None:
        super().send(text, given)
        self._driver.execute("SET LOCAL lock_timeout TO DEFAULT; SET LOCAL statement_timeout TO DEFAULT")

    def close(self) -> None:
        """Leave the connection to the transaction."""

    def _run(self, cursor: psycopg.Cursor[Any], text: str, given: Any) -> psycopg.Cursor[Any]:
        self._say(text)
        with self._driver.transaction():  # a savepoint, so that a statement that fails breaks nothing
            return super()._run(cursor, text, given)
