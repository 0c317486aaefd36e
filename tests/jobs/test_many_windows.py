"""Windows are closed many in one transaction: with few statements, by the same rules, and nobody waits."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

import jobs.due
import jobs.windows
from cpor_web import verification
from cpor_web.consent import closing, rounds
from cpor_web.models import Claim, Handover, Replacement, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection
from cpor_web.silence import unread
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.statements import counted

LATE = NOW + timedelta(days=10)
MOST_STATEMENTS = 45
"""For a whole batch, its look and its last look: a window alone takes more than half of it."""


@pytest.fixture(autouse=True)
def _in_process(app: Flask, committed: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job runs in the test's process, in the suite's application."""
    monkeypatch.setattr(jobs.due, "app", lambda: app)


def close_due(at: datetime = LATE) -> None:
    with time_machine.travel(at, tick=False):
        jobs.windows.close_due()


def running(session: Session, programme: Programme, number: int) -> list[Claim]:
    filer = factories.user(session)
    made = [claims.running(session, programme, filer=filer) for _ in range(number)]
    session.commit()
    return made


def states(session: Session) -> list[RoundState]:
    session.rollback()
    return list(session.scalars(select(Round.state).order_by(Round.id)))


def test_a_batch_takes_as_few_statements_as_a_window_and_leaves_whole_histories(
    app: Flask, committed: Session, programme: Programme
) -> None:
    running(committed, programme, 1)
    with counted(app) as alone:
        close_due()
    made = running(committed, programme, 7)
    with counted(app) as many:
        close_due()
    assert states(committed) == [RoundState.PASSED] * 8
    assert len(many) == len(alone) <= MOST_STATEMENTS
    references = [claim.reference for claim in made]
    found = verification.verify(committed.connection(), folder=None, public={}, references=references)
    assert found.findings == []


def test_a_window_whose_claim_somebody_works_on_is_left_and_keeps_nobody_waiting(
    committed: Session, programme: Programme
) -> None:
    _first, second, _third = running(committed, programme, 3)
    committed.scalar(select(Claim.id).where(Claim.id == second.id).with_for_update())
    close_due()
    assert states(committed) == [RoundState.PASSED, RoundState.RUNNING, RoundState.PASSED]
    close_due()
    assert states(committed) == [RoundState.PASSED] * 3


def test_of_two_closers_at_once_each_gets_what_the_other_has_not(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    running(committed, programme, 4)
    ids = list(committed.scalars(select(Round.id).order_by(Round.id)))
    committed.rollback()
    with (
        Session(engine) as one,
        Session(engine) as other,
        closing.together(one, ids[:2]) as (first, _alone),
        closing.together(other, ids) as (second, _),
    ):
        assert (list(first), list(second)) == (ids[:2], ids[2:])


def test_no_window_closes_over_a_mail_that_comes_in_while_its_batch_is_looked_at(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    (claim,) = running(committed, programme, 1)
    (invitation,) = claims.invitations_of(committed, claim)
    ends = invitation.round.closes_at
    assert ends is not None
    committed.rollback()
    told = replace(programme, has_mailbox=True)
    with Session(engine) as closer, closing.together(closer, [invitation.round_id]) as (held, _alone):
        unread.note_emptied(committed, begun_at=ends)  # and what lay in it until then is stored
        committed.commit()
        assert [rounds.close(closer, each, now=LATE, programme=told) for each in held] == [False]


def test_a_claim_that_takes_anothers_place_is_closed_alone_and_the_rest_together(
    app: Flask, committed: Session, programme: Programme
) -> None:
    association, taker, *_others = running(committed, programme, 4)
    (invitation,) = claims.invitations_of(committed, association)
    assert rounds.close(committed, invitation.round_id, now=LATE, programme=programme)
    about = {"user_id": taker.reviewer_id, "at": NOW, "rationale": "The order says so."}
    committed.add(Replacement(claim_id=taker.id, replaced_id=association.id, **about))
    committed.commit()
    with counted(app) as said:
        close_due()
    assert states(committed) == [RoundState.PASSED] * 4
    committed.refresh(association)
    assert association.rejection is Rejection.REPLACED
    closed = [each for each in said if "UPDATE rounds" in each]
    assert len(closed) == 2, "one for those together, one for the claim that was closed alone"


def test_the_operators_own_assessor_is_told_of_each(
    app: Flask, committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = running(committed, programme, 3)
    monkeypatch.setitem(app.extensions, "programme", replace(programme, assessor="webhook"))
    close_due()
    told = [each.assessment.claim_id for each in committed.scalars(select(Handover).order_by(Handover.id))]
    assert told == [claim.id for claim in made]
