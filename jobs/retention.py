"""Once a day, erases what was kept long enough."""

import logging
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from cpor_web import clock
from cpor_web.extensions import bell, db
from cpor_web.models import Heartbeat
from cpor_web.privacy import retention
from cpor_web.queue import ERASE_WHAT_IS_OVER
from cpor_web.transactions import transaction
from cpor_web.users import security_log, sessions
from cpor_web.web import current
from jobs.app import app
from jobs.turn import Turn

log = logging.getLogger(__name__)

ERASED = "retention-erased"
EVERY = timedelta(days=1)
MOST = 50


def erase() -> None:
    """Erase what is due, a batch a transaction. Broken off, it goes on where it stopped: each batch looks anew."""
    with app().app_context():
        if not _is_time():
            return
        turn = Turn()
        for name in retention.retentions(current.settings()):
            if not _erase_all(name, turn):
                _go_on_soon()
                return
        with transaction(db.session):
            limits = sessions.Limits.from_settings(current.settings())
            sessions.forget(db.session(), now=clock.utcnow(), limits=limits)
            security_log.forget(db.session(), now=clock.utcnow())


def _erase_all(name: str, turn: Turn) -> bool:
    """Return False where the turn was over before what is due was erased."""
    erased, total = MOST, 0
    while erased == MOST:
        if turn.is_over():
            return False
        with transaction(db.session):
            erased = retention.erase_due(
                db.session(), name, settings=current.settings(), now=clock.utcnow(), most=MOST
            )
        total += erased
    if total:
        log.info("erased because their time is over, %s: %d", name, total)
    return True


def _is_time() -> bool:
    """Take this day's turn, so that of several workers one erases."""
    now = clock.utcnow()
    erased = insert(Heartbeat).values(name=ERASED, at=now)
    is_time = Heartbeat.at <= now - EVERY
    erased = erased.on_conflict_do_update(index_elements=["name"], set_={"at": now}, where=is_time)
    with transaction(db.session):
        return db.session.scalar(erased.returning(Heartbeat.name)) is not None


def _go_on_soon() -> None:
    with transaction(db.session):
        db.session.execute(delete(Heartbeat).where(Heartbeat.name == ERASED))
    bell.ring(ERASE_WHAT_IS_OVER)
