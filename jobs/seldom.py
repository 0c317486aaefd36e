"""What is to be done only so often, however many workers there are and however often it is rung for."""

from datetime import timedelta

from sqlalchemy import delete, or_
from sqlalchemy.dialects.postgresql import insert

from cpor_web import clock
from cpor_web.extensions import bell, db
from cpor_web.models import Heartbeat
from cpor_web.transactions import transaction


def is_time(name: str, *, every: timedelta) -> bool:
    """Tell whether what has this name was begun by nobody for so long; it then counts as begun, by who asks.

    What a clock began that was ahead for a moment does not wait until the others have caught up.
    """
    now = clock.utcnow()
    begun = insert(Heartbeat).values(name=name, at=now)
    is_due = or_(Heartbeat.at <= now - every, Heartbeat.is_ahead(now))
    begun = begun.on_conflict_do_update(index_elements=["name"], set_={"at": now}, where=is_due)
    with transaction(db.session):
        return db.session.scalar(begun.returning(Heartbeat.name)) is not None


def go_on_soon(name: str, job: str) -> None:
    """Ring for the job that was not done with what has this name: it is time again at once."""
    with transaction(db.session):
        db.session.execute(delete(Heartbeat).where(Heartbeat.name == name))
    bell.ring(job)
