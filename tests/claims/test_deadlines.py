"""The deadlines that run: each claim's, and those that somebody has to do with."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import deadlines
from cpor_web.claims.deadlines import Due, deadlines_in, deadlines_of
from cpor_web.consent import answers
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.claims import NOW

Make = Callable[..., Claim]


def stopped(session: Session, programme: Programme) -> Claim:
    """A claim whose contact said that they are not the right person."""
    claim = claims.running(session, programme)
    (invitation,) = claims.invitations_of(session, claim)
    answers.not_the_right_person(session, invitation, now=NOW, programme=programme)
    round_ = invitation.round
    round_.contact_due_at, round_.contact_rule = NOW + timedelta(days=7), {"period": "contact"}
    return claim


@pytest.mark.parametrize(
    ("make", "due"),
    [
        (claims.editing, []),
        (claims.submitted, [Due.REVIEW]),
        (claims.under_review, [Due.DECISION]),
        (claims.partner_action_required, [Due.RESUBMISSION]),
        (claims.approved, []),
        (claims.running, [Due.CONSENT]),
        (stopped, [Due.CONTACT]),
        (claims.rejected, [Due.DISPUTE]),
        (claims.denied, [Due.DISPUTE]),
    ],
)
def test_every_status_has_its_running_deadline(
    db_session: Session, programme: Programme, make: Make, due: list[Due]
) -> None:
    claim = make(db_session, programme)
    db_session.flush()
    found = deadlines_in(db_session, claim, now=NOW)
    assert [each.due for each in found] == due
    assert list(deadlines_of(db_session, claim.filed_by.actor, now=NOW)) == found
    assert all(each.at > NOW and each.rule for each in found)


def test_what_is_overdue_still_runs_and_a_dispute_that_is_over_does_not(
    db_session: Session, programme: Programme
) -> None:
    late = NOW + timedelta(days=60)
    waiting, rejected = claims.submitted(db_session, programme), claims.rejected(db_session, programme)
    db_session.flush()
    assert [each.due for each in deadlines_in(db_session, waiting, now=late)] == [Due.REVIEW]
    assert deadlines_in(db_session, rejected, now=late) == []
    assert list(deadlines_of(db_session, rejected.filed_by.actor, now=late)) == []


def test_a_partner_has_the_deadlines_of_its_own_claims_the_next_one_first(
    db_session: Session, programme: Programme
) -> None:
    filer = factories.user(db_session)
    rejected = claims.rejected(db_session, programme, filer=filer)
    waiting = claims.submitted(db_session, programme, filer=factories.user(db_session, partner=filer.partner))
    claims.submitted(db_session, programme)
    db_session.flush()
    viewer = factories.user(db_session, Role.VIEWER, partner=filer.partner)
    assert [each.claim for each in deadlines_of(db_session, viewer.actor, now=NOW)] == [waiting, rejected]


def test_a_reviewer_has_those_of_the_claims_they_hold_and_must_act_on(
    db_session: Session, programme: Programme
) -> None:
    reviewer = factories.user(db_session, Role.REVIEWER)
    held = claims.under_review(db_session, programme, reviewer=reviewer)
    claims.partner_action_required(db_session, programme, reviewer=reviewer)
    claims.running(db_session, programme, reviewer=reviewer)
    claims.under_review(db_session, programme)
    db_session.flush()
    assert [each.claim for each in deadlines_of(db_session, reviewer.actor, now=NOW)] == [held]


def test_there_are_never_more_than_a_calendar_can_bear(
    db_session: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    filer = factories.user(db_session)
    oldest, _, newest = (claims.submitted(db_session, programme, filer=filer) for _ in range(3))
    assert oldest.due_at is not None
    oldest.due_at -= timedelta(days=2)
    newest.due_at = oldest.due_at + timedelta(days=1)
    db_session.flush()
    monkeypatch.setattr(deadlines, "MOST", 2)
    found = [each.claim for each in deadlines_of(db_session, filer.actor, now=NOW)]
    assert found == [oldest, newest], "those that end first"
