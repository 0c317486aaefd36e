"""Counts what is asked of the database, and asks it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from cpor_web.consent.standing import Ask
from cpor_web.database import direct
from cpor_web.database.lasting import Lasting
from cpor_web.extensions import db

Driver = psycopg.Connection[Any]


def within(session: Session) -> Ask:
    """Return what runs a statement in the session's transaction, and returns the value that it finds."""

    def ask(text: str, given: Mapping[str, Any]) -> Any:
        return session.connection().exec_driver_sql(text, given).scalar_one_or_none()

    return ask


@contextmanager
def sent(over: Callable[[Driver], bool]) -> Iterator[list[str]]:
    """Note the statements that are sent over such connections, by whomever, until the block ends.

    Left out is what each connection is told once, and what asks nothing but whether the database answers.
    """
    said: list[str] = []
    run = psycopg.Cursor.execute

    def note(cursor: psycopg.Cursor[Any], query: Any, *more: Any, **how: Any) -> psycopg.Cursor[Any]:
        if query and "PREPARE" not in query and over(cursor.connection):
            said.append(query)
        return run(cursor, query, *more, **how)

    with patch.object(psycopg.Cursor, "execute", note):
        yield said


def is_of(session: Session) -> Callable[[Driver], bool]:
    """Return what tells whether a connection is this session's."""
    own = direct.driver(session.connection())
    return lambda connection: connection is own


@contextmanager
def sent_by(app: Flask) -> Iterator[list[str]]:
    """Note the statements of the application until the block ends, and none of the tests' own."""
    with app.app_context():
        db.engine.connect().close()  # the first connection of all is asked about its server
    with sent(lambda connection: isinstance(connection, Lasting)) as said:
        yield said


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Note the statements of the application, and its commits as such, until the block ends."""
    with app.app_context():
        engine = db.engine
    with sent_by(app) as said:

        def note(_connection: object) -> None:
            said.append("COMMIT")

        event.listen(engine, "commit", note)
        try:
            yield said
        finally:
            event.remove(engine, "commit", note)
