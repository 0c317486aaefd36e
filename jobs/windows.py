"""Closes what is due: consent windows, partners' deadlines, assessments. One short transaction each."""

import logging
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from cpor_web import assessment, clock, current, holding
from cpor_web.claims import deadlines
from cpor_web.consent import rounds
from cpor_web.extensions import db
from cpor_web.models import Breaker
from cpor_web.programme import Programme
from cpor_web.transactions import transaction
from jobs.app import app
from jobs.pauses import MAILBOX

log = logging.getLogger(__name__)

MOST = 500


Look = Callable[[Session, Programme, int], Sequence[int]]
"""What is due: the ids of up to so many, the longest due first."""


def close_due() -> None:
    """Close the consent windows whose end and grace are over; none while it is held, or replies cannot be read."""
    each_due(_unless_held(_rounds), rounds.close)


def lapse_due() -> None:
    """Reject the claims whose partner let a deadline pass; none while all closing is held."""
    each_due(_unless_held(_claims), deadlines.lapse)
    each_due(_unless_held(_contacts), deadlines.lapse_contact)


def assess_due() -> None:
    """Assess the associations whose window has passed; nothing where the operator has an assessor of its own."""
    each_due(_assessments, assessment.assess)


def each_due(look: Look, act: Callable[..., bool]) -> None:
    """Act on everything that is due, until a look finds nothing but what could not be acted on."""
    with app().app_context():
        programme = current.programme()
        left: set[int] = set()
        while True:
            with transaction(db.session):
                # What is left is due still and comes first again: so many more are looked for, past it.
                found = look(db.session(), programme, MOST + len(left))
            ids = [each for each in found if each not in left]
            if not ids:
                return
            left.update(each for each in ids if not _one(act, each, programme))


def _unless_held(look: Look) -> Look:
    """Find nothing due while all closing is held, and before each look see whether it must be."""

    def found(session: Session, programme: Programme, most: int) -> Sequence[int]:
        holding.watch(session, now=clock.utcnow(), programme=programme)
        return () if holding.in_force(session) else look(session, programme, most)

    return found


def _assessments(session: Session, programme: Programme, most: int) -> Sequence[int]:
    return assessment.due(session, most=most) if programme.assessor == "built-in" else ()


def _rounds(session: Session, _programme: Programme, most: int) -> Sequence[int]:
    if current.settings().imap_server and session.get(Breaker, MAILBOX, populate_existing=True) is not None:
        return ()  # in the mailbox may lie a reply, or a report that nobody was asked
    return rounds.due(session, now=clock.utcnow(), most=most)


def _claims(session: Session, _programme: Programme, most: int) -> Sequence[int]:
    return deadlines.due(session, now=clock.utcnow(), most=most)


def _contacts(session: Session, _programme: Programme, most: int) -> Sequence[int]:
    return deadlines.contacts_due(session, now=clock.utcnow(), most=most)


def _one(act: Callable[..., bool], id_: int, programme: Programme) -> bool:
    try:
        with transaction(db.session):
            return act(db.session(), id_, now=clock.utcnow(), programme=programme)
    except Exception:  # one that fails never holds the others up; it is due again at the next tick
        log.exception("%s failed on %d", act.__qualname__, id_)
        return False
