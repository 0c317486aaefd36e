"""Leaves a way out alone for a while when the trouble is its own, and no single message's."""

import logging
from datetime import timedelta

from cpor_web import clock
from cpor_web.emails.outcomes import without_addresses
from cpor_web.extensions import db
from cpor_web.models import Breaker
from cpor_web.transactions import transaction

log = logging.getLogger(__name__)

MAILBOX = "mailbox"
"""The name of the mailbox that is read for what comes back."""

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)


def is_paused(name: str) -> bool:
    """Tell whether the way out of that name is being left alone."""
    breaker = db.session.get(Breaker, name, populate_existing=True)
    paused = breaker is not None and breaker.open_until > clock.utcnow()
    db.session.rollback()
    return paused


def pause(name: str, why: str) -> None:
    """Leave it alone: each time in a row for twice as long, up to the longest pause. It keeps no address of `why`."""
    why = without_addresses(why)
    log.warning("%s is paused: %s", name, why)
    with transaction(db.session):
        now = clock.utcnow()
        breaker = db.session.get(Breaker, name, with_for_update=True, populate_existing=True)
        if breaker is None:
            breaker = Breaker(name=name, failures=0, open_until=now, why="")
            db.session.add(breaker)
        breaker.failures += 1
        breaker.open_until = now + min(FIRST_PAUSE * 2 ** min(breaker.failures - 1, 20), LONGEST_PAUSE)
        breaker.why = why


def resume(name: str) -> None:
    """Note that it works."""
    with transaction(db.session):
        breaker = db.session.get(Breaker, name, with_for_update=True, populate_existing=True)
        if breaker is not None:
            db.session.delete(breaker)
