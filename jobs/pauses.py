"""Leaves a way out alone for a while when the trouble is its own, and no single message's."""

import logging
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from cpor_web import clock
from cpor_web.emails.condition import LONGEST_PAUSE, is_left_alone
from cpor_web.emails.outcomes import without_addresses
from cpor_web.extensions import db
from cpor_web.models import Breaker
from cpor_web.transactions import transaction

log = logging.getLogger(__name__)

MAILBOX = "mailbox"
"""The name of the mailbox that is read for what comes back."""

FIRST_PAUSE = timedelta(seconds=2)


def is_paused(name: str) -> bool:
    """Tell whether the way out of that name is being left alone."""
    with transaction(db.session):
        named = select(Breaker.name).where(Breaker.name == name, is_left_alone(clock.utcnow()))
        return db.session.scalar(named) is not None


def has_failed(name: str) -> bool:
    """Tell whether there was trouble when it was last tried."""
    with transaction(db.session):
        return db.session.scalar(select(Breaker.name).where(Breaker.name == name)) is not None


def pause(name: str, why: str) -> None:
    """Leave it alone: each time in a row for twice as long, up to the longest pause. It keeps no address of `why`."""
    why = without_addresses(why)
    log.warning("%s is paused: %s", name, why)
    with transaction(db.session):
        now = clock.utcnow()
        first = insert(Breaker).values(name=name, failures=1, since=now, open_until=now, why=why)
        again = {"failures": Breaker.failures + 1, "why": why}  # also where somebody else has just met the first
        noted = first.on_conflict_do_update(index_elements=["name"], set_=again).returning(Breaker.failures)
        failures = db.session.scalars(noted).one()
        length = min(FIRST_PAUSE * 2 ** min(failures - 1, 20), LONGEST_PAUSE)
        db.session.execute(update(Breaker).where(Breaker.name == name).values(open_until=now + length))


def resume(name: str) -> None:
    """Note that it works."""
    with transaction(db.session):
        breaker = db.session.get(Breaker, name, with_for_update=True, populate_existing=True)
        if breaker is not None:
            db.session.delete(breaker)
