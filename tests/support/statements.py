"""Counts what is asked of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from cpor_web.extensions import db


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
