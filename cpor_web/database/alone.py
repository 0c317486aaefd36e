"""Statements that are a transaction each, and are asked of psycopg itself.

A customer's page is one such statement, and a line of its access log is another.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Engine

from cpor_web.database import direct


class Alone:
    """One of the engine's connections, taken for such statements until it is closed.

    No transaction is begun and ended around them, which costs two round trips.
    """

    def __init__(self, engine: Engine) -> None:
        """Take it; raises an SQLAlchemyError where there is none to be had."""
        self._taken = engine.connect()
        self._driver = direct.driver(self._taken)
        self._driver.autocommit = True

    @property
    def info(self) -> MutableMapping[Any, Any]:
        """What is to be remembered for as long as the connection to the database lasts, whoever has it."""
        return self._taken.info

    def ask(self, text: str, given: Mapping[str, Any]) -> Any:
        """Return the value that a statement finds, None for none."""
        found = direct.run(self._taken, self._driver.cursor(), text, given).fetchone()
        return found[0] if found is not None else None

    def send(self, text: str, given: Sequence[Any] = ()) -> None:
        """Run statements that go to the database as one message, and are one transaction.

        Values are written into the text, since PostgreSQL takes several statements only without any.
        """
        direct.run(self._taken, psycopg.ClientCursor(self._driver), text, given)

    def close(self) -> None:
        """Give the connection back; one that was lost since is no matter of who had it."""
        try:
            if not self._taken.invalidated:
                self._driver.autocommit = False
        except psycopg.Error as error:
            self._taken.invalidate(error)
        self._taken.close()
