"""Partner and reviewer always read who acts next, and by which exact moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations, posting
from cpor_web.claims.drafts import ContactDraft
from cpor_web.claims.next_steps import NextStep, Who, next_step
from cpor_web.consent import answers, rounds
from cpor_web.emails.outcomes import Unknown
from cpor_web.facts import latest_round
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.support import claims
from tests.support.claims import NOW

LATER = NOW + timedelta(hours=1)
MUCH_LATER = NOW + timedelta(days=60)


def step_of(session: Session, claim: Claim, now: datetime = LATER, *, is_held: bool = False) -> NextStep:
    session.flush()
    return next_step(claim, latest_round(session, claim), now=now, is_held=is_held)


def waiting(session: Session, programme: Programme) -> Claim:
    return claims.partner_action_required(session, programme, is_told=False)


WHO: dict[Callable[..., Claim], tuple[Who, bool]] = {
    claims.editing: (Who.PARTNER, False),
    claims.submitted: (Who.REVIEWER, True),
    claims.under_review: (Who.REVIEWER, True),
    waiting: (Who.PARTNER, False),
    claims.partner_action_required: (Who.PARTNER, True),
    claims.approved: (Who.NOBODY, False),
    claims.running: (Who.CUSTOMER, True),
    claims.rejected: (Who.PARTNER, True),
    claims.denied: (Who.PARTNER, True),
}
"""Whose turn it is in each situation, and whether a deadline runs."""


@pytest.mark.parametrize("make", WHO, ids=lambda make: make.__name__)
def test_it_is_always_said_whose_turn_it_is_and_how_the_moment_was_computed(
    db_session: Session, programme: Programme, make: Callable[..., Claim]
) -> None:
    step = step_of(db_session, make(db_session, programme))
    who, has_deadline = WHO[make]
    assert step.who is who
    assert step.sentence
    assert (step.by is not None) == has_deadline
    assert (step.rule is not None) == has_deadline


def test_the_moment_is_the_stored_one(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    round_ = latest_round(db_session, claim)
    assert round_ is not None
    assert step_of(db_session, claim).by == round_.ends_at
    rejected = claims.rejected(db_session, programme)
    assert step_of(db_session, rejected).by == rejected.dispute_until


def test_only_the_operator_is_told_to_be_overdue(db_session: Session, programme: Programme) -> None:
    operators = claims.submitted(db_session, programme)
    partners = claims.partner_action_required(db_session, programme)
    assert not step_of(db_session, operators).is_overdue
    assert step_of(db_session, operators, MUCH_LATER).is_overdue
    assert not step_of(db_session, partners, MUCH_LATER).is_overdue


def test_after_the_window_nobody_acts(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    rounds.close(db_session, invitation.round_id, now=MUCH_LATER, programme=programme)
    step = step_of(db_session, claim, MUCH_LATER)
    assert (step.who, step.by) == (Who.NOBODY, None)


def test_a_stopped_window_waits_for_the_partner(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, invitation, now=LATER, programme=programme)
    step = step_of(db_session, claim)
    assert (step.who, step.by) == (Who.PARTNER, None)


def test_a_round_that_needs_a_yes_says_so_until_it_came(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    silent = step_of(db_session, claim)
    invitation.round.needs_yes = True
    asked = step_of(db_session, claim)
    answers.confirm_yes(db_session, invitation, now=LATER, programme=programme)
    assert asked.sentence != silent.sentence
    assert step_of(db_session, claim).sentence == silent.sentence


def test_when_the_time_to_dispute_is_over_or_a_dispute_was_used_nobody_acts(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.rejected(db_session, programme)
    assert step_of(db_session, claim, MUCH_LATER).who is Who.NOBODY
    final = claims.running(db_session, programme)
    final.dispute_used = True
    (invitation,) = claims.invitations_of(db_session, final)
    answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)
    assert step_of(db_session, final).who is Who.NOBODY


def test_a_window_that_a_replaced_contacts_denial_stopped_waits_for_a_reviewer(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme, second=ContactDraft("Carlo Conti", "", "carlo@contoso.example.com"))
    replaced, _ = claims.invitations_of(db_session, claim)
    replaced.superseded_at = LATER
    db_session.flush()
    answers.deny(db_session, replaced, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)
    assert step_of(db_session, claim).who is Who.REVIEWER


@pytest.mark.parametrize("make", WHO, ids=lambda make: make.__name__)
def test_while_closing_is_held_it_is_said_of_what_would_pass_by_itself_and_of_nothing_else(
    db_session: Session, programme: Programme, make: Callable[..., Claim]
) -> None:
    claim = make(db_session, programme)
    usual, held = step_of(db_session, claim), step_of(db_session, claim, is_held=True)
    passes_by_itself = make in {claims.running, claims.partner_action_required}
    assert ("The operator holds all closing" in held.sentence) is passes_by_itself
    assert (held.sentence == usual.sentence) is not passes_by_itself
    assert (held.who, held.by) == (usual.who, usual.by)


def test_a_notice_in_doubt_is_a_reviewers_turn_until_it_is_sent_again(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    mail = claims.mail_of(db_session, claim, "consent-notice")
    for _ in range(2):
        posting.begin(db_session, mail.id, now=NOW, programme=programme)
        posting.settle(db_session, mail.id, Unknown("connection lost"), now=NOW, programme=programme)
    assert step_of(db_session, claim).who is Who.REVIEWER
    assert "do not know whether" in step_of(db_session, claim).sentence

    assert claim.reviewer is not None
    operations.send_again(db_session, mail, actor=claim.reviewer.actor, now=LATER)
    db_session.flush()
    db_session.expire_all()
    assert step_of(db_session, claim).who is Who.NOBODY


def test_a_reply_is_a_reviewers_turn_without_a_day_of_the_customers_until_it_is_read(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    assert claim.reviewer is not None
    by_reviewer: dict[str, Any] = {"actor": claim.reviewer.actor, "now": LATER}
    contacts.note_reply(db_session, claim, **by_reviewer)
    step = step_of(db_session, claim)
    assert (step.who, step.by) == (Who.REVIEWER, None)
    assert step.for_reviewer.startswith("Read the customer's reply.")
    assert "the consent period is not closed before" in step.sentence
    assert "Read" not in step.sentence

    contacts.settle_reply(db_session, claim, "Who?", denies=False, **by_reviewer, programme=programme)
    step = step_of(db_session, claim)
    assert (step.who, step.by is None) == (Who.CUSTOMER, False)
    assert step.for_reviewer == step.sentence


def test_a_reply_takes_nothing_from_what_the_partner_has_to_do(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    assert claim.reviewer is not None
    (invitation,) = claims.invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, invitation, now=LATER, programme=programme)
    contacts.note_reply(db_session, claim, actor=claim.reviewer.actor, now=LATER)
    assert step_of(db_session, claim).who is Who.PARTNER
