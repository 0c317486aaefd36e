"""What comes round by the day: reminders to partners, the digest of what is overdue."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from cpor_web import clock, current
from cpor_web.claims import reminders
from cpor_web.extensions import db
from cpor_web.programme import Programme
from cpor_web.transactions import transaction
from jobs.app import app
from jobs.windows import each_due


def remind() -> None:
    """Remind the partners whose deadline is near."""
    each_due(_reminders, reminders.remind)


def digest() -> None:
    """Send the administrators their digest, once a day."""
    with app().app_context(), transaction(db.session):
        reminders.send_digest(db.session(), now=clock.utcnow(), programme=current.programme())


def _reminders(session: Session, programme: Programme) -> Sequence[int]:
    return reminders.reminders_due(session, now=clock.utcnow(), programme=programme)
