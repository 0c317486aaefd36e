"""A claim's life as one line: what was, what is, and what comes next if all goes well."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web import facts, history
from cpor_web.claims import operations, way
from cpor_web.claims.next_steps import next_step
from cpor_web.claims.timeline import LATELY, MILESTONES, Timeline, timeline
from cpor_web.claims.way import Step
from cpor_web.consent import answers, rounds
from cpor_web.history_words import SENTENCES
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.deadlines import Periods
from cpor_web.rules.reasons import Withdrawal
from cpor_web.rules.roles import SYSTEM
from tests.support import claims
from tests.support.claims import NOW

LATER = NOW + timedelta(hours=1)
MUCH_LATER = NOW + timedelta(days=60)

EVERY_STEP = [step for step in vars(way).values() if isinstance(step, Step)]


def life_of(session: Session, claim: Claim) -> Timeline:
    session.flush()
    step = next_step(claim, facts.latest_round(session, claim), now=LATER)
    return timeline(session, claim, step)


AHEAD: dict[Callable[..., Claim], list[Step]] = {
    claims.editing: [
        way.SUBMITTED,
        way.UNDER_REVIEW,
        way.ASKED,
        way.ASSESSED,
    ],
    claims.submitted: [way.UNDER_REVIEW, way.ASKED, way.ASSESSED],
    claims.under_review: [way.ASKED, way.ASSESSED],
    claims.partner_action_required: [
        way.SUBMITTED,
        way.UNDER_REVIEW,
        way.ASKED,
        way.ASSESSED,
    ],
    claims.approved: [way.ASKED, way.ASSESSED],
    claims.running: [way.ASSESSED],
    claims.rejected: [],
    claims.denied: [],
}


@pytest.mark.parametrize("make", AHEAD, ids=lambda make: make.__name__)
def test_what_comes_next_is_told_from_wherever_the_claim_is(
    db_session: Session, programme: Programme, make: Callable[..., Claim]
) -> None:
    assert list(life_of(db_session, make(db_session, programme)).ahead) == AHEAD[make]


def test_the_past_is_told_from_the_first_event_on_and_has_its_detours(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.denied(db_session, programme)
    operations.dispute(db_session, claim, "They do.", actor=claim.filed_by.actor, now=LATER, programme=programme)
    life = life_of(db_session, claim)
    assert [event.kind for event in life.past] == [
        "claim:created",
        "claim:submitted",
        "claim:review-started",
        "claim:approved",
        "consent:started",
        "consent:denied",
        "claim:disputed",
    ]
    assert [*life.earlier, *life.lately] == life.past
    assert len(life.lately) == LATELY


def test_a_disputed_denial_needs_the_customers_yes_and_the_line_says_so(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.denied(db_session, programme)
    operations.dispute(db_session, claim, "They do.", actor=claim.filed_by.actor, now=LATER, programme=programme)
    life = life_of(db_session, claim)
    assert life.now.step is way.DISPUTED
    assert list(life.ahead) == [way.ASKED_FOR_YES, way.ASSESSED]


def test_no_internal_event_is_in_the_line(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    assert claim.reviewer is not None
    operations.note(db_session, claim, "Ask legal.", actor=claim.reviewer.actor, now=LATER)
    (invitation,) = claims.invitations_of(db_session, claim)
    answers.no_objection(db_session, invitation, now=LATER, programme=programme)
    life = life_of(db_session, claim)
    assert life.past[-1].kind == "consent:no-objection"
    history.append(db_session, claim, "consent:stopped", actor=SYSTEM, now=LATER, is_internal=True)
    assert life_of(db_session, claim).past == life.past


def test_a_claim_that_was_given_up_has_nothing_ahead(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    why = Withdrawal.CUSTOMER_LEFT
    operations.withdraw(db_session, claim, why, actor=claim.filed_by.actor, now=LATER, programme=programme)
    life = life_of(db_session, claim)
    assert (life.past[-1].kind, list(life.ahead)) == ("claim:withdrawn", [])


def test_the_line_ends_with_the_assessments_result(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    rounds.close(db_session, invitation.round_id, now=MUCH_LATER, programme=programme)
    life = life_of(db_session, claim)
    assert (life.past[-1].kind, life.now.step, list(life.ahead)) == ("consent:passed", way.ASSESSED, [])


def test_every_milestone_has_its_sentence() -> None:
    assert MILESTONES - SENTENCES.keys() == set()


@pytest.mark.parametrize("step", EVERY_STEP, ids=lambda step: step.sentence)
def test_a_step_that_lasts_names_a_period_that_is_a_setting(step: Step) -> None:
    assert not step.lasts or hasattr(Periods(), step.lasts)
    assert step.then is not step
