"""Closes what is due: consent windows, partners' deadlines, assessments. One short transaction each."""

import logging
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from cpor_web import assessment, clock, current
from cpor_web.claims import deadlines
from cpor_web.consent import rounds
from cpor_web.extensions import db
from cpor_web.programme import Programme
from cpor_web.transactions import transaction
from jobs.app import app

log = logging.getLogger(__name__)

MOST = 500


def close_due() -> None:
    """Close the consent windows whose end and grace are over."""
    each_due(lambda session, _: rounds.due(session, now=clock.utcnow(), most=MOST), rounds.close)


def lapse_due() -> None:
    """Reject the claims whose partner let a deadline pass."""
    each_due(lambda session, _: deadlines.due(session, now=clock.utcnow(), most=MOST), deadlines.lapse)
    each_due(_contacts, deadlines.lapse_contact)


def assess_due() -> None:
    """Assess the associations whose window has passed; nothing where the operator has an assessor of its own."""
    each_due(_assessments, assessment.assess)


def each_due(due: Callable[[Session, Programme], Sequence[int]], act: Callable[..., bool]) -> None:
    """Act on everything that is due, until a look finds nothing that could be acted on."""
    with app().app_context():
        programme, acted = current.programme(), True
        while acted:
            with transaction(db.session):
                ids = due(db.session(), programme)
            acted = sum(_one(act, each, programme) for each in ids) > 0


def _assessments(session: Session, programme: Programme) -> Sequence[int]:
    return assessment.due(session, most=MOST) if programme.assessor == "built-in" else ()


def _contacts(session: Session, _programme: Programme) -> Sequence[int]:
    return deadlines.contacts_due(session, now=clock.utcnow(), most=MOST)


def _one(act: Callable[..., bool], id_: int, programme: Programme) -> bool:
    try:
        with transaction(db.session):
            return act(db.session(), id_, now=clock.utcnow(), programme=programme)
    except Exception:  # one that fails never holds the others up; it is due again at the next tick
        log.exception("%s failed on %d", act.__qualname__, id_)
        return False
