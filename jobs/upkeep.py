"""What comes round: reminders to partners, the digest of what is overdue, checkpoints of the history, figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims import reminders
from cpor_web.extensions import db
from cpor_web.figures import counting
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.programme import Programme
from cpor_web.queue import REMIND
from cpor_web.transactions import transaction
from cpor_web.web import current
from jobs.app import app
from jobs.due import each_due
from jobs.turn import Turn

COUNTING_SECONDS = 3
"""Mails and closings wait for no more than this, also where years are to be counted: the next tick goes on."""


def remind() -> None:
    """Remind the partners whose deadline is near."""
    each_due(REMIND, _reminders, reminders.remind)


def digest() -> None:
    """Send the administrators their digest, once a day, whatever day a clock that is ahead has."""
    with app().app_context(), transaction(db.session):
        reminders.send_digest(db.session(), now=_at_most_now(), programme=current.programme())


def checkpoint() -> None:
    """Sign where the histories stand once it is due; keep that outside the database too. Two at once are harmless."""
    with app().app_context():
        settings, keys = current.settings(), current.signing_keys()
        every, taken = timedelta(minutes=settings.checkpoint_minutes), 0
        while _take(keys, every):
            taken += 1
        if taken:
            checkpoints.put_outside(db.session(), settings.checkpoints, public=keys.public)


def count_figures() -> None:
    """Count the days that are over into the figures of their weeks, a day a transaction; what is left, next time.

    A day is counted once. One that a clock which is ahead takes for over would be missing for good.
    """
    turn = Turn(COUNTING_SECONDS)
    with app().app_context():
        programme = current.programme()
        while not turn.is_over():
            with transaction(db.session):
                if not counting.count_due(db.session(), now=_at_most_now(), programme=programme):
                    return


def _at_most_now() -> datetime:
    return clock.utcnow_at_most(db.session.scalars(select(func.now())).one())


def _take(keys: SigningKeys, every: timedelta) -> bool:
    with transaction(db.session):
        return checkpoints.take_due(db.session(), keys=keys, now=clock.utcnow(), every=every) is not None


def _reminders(session: Session, programme: Programme, _most: int) -> Sequence[int]:
    return reminders.reminders_due(session, now=clock.utcnow(), programme=programme)
