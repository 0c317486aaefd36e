"""One transaction an operation: everything happens or nothing, and nothing leaves before the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session, scoped_session

from cpor_web.extensions import bell
from cpor_web.queue import RINGS


@contextmanager
def transaction(session: "Session | scoped_session[Any]") -> Iterator[None]:
    """Commit what the block did, or roll all of it back where it raises; ring the bell after the commit."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        session.info.pop(RINGS, None)
        raise
    for job in sorted(session.info.pop(RINGS, ())):
        bell.ring(job)
