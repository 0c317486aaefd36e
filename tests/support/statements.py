"""Counts what is asked of the database, and asks it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from cpor_web.consent.queries import Ask
from cpor_web.extensions import db


def within(session: Session) -> Ask:
    """Return what runs a statement in the session's transaction, and returns the value that it finds."""

    def ask(text: str, given: Mapping[str, Any]) -> Any:
        return session.connection().exec_driver_sql(text, given).scalar_one_or_none()

    return ask


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Note the statements of the application, and its commits as such, until the block ends."""
    said: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(*about: Any) -> None:
        said.append(about[2] if len(about) > 1 else "COMMIT")

    names = ("before_cursor_execute", "commit")
    for name in names:
        event.listen(engine, name, note)
    try:
        yield said
    finally:
        for name in names:
            event.remove(engine, name, note)
