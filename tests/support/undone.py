"""Requests whose changes are undone: each is answered within a transaction that nobody commits."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from cpor_web.database import direct
from cpor_web.database.alone import Alone
from cpor_web.extensions import db
from cpor_web.web import current
from tests.support import rows
from tests.support.statements import sent

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
            outer = connection.begin()
            savepoint = (
                connection.begin_nested()
            )  # in a savepoint, a session's commit and rollback are savepoints too
            engines[None] = connection  # type: ignore[assignment]  # a session takes either
            try:
                with (
                    patch.object(current, "Alone", lambda _engine: _Within(connection)),
                    sent(lambda driver: driver is direct.driver(connection)) as self.statements,
                ):
                    yield connection
            finally:
                engines[None] = engine
                if savepoint.is_active:
                    savepoint.rollback()
                outer.rollback()

    def rows(self, connection: Connection) -> Rows:
        """Return everything that the database holds at this moment of the transaction."""
        with Session(connection) as session:
            return rows.dump(session)


class _Within(Alone):
    """What stands alone otherwise is asked within the transaction too, and is undone with it.

    Each in a savepoint, so that a statement that fails breaks nothing.
    """

    def __init__(self, connection: Connection) -> None:
        self._taken, self._driver = connection, direct.driver(connection)

    def ask(self, text: str, given: Mapping[str, Any]) -> Any:
        with self._driver.transaction():
            return super().ask(text, given)

    def send(self, text: str, given: Sequence[Any] = ()) -> None:
        with self._driver.transaction():
            super().send(text, given)
        self._driver.execute("SET LOCAL lock_timeout TO DEFAULT; SET LOCAL statement_timeout TO DEFAULT")

    def close(self) -> None:
        """Leave the connection to the transaction."""
