"""One transaction an operation: everything happens or nothing, and nothing leaves before the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from cpor_web.extensions import bell
from cpor_web.queue import rung


class InDoubt(SQLAlchemyError):
    """The database went away over the commit: all of it was done or none, and nobody here knows which."""


@contextmanager
def transaction(session: "Session | scoped_session[Any]") -> Iterator[None]:
    """Commit what the block did, or roll all of it back where it raises; ring the bell after the commit.

    Raises InDoubt where the connection was lost before the database had answered to the commit.
    """
    try:
        yield
        session.flush()
        _commit(session)
    except BaseException:
        rung(session)  # forgotten: nothing was done
        session.rollback()
        raise
    for job in rung(session):
        bell.ring(job)


def _commit(session: "Session | scoped_session[Any]") -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise InDoubt("the connection was lost over a commit") from error
        raise
