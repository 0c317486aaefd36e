"""Once a day, erases what was kept long enough."""

import logging
from datetime import timedelta

from cpor_web import clock
from cpor_web.extensions import db
from cpor_web.privacy import retention
from cpor_web.queue import ERASE_WHAT_IS_OVER
from cpor_web.transactions import transaction
from cpor_web.users import security_log, sessions
from cpor_web.web import current
from jobs import seldom
from jobs.app import app
from jobs.turn import Turn

log = logging.getLogger(__name__)

ERASED = "retention-erased"
EVERY = timedelta(days=1)
MOST = 50


def erase() -> None:
    """Erase what is due, a batch a transaction. Broken off, it goes on where it stopped: each batch looks anew."""
    with app().app_context():
        if not seldom.is_time(ERASED, every=EVERY):
            return
        turn = Turn()
        for name in retention.retentions(current.settings()):
            if not _erase_all(name, turn):
                seldom.go_on_soon(ERASED, ERASE_WHAT_IS_OVER)
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
