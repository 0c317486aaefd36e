"""Closes what is due: consent windows many at a time, partners' deadlines and assessments in a transaction each."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from cpor_web import assessment, clock
from cpor_web.claims import lapsing
from cpor_web.consent import closing, rounds
from cpor_web.programme import Programme
from cpor_web.queue import ASSESS, CLOSE_WINDOWS, LAPSE_DEADLINES
from cpor_web.silence import holding, unread
from jobs.due import Look, each_due


def close_due() -> None:
    """Close the consent windows whose end and grace are over; none while it is held, or mail of before is unread."""
    each_due(CLOSE_WINDOWS, _unless_held(rounds.due), rounds.close, closing.together)


def lapse_due() -> None:
    """Reject the claims whose partner let a deadline pass; none while it is held, or mail of before is unread."""
    each_due(LAPSE_DEADLINES, _unless_held(lapsing.due), lapsing.lapse)
    each_due(LAPSE_DEADLINES, _unless_held(lapsing.contacts_due), lapsing.lapse_contact)


def assess_due() -> None:
    """Assess the associations whose window has passed; nothing where the operator has an assessor of its own."""
    each_due(ASSESS, _assessments, assessment.assess)


def _unless_held(look: Callable[..., Sequence[int]]) -> Look:
    """Find nothing due while all closing is held, and before each look see whether it must be.

    What is due later than the mailbox was last empty waits: in it may lie what would stop it.
    """

    def found(session: Session, programme: Programme, most: int) -> Sequence[int]:
        now = clock.utcnow()
        holding.watch(session, now=now, programme=programme)
        until = unread.read_until(session, now=now, programme=programme)
        return () if until is None or holding.is_in_force(session) else look(session, now=until, most=most)

    return found


def _assessments(session: Session, programme: Programme, most: int) -> Sequence[int]:
    return assessment.due(session, most=most) if programme.assessor == "built-in" else ()
