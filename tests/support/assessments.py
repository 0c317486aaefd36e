"""Associations whose window has passed, by the verbs that bring them there. Nothing here commits."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.consent import answers, recording, rounds
from cpor_web.facts import latest_round
from cpor_web.models import Assessment, Claim, Handover
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.support import claims

PASSED = claims.NOW + timedelta(days=9)


def passed(session: Session, programme: Programme, **fields: object) -> Assessment:
    """Return the assessment of a claim whose window has just passed."""
    claim = claims.running(session, programme, **fields)
    round_ = latest_round(session, claim)
    assert round_ is not None
    assert rounds.close(session, round_.id, now=PASSED, programme=programme)
    session.flush()
    record = session.scalar(select(Assessment).where(Assessment.claim_id == claim.id))
    assert record is not None
    return record


def deny(session: Session, programme: Programme, claim: Claim, *, days: int = 1) -> recording.Outcome:
    """Let the customer deny, days after the window has passed."""
    (invitation,) = claims.invitations_of(session, claim)
    now = PASSED + timedelta(days=days)
    return answers.deny(
        session, invitation, reason=Denial.NOT_OUR_PARTNER, way=Way.PAGE, now=now, programme=programme
    )


def undo(session: Session, programme: Programme, claim: Claim, *, days: int = 1) -> None:
    """Let the customer undo the denial an hour after it."""
    (invitation,) = claims.invitations_of(session, claim)
    answers.undo(session, invitation, now=PASSED + timedelta(days=days, hours=1), programme=programme)


def messages_of(session: Session, record: Assessment) -> list[Handover]:
    """Return what the assessor is told of it, in order."""
    session.flush()
    of_it = select(Handover).where(Handover.assessment_id == record.id).order_by(Handover.sequence)
    return list(session.scalars(of_it))
