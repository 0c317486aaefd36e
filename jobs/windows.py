"""Closes what is due: consent windows, partners' deadlines, assessments. One short transaction each."""

import logging
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from cpor_web import assessment, clock, current, holding, unread
from cpor_web.claims import deadlines
from cpor_web.consent import rounds
from cpor_web.extensions import db
from cpor_web.programme import Programme
from cpor_web.transactions import transaction
from jobs.app import app

log = logging.getLogger(__name__)

MOST = 500


Look = Callable[[Session, Programme, int], Sequence[int]]
"""What is due: the ids of up to so many, the longest due first."""


def close_due() -> None:
    """Close the consent windows whose end and grace are over; none while it is held, or mail of before is unread."""
    each_due(_unless_held(rounds.due), rounds.close)


def lapse_due() -> None:
    """Reject the claims whose partner let a deadline pass; none while it is held, or mail of before is unread."""
    each_due(_unless_held(deadlines.due), deadlines.lapse)
    each_due(_unless_held(deadlines.contacts_due), deadlines.lapse_contact)


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


def _unless_held(look: Callable[..., Sequence[int]]) -> Look:
    """Find nothing due while all closing is held, and before each look see whether it must be.

    What is due later than the mailbox was last empty waits: in it may lie what would stop it.
    """

    def found(session: Session, programme: Programme, most: int) -> Sequence[int]:
        now = clock.utcnow()
        holding.watch(session, now=now, programme=programme)
        until = unread.read_until(session, now=now, programme=programme)
        return () if until is None or holding.in_force(session) else look(session, now=until, most=most)

    return found


def _assessments(session: Session, programme: Programme, most: int) -> Sequence[int]:
    return assessment.due(session, most=most) if programme.assessor == "built-in" else ()


def _one(act: Callable[..., bool], id_: int, programme: Programme) -> bool:
    try:
        with transaction(db.session):
            return act(db.session(), id_, now=clock.utcnow(), programme=programme)
    except Exception:  # one that fails never holds the others up; it is due again at the next tick
        log.exception("%s failed on %d", act.__qualname__, id_)
        return False
